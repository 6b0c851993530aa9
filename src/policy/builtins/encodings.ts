/** Texts as bytes and back: base64url without padding, hex and URL queries. */
import { Buffer } from "node:buffer";
import { assertWithin } from "./bounds.ts";
import type { BuiltinFamily } from "./family.ts";
import { ofText, pairsOf, textsOf } from "./operands.ts";
import { objectOf, type RegoValue } from "./rego-value.ts";
import { orderedElementsOf } from "./value-order.ts";

const hex = /^(?:[0-9a-f]{2})*$/iu;
const percentEncoded = /^(?:[^%]|%[0-9a-f]{2})*$/isu;

export function queryEscape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** Undefined where a `%` is not followed by two hex digits. Bytes that are no UTF-8 become U+FFFD. */
export function percentDecode(text: string): string | undefined {
  if (!percentEncoded.test(text)) {
    return undefined;
  }
  return text.replace(/(?:%[0-9a-f]{2})+/giu, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString("utf8"));
}

function queryUnescape(text: string): string | undefined {
  return percentDecode(text.replaceAll("+", " "));
}

function encodeObject(operand: RegoValue | undefined): string | undefined {
  const pairs = pairsOf(operand);
  const named: [string, readonly string[]][] = [];
  for (const [key, value] of pairs ?? []) {
    const values = typeof value === "string" ? [value] : textsOf(orderedElementsOf(value));
    if (typeof key !== "string" || values === undefined) {
      return undefined;
    }
    named.push([key, values]);
  }
  assertWithin("elementsMax", named.length);
  const sorted = named.toSorted(([first], [second]) => Buffer.compare(Buffer.from(first), Buffer.from(second)));
  return pairs === undefined
    ? undefined
    : sorted.flatMap(([key, values]) => values.map((value) => `${queryEscape(key)}=${queryEscape(value)}`)).join("&");
}

function decodeObject(query: string): RegoValue | undefined {
  const found = new Map<string, string[]>();
  for (const part of query.split("&").filter((text) => text !== "")) {
    const equals = part.indexOf("=");
    const key = queryUnescape(equals < 0 ? part : part.slice(0, equals));
    const value = queryUnescape(equals < 0 ? "" : part.slice(equals + 1));
    if (part.includes(";") || key === undefined || value === undefined) {
      return undefined;
    }
    const values = found.get(key) ?? [];
    values.push(value);
    assertWithin("elementsMax", found.size);
    found.set(key, values);
  }
  return objectOf([...found]);
}

export const encodingBuiltins: BuiltinFamily = {
  "base64url.encode_no_pad": ofText((text) => Buffer.from(text, "utf8").toString("base64url")),
  "hex.decode": ofText((text) => (hex.test(text) ? Buffer.from(text, "hex").toString("utf8") : undefined)),
  "hex.encode": ofText((text) => Buffer.from(text, "utf8").toString("hex")),
  "urlquery.decode": ofText(queryUnescape),
  "urlquery.decode_object": ofText(decodeObject),
  "urlquery.encode": ofText(queryEscape),
  "urlquery.encode_object": encodeObject,
};
