/** The limits of the command line. */
export const limits = {
  /** How long requests in flight may take once a stop was asked for; below the 30 s that Kubernetes waits. */
  drainMilliseconds: 10_000,
  /** What `token inspect` reads of its input; four times the longest token that is accepted anywhere here. */
  tokenInputBytesMax: 65_536,
  keySetBytesMax: 65_536,
  /** Rows of claims that are shown to a person. */
  claimsShownMax: 40,
  /** Where a claim's text is cut for a person. */
  claimTextLengthMax: 400,
  /** Actors that are drawn; evidence with more than eight is refused. */
  actorsDrawnMax: 12,
} as const;
