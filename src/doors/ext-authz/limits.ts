/** What an ext_authz listener takes from a held call before anything of it is understood. */
export const extAuthzLimits = {
  /** Longer paths are refused by most servers behind a gateway too. */
  pathLengthMax: 4_096,
  queryLengthMax: 8_192,
  /** A held body that is larger than a decision request is not read (`bounds.bodyBytesMax`). */
  evidenceLengthMax: 16_384,
  /** Of a header that a condition looks at: four times what one can ask for, and a letter may take more than one character. */
  foldedLengthMax: 1_024,
  /** Envoy refuses to set a longer header. */
  headerValueBytesMax: 16_384,
  /** The messages of a large company's services, with their comments left out, as protoc does. */
  descriptorsBytesMax: 4_194_304,
} as const;
