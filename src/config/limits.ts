/** The limits of what configuration may be, and the few numbers that more than one setting rests on. */
export const limits = {
  /** A configuration is a page of text; more is a mistake (a bundle, a log) or an attack. */
  fileBytesMax: 65_536,
  /** As many lines as a table may have, a kilobyte each. */
  operationsFileBytesMax: 1_048_576,
  /** Nesting in the file; the deepest setting stands at 6. */
  depthMax: 16,
  /** Errors told at once. */
  errorsMax: 20,
  /** A name that is quoted back to the operator is cut here. */
  quotedLengthMax: 64,
  pathLengthMax: 4096,
  nameLengthMax: 256,
  listenersMax: 16,
  /** Beside the profile of our own tokens; the identity room takes 64. */
  issuersMax: 63,
  clientsMax: 256,
  workloadsMax: 256,
  claimPathMax: 8,
  listMax: 64,
  operationsMax: 1024,
  conditionsMax: 8,
  propertiesMax: 16,
  credentialLengthMin: 32,
  credentialLengthMax: 4096,
} as const;
