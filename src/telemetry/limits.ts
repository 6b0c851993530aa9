/** The limits of this room: a log line and a metric have a size, whatever they are told. */
export const limits = {
  /** Longest text in a log line; longer is cut and marked. */
  textLengthMax: 1024,
  /** What is looked at before cutting, so that redaction of a huge text costs a bounded time. */
  textScannedMax: 8192,
  /** Nesting and members of a log line's detail. */
  depthMax: 4,
  membersMax: 32,
  /** Frames kept of an unexpected error's stack. */
  framesMax: 8,
  /** A fault of one code is a line at most this often; what was left out is counted in the next line. */
  faultLineMilliseconds: 10_000,
  /** How often the event loop's lag is looked at: prom-client's 10 ms cost an idle sidecar 1.2 % of a core. */
  lagLookMilliseconds: 20,
  /** Upper bounds of the latency buckets, seconds: a decision takes a fraction of a millisecond, its deadline is 100 ms. */
  latencyBuckets: [
    0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1,
  ],
} as const;
