/** Runs one case and says how it went, comparing as OPA's own test of its WASM does. */
import {
  beginEvaluation,
  callBuiltinNames,
  createCallBuiltins,
  createEvaluationInstant,
  refusalOfBuiltin,
} from "../../../src/policy/builtins/index.ts";
import {
  isRegoArray,
  isRegoObject,
  parseRegoValue,
  RegoKeyed,
  RegoSet,
  type RegoValue,
} from "../../../src/policy/builtins/rego-value.ts";
import { canonicalText, compareValues } from "../../../src/policy/builtins/value-order.ts";
import type { OpaCase } from "./case-files.ts";
import { type CompiledCase, resultEntrypoint } from "./compiled-cases.ts";
import { type LoadedCase, loadCase } from "./wasm-host.ts";

export type CaseVerdict =
  | { readonly outcome: "passed" }
  | { readonly outcome: "failed"; readonly why: string }
  /** OPA cannot make a bundle of it. */
  | { readonly outcome: "not_compiled"; readonly why: string }
  /** The host refuses a bundle that needs these. */
  | { readonly outcome: "refused"; readonly needed: readonly string[] };

export async function judgeCase(asked: OpaCase, compiled: CompiledCase): Promise<CaseVerdict> {
  if ("compileError" in compiled) return { outcome: "not_compiled", why: compiled.compileError };
  const instant = createEvaluationInstant();
  beginEvaluation(instant, Math.floor(Date.now() / 1000));
  const loaded = await loadCase(compiled.wasm, createCallBuiltins(instant));
  const missing = loaded.needed.filter((name) => !callBuiltinNames.has(name));
  const unexplained = missing.filter((name) => refusalOfBuiltin(name) === undefined);
  if (unexplained.length > 0) return { outcome: "failed", why: `nobody has or refuses ${unexplained.join(", ")}` };
  if (missing.length > 0) return { outcome: "refused", needed: missing };

  const got = evaluate(asked, loaded);
  const wanted = wantedText(asked);
  return got === wanted ? { outcome: "passed" } : { outcome: "failed", why: `wants ${wanted}, got ${got}` };
}

const anError = "an error";

/** A built-in's error shows only in OPA's strict mode, which WASM does not have: there it is undefined, no row. */
function wantedText(asked: OpaCase): string {
  if (asked.wantsError) return asked.strictError ? rowsText([], asked) : anError;
  return rowsText(asked.wantResult ?? [], asked);
}

function evaluate(asked: OpaCase, loaded: LoadedCase): string {
  try {
    const input = asked.inputTerm === undefined ? asked.input : parseRegoValue(asked.inputTerm);
    const results = loaded.evaluate(resultEntrypoint, asked.data, input);
    const [first] = results instanceof RegoSet ? results.members : isRegoArray(results) ? results : [];
    const rows = isRegoObject(first) ? first["result"] : undefined;
    return rowsText(rows instanceof RegoSet ? rows.members : [], asked);
  } catch (error) {
    // Only a conflict between rules is an error that WASM shows; anything else is ours.
    const message = String(error);
    return /conflict/u.test(message) ? anError : message;
  }
}

/** Rows without order, as one comparable text. */
function rowsText(rows: readonly RegoValue[], asked: OpaCase): string {
  return `rows(${[...new Set(rows.map((row) => rowText(row, asked)))].toSorted().join(" ")})`;
}

function rowText(row: RegoValue, asked: OpaCase): string {
  if (!isRegoObject(row)) return canonicalText(row);
  return Object.entries(row)
    .filter(([name]) => !(asked.ignoreGeneratedVars && name.startsWith("__local")))
    .map(([name, value]) => {
      const plain = asJson(value);
      return `${name}=${canonicalText(isRegoArray(plain) && asked.sortBindings ? plain.toSorted(compareValues) : plain)}`;
    })
    .toSorted()
    .join("&");
}

/** Sets become sorted arrays, and keys that are no strings their texts. */
function asJson(value: RegoValue): RegoValue {
  if (value instanceof RegoSet) return value.members.toSorted(compareValues).map(asJson);
  if (isRegoArray(value)) return value.map(asJson);
  const pairs = value instanceof RegoKeyed ? value.pairs : isRegoObject(value) ? Object.entries(value) : undefined;
  if (pairs === undefined) return value;
  return Object.fromEntries(
    pairs.map(([key, member]) => [typeof key === "string" ? key : canonicalText(asJson(key)), asJson(member)]),
  );
}
