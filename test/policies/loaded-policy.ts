/** A policy bundle in the engine's own WebAssembly instance, asked directly and with other data. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isJsonObject, type Json, type JsonObject } from "../../src/domain/json.ts";
import type { Verdict } from "../../src/domain/verdict.ts";
import { Evaluator } from "../../src/policy/active-bundle.ts";
import { loadBundle } from "../../src/policy/load-bundle.ts";
import { PolicyInstance } from "../../src/policy/policy-instance.ts";
import { readArchive } from "../../src/policy/read-archive.ts";
import { findOpa } from "../../src/toolchain/index.ts";

export const root = join(import.meta.dirname, "../..");
export const policiesFolder = join(root, "policies");
export const defaultBundle = join(root, "bundle", "default.tar.gz");

/** OPA may have to be built first. */
export const opaSecondsMax = 1200;

export function findOpaLoudly(): Promise<string> {
  return findOpa({ tell: (line) => console.error(line) });
}

export interface LoadedPolicy {
  readonly data: JsonObject;
  /** Throws a Fault for what is not exactly a verdict. */
  ask(input: Json): Verdict;
  /** The same rules over other data. */
  over(data: Json): LoadedPolicy;
}

export async function loadPolicy(path: string): Promise<LoadedPolicy> {
  const { wasm, data } = loadBundle(await readArchive(await readFile(path)));
  return instantiate(await WebAssembly.compile(wasm), data);
}

function instantiate(module: WebAssembly.Module, data: JsonObject): LoadedPolicy {
  const dataText = JSON.stringify(data);
  const evaluator = new Evaluator({ module, dataText }, new PolicyInstance(module, dataText));
  return {
    data,
    ask: (input) => evaluator.evaluate(JSON.stringify(input), 0),
    over: (other) => instantiate(module, objectOf(other)),
  };
}

export function objectOf(value: Json | undefined): JsonObject {
  if (!isJsonObject(value)) throw new Error("not an object");
  return value;
}

export function codesOf(verdict: Verdict): string[] {
  return verdict.reasons.map((reason) => reason.code);
}

export interface Sample {
  readonly name: string;
  readonly outcome: string;
  readonly input: JsonObject;
}

/** `data.chaperone.samples` of the bundle. */
export function samplesOf({ data }: LoadedPolicy): Sample[] {
  return Object.entries(objectOf(objectOf(data["chaperone"])["samples"])).map(([name, value]) => {
    const { outcome, input } = objectOf(value);
    if (typeof outcome !== "string") throw new Error(`the sample ${name} has no outcome`);
    return { name, outcome, input: objectOf(input) };
  });
}
