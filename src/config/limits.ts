/** The limits of what configuration may be, and the few numbers that more than one setting rests on. */
export const limits = {
  /** A configuration is a page of text; more is a mistake (a bundle, a log) or an attack. */
  fileBytesMax: 65_536,
  /** Nesting in the file; the deepest setting stands at 4. */
  depthMax: 16,
  /** Errors told at once. */
  errorsMax: 20,
  /** A name that is quoted back to the operator is cut here. */
  quotedLengthMax: 64,
  pathLengthMax: 4096,
  nameLengthMax: 256,
  listenersMax: 16,
  listMax: 64,
  credentialLengthMin: 32,
  credentialLengthMax: 4096,
} as const;
