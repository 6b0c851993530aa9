/**
 * How much work one built-in call may do. The engine is synchronous: a call that ran away could not be interrupted
 * before the watchdog ends the process. Passing a bound is a fault that denies, never `undefined`: a policy may
 * negate, and `not undefined` is true.
 */
export const builtinBounds = {
  /** Nesting of an argument that is read by hand; requests are capped at 32, data and rules rarely reach 20. */
  depthMax: 512,
  /** Text that goes in or comes out of one call; a request body is 64 KiB, so this leaves room for data. */
  textLengthMax: 1_048_576,
  /** Elements of one array or set that a call makes: an IPv4 /16, which is more than a rule can use in 100 ms. */
  elementsMax: 65_536,
  /** Pairs that one call compares or walks (CIDR lists against each other, array subset). */
  pairsMax: 250_000,
  /** Token pairs of two globs; each may be walked along a whole glob. */
  globPairsMax: 16_384,
  /** Paths through a graph: their number grows exponentially with its edges. */
  graphPathsMax: 10_000,
  /** Operations of one JSON patch; each may copy a level of the document. */
  patchOperationsMax: 256,
  /** Pattern size times text length: steps of the linear-time engine for one search, about half a second of them. */
  regexStepsMax: 8_000_000,
  /**
   * All searches of one call: a search per match is quadratic in the worst case, and nothing tells beforehand. It is
   * beyond the evaluation's own deadline, so a call that takes so long is too late whatever it answers.
   */
  regexMillisecondsMax: 250,
  /** Pattern length times what its repetitions add up to (`{1000}`): how large the compiled program can be. */
  patternWeightMax: 262_144,
  /** Characters of one pattern. */
  patternLengthMax: 4_096,
  /** Compiled patterns kept; the least recently used goes first. */
  patternsKeptMax: 128,
  /** Time zones kept with their formatter; there are about 600 names. */
  zonesKeptMax: 64,
  /** Digits that a number's exponent or a width may ask for. */
  digitsMax: 4_096,
  /** YAML text: its reader is slow, 64 KiB take some 50 ms. */
  yamlTextLengthMax: 131_072,
  /** Aliases of one YAML document; more is a bomb. */
  yamlAliasesMax: 64,
  /** Characters of one token: more than all headers that Envoy lets through by itself (60 KiB). */
  tokenLengthMax: 65_536,
  /** Members and elements of a token's header or payload: hundreds of groups, and some 25 ms of the policy's 100. */
  tokenNodesMax: 4_096,
  /** As of a request's body. */
  tokenDepthMax: 32,
  /** Characters of one number there: more digits than an RSA modulus of 1,024 bits; the module breaks off on ten thousands. */
  tokenNumberLengthMax: 512,
  /** A JWK set or certificate as text: a hundred keys with their certificates. */
  keyTextLengthMax: 262_144,
  /**
   * Keys of one set. A token that names none is tried with each that fits: 0.1 ms (RSA), 0.3 (P-256), 1 (P-384), 3 (P-521)
   * a key. So one of P-384 counts as 4, and one of P-521, or of RSA beyond 4,096 bits, as 8.
   */
  tokenKeysMax: 64,
  /** Sets and certificates kept once they are read; the least recently used goes first. */
  keyTextsKeptMax: 32,
} as const;

/** OPA would have answered and this host will not work it out. */
export class BuiltinLimitError extends Error {
  override readonly name = "BuiltinLimitError";
}

/** Throws when `count` passes the bound named. */
export function assertWithin(bound: keyof typeof builtinBounds, count: number): void {
  if (count > builtinBounds[bound]) {
    throw new BuiltinLimitError(`a built-in call passed its bound ${bound} (${builtinBounds[bound]})`);
  }
}
