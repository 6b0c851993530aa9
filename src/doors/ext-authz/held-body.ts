/** What a held call's body is, read strictly: policy gets a value or a typed fact, never half a value. */
import { bounds } from "../../domain/bounds.ts";
import type { CallBody } from "../../domain/observed-call.ts";
import { RequestError } from "../../domain/request-error.ts";
import { parseStrictJson } from "../../domain/strict-json.ts";
import type { HeldCall } from "./held-call.ts";

const json = /^application\/(?:[a-z0-9.+-]+\+)?json[ \t]*(?:;|$)/i;
const form = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i;

export function readHeldBody({ body, headers }: HeldCall): CallBody {
  if (body.kind === "absent") return { form: "absent" };
  if (body.kind === "partial") return { form: "partial" };
  const types = headers.get("content-type") ?? [];
  const [type = ""] = types;
  // Two types are two readings, and a coding hides what is inside.
  if (types.length > 1 || isCoded(headers)) return { form: "malformed" };
  if (json.test(type)) {
    const value = parseStrictJson(body.bytes);
    return value instanceof RequestError ? { form: "malformed" } : { form: "json", value };
  }
  return form.test(type) ? readFields(body.bytes) : { form: "opaque" };
}

function isCoded(headers: HeldCall["headers"]): boolean {
  return (headers.get("content-encoding") ?? []).some((coding) => coding.toLowerCase() !== "identity");
}

function readFields(bytes: Uint8Array): CallBody {
  if (bytes.byteLength > bounds.bodyBytesMax) return { form: "malformed" };
  const fields = new Map<string, string[]>();
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    for (const pair of text === "" ? [] : text.split("&")) {
      const [name = "", ...rest] = pair.replaceAll("+", " ").split("=");
      const field = decodeURIComponent(name);
      fields.set(field, [...(fields.get(field) ?? []), decodeURIComponent(rest.join("="))]);
    }
  } catch {
    return { form: "malformed" };
  }
  const isBounded = fields.size <= bounds.setSizeMax && !fields.has("__proto__");
  return isBounded ? { form: "fields", value: Object.fromEntries(fields) } : { form: "malformed" };
}
