/**
 * The built-in functions that OPA's WASM asks its host for. To add a family: one file and one line here.
 *
 * A policy engine gives `createHostBuiltins(instant)` to {@link createBuiltinBridge} and uses its imports in place of
 * the SDK's, calls `beginEvaluation` before each evaluation, and refuses a module that needs a name outside
 * {@link hostBuiltinNames}; for a policy that judges held calls it is {@link createCallBuiltins} and {@link callBuiltinNames}.
 */
import { collectionBuiltins } from "./collections.ts";
import { encodingBuiltins } from "./encodings.ts";
import { createEvaluationInstant, type EvaluationInstant } from "./evaluation-instant.ts";
import type { BuiltinFamily } from "./family.ts";
import { hashBuiltins } from "./hashes.ts";
import { createIdentifierBuiltins } from "./identifiers.ts";
import { jsonBuiltins } from "./json.ts";
import { netBuiltins } from "./net.ts";
import { regexBuiltins } from "./regex.ts";
import { semverBuiltins } from "./semver.ts";
import { stringBuiltins } from "./strings.ts";
import { createTimeBuiltins } from "./time.ts";
import { createConstraintBuiltins } from "./token-constraints.ts";
import { tokenBuiltins } from "./tokens.ts";
import { unitBuiltins } from "./units.ts";
import { uriBuiltins } from "./uri.ts";
import { yamlBuiltins } from "./yaml.ts";

export { type BuiltinBridge, createBuiltinBridge } from "./bridge.ts";
export { beginEvaluation, createEvaluationInstant, type EvaluationInstant } from "./evaluation-instant.ts";
export { refusalOfBuiltin, refusedBuiltinNames } from "./refused.ts";

/** Every host built-in, bound to one instant: one table per WASM instance. */
export function createHostBuiltins(instant: EvaluationInstant): BuiltinFamily {
  return {
    ...collectionBuiltins,
    ...encodingBuiltins,
    ...hashBuiltins,
    ...createIdentifierBuiltins(instant),
    ...jsonBuiltins,
    ...netBuiltins,
    ...regexBuiltins,
    ...semverBuiltins,
    ...stringBuiltins,
    ...createTimeBuiltins(instant),
    ...unitBuiltins,
    ...uriBuiltins,
    ...yamlBuiltins,
  };
}

/**
 * And those that read tokens, for another's policy that judges held calls: nobody verified anything before it. The
 * sidecar's own policy has none of them, so that it cannot believe a token that the path did not verify.
 */
export function createCallBuiltins(instant: EvaluationInstant): BuiltinFamily {
  return { ...createHostBuiltins(instant), ...tokenBuiltins, ...createConstraintBuiltins(instant) };
}

const namesOf = (create: typeof createHostBuiltins): ReadonlySet<string> =>
  new Set(Object.keys(create(createEvaluationInstant())));

/** A bundle that needs a built-in outside this list is not activated. */
export const hostBuiltinNames: ReadonlySet<string> = namesOf(createHostBuiltins);
/** The same for a bundle that judges held calls. */
export const callBuiltinNames: ReadonlySet<string> = namesOf(createCallBuiltins);
