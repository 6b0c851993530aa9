/** What is taken of clients and of what they show. */
export const clientLimits = {
  /** Machine-made; anything shorter was made up by a person. */
  secretLengthMin: 32,
  /** From now to `exp`: how long a stolen assertion could be tried, and must be remembered (JB-5). */
  assertionSecondsMax: 300,
  /** How far ahead of ours a client's clock may run. */
  clockLeadSecondsMax: 5,
  assertionIdLengthMax: 256,
} as const;
