/** The limits of the command line. */
export const limits = {
  /** How long requests in flight may take once a stop was asked for; below the 30 s that Kubernetes waits. */
  drainMilliseconds: 10_000,
} as const;
