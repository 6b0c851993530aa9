/** The decision log's own limits, each with its reason. */
export const limits = {
  /** A record is bounded by the request and the verdict, below 1 MB with every character escaped. */
  recordLengthMax: 1_048_576,
  /** A record at three bytes a character, and its chaining members; a longer line is not ours. */
  lineBytesMax: 4_194_304,
  /** What is read from a file at once; memory stays flat however big the file is. */
  readBytes: 262_144,
  /** `durability: disk`: records that may wait for the disk. The doors admit far fewer requests at once. */
  queuedRecordsMax: 10_000,
  /** Records that one write and one fsync take together. */
  batchRecordsMax: 1_024,
  /** Eight digits in a file name. */
  filesMax: 99_999_999,
  /** Lines between checkpoints that a log may promise; a forged promise must not excuse a log without any. */
  checkpointWithinMax: 1_000_000,
  /** Findings that a report lists; the rest is counted. */
  findingsListedMax: 100,
} as const;
