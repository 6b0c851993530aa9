/** A JSON entry of a bundle: its text and what the text says. Duplicate names: the last wins, here as in OPA's WASM. */
import type { Json } from "../domain/json.ts";
import { BundleRejected } from "./bundle-rejected.ts";
import { policyLimits } from "./policy-limits.ts";

export interface JsonDocument {
  readonly text: string;
  readonly value: Json;
}

/** Throws when the bytes are not UTF-8, not JSON or nested too deeply; `name` is the entry's, for the message. */
export function parseDocument(bytes: Buffer, name: string): JsonDocument {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    // The engine's message quotes what it could not read.
    throw new BundleRejected("bundle_unreadable", `${name} is not JSON`);
  }
  if (isJson(value, policyLimits.dataDepthMax)) return { text, value };
  throw new BundleRejected("bundle_too_large", `${name} is nested too deeply`);
}

/** What `JSON.parse` gave is JSON; what is left to prove is its depth. */
function isJson(value: unknown, depthLeft: number): value is Json {
  if (typeof value !== "object" || value === null) return true;
  return depthLeft > 0 && Object.values(value).every((member) => isJson(member, depthLeft - 1));
}
