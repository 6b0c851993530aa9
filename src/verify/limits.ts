/** Every number of this room that guards something, with its reason. */
export const limits = {
  /** The sidecar signs no more than 16 KiB, and the signature of either algorithm is 86 characters long. */
  tokenLengthMax: 16_384 + 87,
  /** A leeway lengthens every token's life (P14). */
  toleranceSecondsMax: 5,
  /** As long as the sidecar says that its keys may be kept. */
  keysAgeSecondsMax: 300,
  /** A set of 16 keys is a tenth of this; a larger answer is no key set (P18). */
  keysBytesMax: 65_536,
  keysTimeoutSeconds: 5,
  /** After a failure the issuer is left alone this long (P18). */
  keysRetrySeconds: 2,
  /** Issuers whose keys are remembered; a resource server trusts one or two. */
  issuersMax: 16,
} as const;
