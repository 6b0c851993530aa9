/** What a held call's body is, read strictly: policy gets a value or a typed fact, never half a value. */
import { bounds } from "../../domain/bounds.ts";
import { isJsonArray, isJsonObject, type Json } from "../../domain/json.ts";
import type { CallBody } from "../../domain/observed-call.ts";
import { RequestError } from "../../domain/request-error.ts";
import { parseStrictJson } from "../../domain/strict-json.ts";
import { fold, unfoldable } from "./fold.ts";
import type { HeldCall, SentBody } from "./held-call.ts";
import type { GrpcMessages } from "./protobuf/grpc-messages.ts";

const json = /^application\/(?:[a-z0-9.+-]+\+)?json[ \t]*(?:;|$)/i;
const form = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i;
const grpc = /^application\/grpc(?:\+proto)?[ \t]*(?:;|$)/i;

/** `messages`: what gRPC calls may say, by the listener's descriptors; undefined: it has none. */
export function readHeldBody(call: HeldCall, messages?: GrpcMessages): CallBody {
  const { body, headers } = call;
  if (body.kind === "absent") return { form: "absent" };
  if (body.kind === "partial") return { form: "partial" };
  const types = headers.get("content-type") ?? [];
  const [type = ""] = types;
  // Two types are two readings, also where the gateway joined them; a coding or another charset hides what is inside.
  if (types.length > 1 || isCoded(headers) || !isOneInUtf8(type)) return { form: "malformed" };
  if (json.test(type)) return readJson(body.bytes);
  if (grpc.test(type)) return readMessage(call, body, messages);
  return form.test(type) ? readFields(body.bytes) : { form: "opaque" };
}

function readJson(bytes: Uint8Array): CallBody {
  const value = parseStrictJson(bytes);
  return value instanceof RequestError || hasNearTwins(value) ? { form: "malformed" } : { form: "json", value };
}

function isCoded(headers: HeldCall["headers"]): boolean {
  return (headers.get("content-encoding") ?? []).some((coding) => coding.toLowerCase() !== "identity");
}

function isOneInUtf8(type: string): boolean {
  if (type.includes(",")) return false;
  const parameters = type.split(";").slice(1);
  return parameters.every((parameter) => {
    const [name = "", value = ""] = parameter.split("=");
    return !/^charset/i.test(name.trim()) || /^"?utf-?8"?$/i.test(value.trim());
  });
}

/**
 * Two members whose names differ in capitals alone are one to Go's JSON reader, and the last one counts there. Of a name
 * that nobody folds nobody can say that it is not such a one.
 */
function hasNearTwins(value: Json): boolean {
  if (isJsonArray(value)) return value.some(hasNearTwins);
  if (!isJsonObject(value)) return false;
  const names = Object.keys(value);
  const folded = new Set(names.map(fold));
  return folded.size < names.length || folded.has(unfoldable) || Object.values(value).some(hasNearTwins);
}

function readFields(bytes: Uint8Array): CallBody {
  if (bytes.byteLength > bounds.bodyBytesMax) return { form: "malformed" };
  const fields = new Map<string, string[]>();
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const pairs = text === "" ? [] : text.split("&");
    // Some servers part fields with a semicolon as well.
    if (pairs.length > bounds.setSizeMax || text.includes(";")) return { form: "malformed" };
    for (const pair of pairs) {
      const [name = "", ...rest] = pair.replaceAll("+", " ").split("=");
      const field = decodeURIComponent(name);
      fields.set(field, [...(fields.get(field) ?? []), decodeURIComponent(rest.join("="))]);
    }
  } catch {
    return { form: "malformed" };
  }
  return fields.has("__proto__") ? { form: "malformed" } : { form: "fields", value: Object.fromEntries(fields) };
}

/** A target with anything more than a method's name is another one to most servers. */
function readMessage({ method, target }: HeldCall, body: SentBody, messages: GrpcMessages | undefined): CallBody {
  if (messages === undefined || method !== "POST" || !body.isExact) return { form: "opaque" };
  const found = messages.read(target, body.bytes, "implicit");
  switch (found.kind) {
    case "value":
      return { form: "grpc", value: found.value };
    case "unnamed":
    case "unseen":
      return { form: "opaque" };
    // Nothing says that the gateway sent less than it got, so the call itself is like that.
    case "truncated":
    case "malformed":
      return { form: "malformed" };
  }
}
