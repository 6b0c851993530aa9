/**
 * The data files of a bundle as one document, each at its folder. Numbers keep their text: `1.0` stays `1.0` and a
 * long integer keeps its digits, where a JavaScript number would change what the policy sees.
 */
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { BundleRejected } from "./bundle-rejected.ts";
import { type JsonDocument, parseDocument } from "./json-document.ts";
import type { BundleEntries } from "./read-archive.ts";

export interface BundleData {
  readonly value: JsonObject;
  /** The same as text, with its numbers as they were written: what the WASM reads. */
  readonly text: string;
}

export function readData(entries: BundleEntries): BundleData {
  const names = [...entries.keys()].filter((name) => name === "data.json" || name.endsWith("/data.json")).sort();
  const root = entries.get("data.json");
  // What `opa build` writes. Its text needs no second reading, which for large data takes a second per 10 MB.
  const { text, value } =
    names.length === 1 && root !== undefined ? parseDocument(root, "data.json") : mergeFiles(entries, names);
  if (!isJsonObject(value)) throw new BundleRejected("bundle_layout_wrong", "the data is not an object");
  return { text, value };
}

function mergeFiles(entries: BundleEntries, names: readonly string[]): JsonDocument {
  let merged: unknown = {};
  for (const name of names) {
    let placed = parseKeepingNumbers(parseDocument(entries.get(name) ?? Buffer.alloc(0), name).text);
    for (const part of name.split("/").slice(0, -1).toReversed()) placed = Object.fromEntries([[part, placed]]);
    merged = merge(merged, placed, name);
  }
  return parseDocument(Buffer.from(JSON.stringify(merged)), "the merged data");
}

/** A number becomes the object that `JSON.rawJSON` makes of its text; `JSON.stringify` writes it as it stood. */
function parseKeepingNumbers(text: string): unknown {
  return JSON.parse(text, (_name, value, { source }) =>
    typeof value === "number" && source !== undefined ? JSON.rawJSON(source) : value,
  );
}

/** `Object.fromEntries` defines members and never assigns, so a member named `__proto__` is only a member. */
function merge(one: unknown, other: unknown, name: string): unknown {
  if (!hasMembers(one) || !hasMembers(other)) {
    throw new BundleRejected("bundle_layout_wrong", `${name} gives a value that another data file gives too`);
  }
  const members = new Map(Object.entries(one));
  for (const [member, value] of Object.entries(other)) {
    members.set(member, members.has(member) ? merge(members.get(member), value, name) : value);
  }
  return Object.fromEntries(members);
}

function hasMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}
