/**
 * How much work one built-in call may do. The engine is synchronous: a call that ran away could not be interrupted
 * before the watchdog ends the process. Passing a bound is a fault that denies, never `undefined`: a policy may
 * negate, and `not undefined` is true.
 */
export const builtinBounds = {
  /** Nesting of an argument that is read by hand; requests are capped at 32, data and rules rarely reach 20. */
  depthMax: 512,
} as const;

/** OPA would have answered and this host will not work it out. */
export class BuiltinLimitError extends Error {
  override readonly name = "BuiltinLimitError";
}
