/**
 * The built-in functions that OPA's WASM asks its host for. To add a family: one file and one line here.
 *
 * A policy engine gives `createHostBuiltins(instant)` to {@link createBuiltinBridge} and uses its imports in place of
 * the SDK's, calls `beginEvaluation` before each evaluation, and refuses a module that needs a name outside
 * {@link hostBuiltinNames}.
 */
import { createEvaluationInstant, type EvaluationInstant } from "./evaluation-instant.ts";
import type { BuiltinFamily } from "./family.ts";
import { createTimeBuiltins } from "./time.ts";

export { type BridgedModule, type BuiltinBridge, createBuiltinBridge } from "./bridge.ts";
export { beginEvaluation, createEvaluationInstant, type EvaluationInstant } from "./evaluation-instant.ts";
export { refusedBuiltinNames, refusalOfBuiltin } from "./refused.ts";

/** Every host built-in, bound to one instant: one table per WASM instance. */
export function createHostBuiltins(instant: EvaluationInstant): BuiltinFamily {
  return { ...createTimeBuiltins(instant) };
}

/** A bundle that needs a built-in outside this list is not activated. */
export const hostBuiltinNames: ReadonlySet<string> = new Set(
  Object.keys(createHostBuiltins(createEvaluationInstant())),
);
