/** What `opa test --format json` says, case by case. */
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../domain/json.ts";

export interface PolicyCase {
  /** `chaperone_test/guards/amount_limit/test_x`: also the entrypoint that evaluates it. */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** The names of a table test's rows (`test_x[row] if …`). */
  readonly rows: readonly string[];
}

/** Nothing readable is no case; the caller counts. */
export function parseCases(stdout: string): readonly PolicyCase[] {
  const parsed = parseOutput(stdout);
  return isJsonArray(parsed) ? parsed.flatMap(parseCase) : [];
}

function parseCase(value: Json): PolicyCase[] {
  if (!isJsonObject(value)) return [];
  const { package: packageName, name, sub_results: rows } = value;
  if (typeof packageName !== "string" || typeof name !== "string") return [];
  const folder = packageName.replace(/^data\./, "").replaceAll(".", "/");
  return [
    {
      name: `${folder}/${name}`,
      outcome: readOutcome(value),
      rows: isJsonObject(rows) ? Object.keys(rows) : [],
    },
  ];
}

function readOutcome({ skip, fail, error }: JsonObject): PolicyCase["outcome"] {
  if (skip === true) return "skipped";
  return fail === undefined && error === undefined ? "passed" : "failed";
}

/** Undefined for what is no JSON: an OPA that was stopped half-way. */
export function parseOutput(stdout: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}
