/**
 * Loads a bundle that OPA just built here, with OPA's own SDK, for test cases only. It trusts the bundle; the policy
 * room reads those that decide.
 */
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import * as sdk from "@open-policy-agent/opa-wasm";
import { isJsonArray, isJsonObject, type Json, ownMember } from "../domain/json.ts";
import type { LoadBundle } from "./wasm-cases.ts";

/** A host built-in: JSON values in, a JSON value out, undefined for "undefined". */
export type HostBuiltin = (...operands: readonly Json[]) => Json | undefined;

/** `builtins` are those that the SDK lacks, e.g. `time.now_ns`; a case that needs another one cannot run. */
export function createBundleLoader(builtins: Readonly<Record<string, HostBuiltin>> = {}): LoadBundle {
  return async (path) => {
    const files = readTar(gunzipSync(await readFile(path)));
    const wasm = files.get("/policy.wasm");
    const data = files.get("/data.json");
    if (wasm === undefined || data === undefined) throw new Error(`${path} is not a bundle that opa build made`);
    const policy = await findLoader()(wasm, undefined, builtins);
    policy.setData(JSON.parse(data.toString("utf8")));
    return (entrypoint) => readResult(evaluate(policy, entrypoint));
  };
}

interface SdkPolicy {
  setData(data: unknown): void;
  evaluate(input: unknown, entrypoint: string): unknown;
}
type SdkLoader = (wasm: Buffer, memory: undefined, builtins: object) => Promise<SdkPolicy>;

/** The package's ES module has everything inside its default export. */
function findLoader(): SdkLoader {
  const exported: unknown = Reflect.get(sdk, "default");
  if (hasLoader(exported)) return exported.loadPolicy;
  throw new Error("the pinned @open-policy-agent/opa-wasm has no loadPolicy");
}

function hasLoader(value: unknown): value is { readonly loadPolicy: SdkLoader } {
  return typeof value === "object" && value !== null && "loadPolicy" in value;
}

/** The SDK throws strings and plain objects. */
function evaluate(policy: SdkPolicy, entrypoint: string): unknown {
  try {
    return policy.evaluate(undefined, entrypoint);
  } catch (thrown) {
    const message = isJsonObject(thrown) ? thrown["message"] : thrown;
    throw new Error(typeof message === "string" ? message : "the evaluation threw", { cause: thrown });
  }
}

function readResult(resultSet: unknown): Json | undefined {
  const first = isJsonArray(resultSet) ? resultSet[0] : undefined;
  return isJsonObject(first) ? ownMember(first, "result") : undefined;
}

const block = 512;

/** The plain files of a ustar archive as `opa build` writes them: no links, no long names, no extensions. */
function readTar(tar: Buffer): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + block <= tar.length && tar[at] !== 0; ) {
    const name = tar.toString("utf8", at, at + 100).replace(/\0.*$/s, "");
    const sizeBytes = Number.parseInt(tar.toString("utf8", at + 124, at + 136), 8);
    files.set(name, tar.subarray(at + block, at + block + sizeBytes));
    at += block + Math.ceil(sizeBytes / block) * block;
  }
  return files;
}
