/** Runs one case and says how it went, as OPA's own WASM test does. */
import { beginEvaluation, createEvaluationInstant, createHostBuiltins } from "../../../src/policy/builtins/index.ts";
import { refusalOfBuiltin } from "../../../src/policy/builtins/refused.ts";
import {
  isRegoArray,
  isRegoObject,
  RegoKeyed,
  RegoSet,
  type RegoValue,
} from "../../../src/policy/builtins/rego-value.ts";
import { canonicalText, compareValues } from "../../../src/policy/builtins/value-order.ts";
import type { OpaCase } from "./case-files.ts";
import { type CompiledCase, resultEntrypoint } from "./compiled-cases.ts";
import { loadCase } from "./wasm-host.ts";

export type CaseVerdict =
  | { readonly outcome: "passed" }
  | { readonly outcome: "failed"; readonly why: string }
  /** OPA cannot make a bundle of it. */
  | { readonly outcome: "not_compiled"; readonly why: string }
  /** The host refuses a bundle that needs these. */
  | { readonly outcome: "refused"; readonly needed: readonly string[] };

const hostNames = new Set(Object.keys(createHostBuiltins(createEvaluationInstant())));

export function judgeCase(asked: OpaCase, compiled: CompiledCase): CaseVerdict {
  if ("compileError" in compiled) {
    return { outcome: "not_compiled", why: compiled.compileError };
  }
  const instant = createEvaluationInstant();
  beginEvaluation(instant, Math.floor(Date.now() / 1000));
  const loaded = loadCase(compiled.wasm, createHostBuiltins(instant));
  const missing = loaded.needed.filter((name) => !hostNames.has(name));
  if (missing.length > 0) {
    return missing.every((name) => refusalOfBuiltin(name) !== undefined)
      ? { outcome: "refused", needed: missing }
      : { outcome: "failed", why: `needs ${missing.join(", ")}, which the host neither has nor refuses` };
  }
  const answer = evaluate(asked, loaded);
  if (asked.wantsError) {
    // Built-in errors show only in OPA's strict mode, which WASM does not have: there they are undefined.
    const wanted = asked.strictError ? "" : "an error";
    const got = typeof answer === "string" ? "an error" : rowsText(answer, asked).join(" ");
    return got === wanted
      ? { outcome: "passed" }
      : { outcome: "failed", why: `wants ${wanted || "undefined"}, got ${got}` };
  }
  if (typeof answer === "string") {
    return { outcome: "failed", why: answer };
  }
  const got = rowsText(answer, asked).join(" ");
  const wanted = rowsText(asked.wantResult ?? [], asked).join(" ");
  return got === wanted ? { outcome: "passed" } : { outcome: "failed", why: `wants ${wanted}, got ${got}` };
}

/** The rows of the answer, or what went wrong. */
function evaluate(asked: OpaCase, loaded: ReturnType<typeof loadCase>): readonly RegoValue[] | string {
  try {
    const rows = loaded.evaluate(resultEntrypoint, asked.data, inputText(asked));
    const [row] = rows instanceof RegoSet ? rows.members : isRegoArray(rows) ? rows : [];
    const result = isRegoObject(row) ? row["result"] : undefined;
    return result instanceof RegoSet ? result.members : [];
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

function inputText(asked: OpaCase): string | undefined {
  const input = asked.inputTerm === undefined ? asked.input : parseRegoValue(asked.inputTerm);
  return input === undefined ? undefined : printRegoValue(input);
}

/** Rows as comparable texts: sets become arrays, and where the case says so arrays are sorted. */
function rowsText(rows: readonly RegoValue[], asked: OpaCase): readonly string[] {
  return [...new Set(rows.map((row) => rowText(row, asked)))].toSorted();
}

function rowText(row: RegoValue, asked: OpaCase): string {
  if (!isRegoObject(row)) {
    return canonicalText(row);
  }
  const sorted = Object.entries(row)
    .filter(([name]) => !(asked.ignoreGeneratedVars && name.startsWith("__local")))
    .map(([name, value]) => {
      const plain = asJson(value);
      const texts = isRegoArray(plain) && asked.sortBindings ? plain.map(canonicalText).toSorted() : undefined;
      return `${name}=${texts === undefined ? canonicalText(plain) : `[${texts.join(",")}]`}`;
    });
  return sorted.toSorted().join("&");
}

function asJson(value: RegoValue): RegoValue {
  if (value instanceof RegoSet) {
    return value.members.toSorted(compareValues).map(asJson);
  }
  if (value instanceof RegoKeyed) {
    return Object.fromEntries(
      value.pairs.map(([key, member]) => [typeof key === "string" ? key : canonicalText(asJson(key)), asJson(member)]),
    );
  }
  if (isRegoArray(value)) {
    return value.map(asJson);
  }
  return isRegoObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asJson(member)]))
    : value;
}
