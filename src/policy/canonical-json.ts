/**
 * The text of a JSON document that OPA's signatures cover (v1/bundle/hash.go): members sorted by the bytes of their
 * names, no space, numbers as they were written, strings as Go writes them.
 */
import { type ExactJson, isExactArray, isExactNumber, isExactObject } from "./exact-json.ts";

export function renderCanonical(value: ExactJson): string {
  if (typeof value === "string") return renderString(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (isExactArray(value)) return `[${value.map(renderCanonical).join(",")}]`;
  if (isExactNumber(value) || !isExactObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => ({ name: name.toWellFormed(), member }));
  members.sort((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)));
  return `{${members.map(({ name, member }) => `${renderString(name)}:${renderCanonical(member)}`).join(",")}}`;
}

/** Go has no lone surrogates and escapes the two separators that old JavaScript took for line ends. */
function renderString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(/[\u2028\u2029]/g, (separator) =>
    separator === "\u2028" ? "\\u2028" : "\\u2029",
  );
}
