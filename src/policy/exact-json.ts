/**
 * JSON that keeps the text of its numbers: `1.0` stays `1.0` and a long integer keeps its digits, where a JavaScript
 * number would change what policy sees and what a signature covers. Duplicate names: the last wins, as in OPA.
 */
import { BundleRejected } from "./bundle-rejected.ts";
import { policyLimits } from "./policy-limits.ts";

/** A number's text, as `JSON.rawJSON` wraps it; `JSON.stringify` writes it as it stood. */
export interface ExactNumber {
  readonly rawJSON: string;
}
export type ExactJson = null | boolean | string | ExactNumber | readonly ExactJson[] | ExactObject;
export interface ExactObject {
  readonly [member: string]: ExactJson;
}

/** Throws when the bytes are not UTF-8, not JSON or nested too deeply; `name` is the entry's, for the message. */
export function parseExactJson(bytes: Buffer, name: string): ExactJson {
  let value: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text, (_key, member, { source }) =>
      typeof member === "number" && source !== undefined ? JSON.rawJSON(source) : member,
    );
  } catch {
    // The engine's message quotes what it could not read.
    throw new BundleRejected("bundle_unreadable", `${name} is not JSON`);
  }
  if (!isExactJson(value, policyLimits.dataDepthMax)) {
    throw new BundleRejected("bundle_too_large", `${name} is nested too deeply`);
  }
  return value;
}

export function isExactArray(value: ExactJson): value is readonly ExactJson[] {
  return Array.isArray(value);
}

export function isExactNumber(value: ExactJson): value is ExactNumber {
  return JSON.isRawJSON(value);
}

export function isExactObject(value: ExactJson): value is ExactObject {
  return typeof value === "object" && value !== null && !isExactArray(value) && !isExactNumber(value);
}

/** What `JSON.parse` gave is JSON; what is left to prove is its depth. */
function isExactJson(value: unknown, depthLeft: number): value is ExactJson {
  if (typeof value !== "object" || value === null) return true;
  if (depthLeft === 0) return false;
  return Object.values(value).every((member) => isExactJson(member, depthLeft - 1));
}
