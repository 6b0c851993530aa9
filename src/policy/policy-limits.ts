/** Every limit of this room, with its reason. What bounds a request stands in domain/bounds.ts. */
export const policyLimits = {
  /** A bundle as it lies on disk; a ConfigMap holds 1 MiB, large data bundles seen in the field about 20. */
  bundleBytesMax: 32 * 1024 * 1024,
  /** All entries together once unpacked: a bomb ends here, before its bytes exist. */
  unpackedBytesMax: 128 * 1024 * 1024,
  entryBytesMax: 64 * 1024 * 1024,
  entriesMax: 4096,
  pathBytesMax: 512,
  pathDepthMax: 32,
  /** Deeper data recurses deeper in the WASM's 64 KiB C stack than anybody's catalogue does. */
  dataDepthMax: 64,
  /** One evaluation's input, reserved once per instance; four times the largest request body. */
  inputBytesMax: 512 * 1024,
  /** 64 KiB pages an instance may use beside its data: one evaluation's working memory. */
  workingPagesMax: 1024,
  /** Memory that OPA's values may take for each byte of data text. */
  dataExpansionMax: 24,
  /** The whole memory of one instance, in pages: 1 GiB. */
  pagesMax: 16_384,
  /** Each step of an activation that holds decisions up: below the watchdog's 2 s, so no bundle can end the process. */
  trialMilliseconds: 1500,
  /** Samples are tried on the main thread; a bundle with more should test them with OPA. */
  samplesMax: 256,
  /** Between a file event and reading: writers need a moment to finish. */
  settleMilliseconds: 100,
  /** File events can be lost (network mounts, replaced folders): the source is looked at this often anyway. */
  lookMilliseconds: 10_000,
  /** How often a folder is read again because it changed while it was read. */
  readAttemptsMax: 3,
} as const;
