/** The shape that every family of built-ins has. */
import type { RegoValue } from "./rego-value.ts";

/**
 * `undefined` is OPA's "this call is an error, so its expression is undefined". A throw means that the host could not
 * answer at all, and the evaluation fails.
 */
export type Builtin = (...operands: readonly (RegoValue | undefined)[]) => RegoValue | undefined;
export type BuiltinFamily = Readonly<Record<string, Builtin>>;
