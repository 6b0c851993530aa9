/**
 * The same `test_*` cases in the WebAssembly that ships: each case becomes an entrypoint of a bundle that has the
 * tests in it. `opa test` runs another evaluator than the sidecar does, so what it finds is only half of the truth.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isJsonObject, type Json, ownMember } from "../domain/json.ts";
import { buildBundle } from "./build-bundle.ts";
import type { PolicyCase } from "./policy-cases.ts";
import { ToolchainError } from "./toolchain-error.ts";

/** Evaluates one entrypoint without an input; undefined when the rule is undefined, throws when it cannot be run. */
export type EvaluateEntrypoint = (entrypoint: string) => Json | undefined;
/** From the path of a bundle that OPA just built. */
export type LoadBundle = (path: string) => Promise<EvaluateEntrypoint>;

export interface WasmCase {
  readonly name: string;
  /** `unable`: OPA cannot compile it to WebAssembly, or the evaluation threw. */
  readonly outcome: "passed" | "failed" | "unable";
  readonly detail?: string;
}

export interface TestInWasmOptions {
  readonly source: string;
  readonly opa: string;
  readonly load: LoadBundle;
}

/** One result per case, in the order of the cases. */
export async function testInWasm(cases: readonly PolicyCase[], options: TestInWasmOptions): Promise<WasmCase[]> {
  if (cases.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), "chaperone-wasm-cases-"));
  try {
    const { source, opa } = options;
    const testEntrypoints = cases.map((one) => one.name);
    const { path } = await buildBundle({ source, opa, out: join(folder, "cases.tar.gz"), testEntrypoints });
    const evaluate = await options.load(path);
    return cases.map((one) => runCase(one, evaluate));
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    const detail = error.message.replaceAll(/\s+/g, " ");
    return cases.map(({ name }) => ({ name, outcome: "unable", detail }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runCase({ name, rows }: PolicyCase, evaluate: EvaluateEntrypoint): WasmCase {
  let result: Json | undefined;
  try {
    result = evaluate(name);
  } catch (error) {
    return { name, outcome: "unable", detail: error instanceof Error ? error.message : String(error) };
  }
  if (rows.length === 0) return { name, outcome: result === true ? "passed" : "failed" };
  const table = result;
  const wrong = isJsonObject(table) ? rows.filter((row) => ownMember(table, row) !== true) : rows;
  return wrong.length === 0
    ? { name, outcome: "passed" }
    : { name, outcome: "failed", detail: `rows: ${wrong.join(", ")}` };
}
