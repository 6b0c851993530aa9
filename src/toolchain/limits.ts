/** The toolchain's own limits, with their reasons. */
export const limits = {
  /** No OPA command on a policy folder takes a tenth of this. */
  commandSecondsMax: 120,
  /** `go install` of OPA took 2.5 minutes on two slow cores with an empty module cache. */
  buildSecondsMax: 1200,
  /** A coverage report of a large policy is a few megabytes. */
  outputBytesMax: 64 * 1024 * 1024,
  /** Somebody who waits wants to see that something still moves. */
  progressSeconds: 5,
  /** How often a waiter looks whether the other build is done, and a builder shows that it lives. */
  lockPollSeconds: 0.25,
  /** A lock that nobody touched for so long belongs to a process that died. */
  lockStaleSeconds: 15,
} as const;
