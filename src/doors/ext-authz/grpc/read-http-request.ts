/** Reads the HTTP request of a CheckRequest, in both forms in which Envoy sends headers and in both of bodies. */
import type { HeldBody } from "../held-call.ts";
import { headersMax } from "./limits.ts";
import { once, tagOf, Unreadable, type WireReader } from "./wire-reader.ts";

type Headers = Map<string, string[]>;

interface HttpRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Headers;
  /** -1: more than was sent. */
  readonly size: number | undefined;
  /** A gateway that packs a body as text writes other characters for what is no UTF-8. */
  readonly text: Buffer | undefined;
  readonly raw: Buffer | undefined;
}

const fields = {
  method: tagOf(2, "delimited"),
  headers: tagOf(3, "delimited"),
  path: tagOf(4, "delimited"),
  host: tagOf(5, "delimited"),
  query: tagOf(7, "delimited"),
  fragment: tagOf(8, "delimited"),
  size: tagOf(9, "varint"),
  body: tagOf(11, "delimited"),
  rawBody: tagOf(12, "delimited"),
  headerMap: tagOf(13, "delimited"),
} as const;
const entry = { key: tagOf(1, "delimited"), value: tagOf(2, "delimited") } as const;
const headerMap = { headers: tagOf(1, "delimited") } as const;
const headerValue = { key: tagOf(1, "delimited"), value: tagOf(2, "delimited"), rawValue: tagOf(3, "delimited") };

interface Draft {
  method?: string;
  path?: string;
  host?: string;
  size?: number;
  text?: Buffer;
  raw?: Buffer;
  mapped?: Headers;
  listed?: Headers;
}

export function readHttpRequest(message: WireReader): HttpRequest {
  const draft: Draft = {};
  for (let tag = message.next(); tag !== undefined; tag = message.next()) readField(message, tag, draft);
  return {
    method: requireText(draft.method),
    host: requireText(draft.host),
    path: requireText(draft.path),
    headers: oneForm(draft.mapped, draft.listed) ?? new Map<string, string[]>(),
    size: draft.size,
    text: draft.text,
    raw: draft.raw,
  };
}

function requireText(text: string | undefined): string {
  if (text === undefined || text === "") throw new Unreadable();
  return text;
}

/** Which of two forms the gateway acts on cannot be known. */
function oneForm<Found>(one: Found | undefined, other: Found | undefined): Found | undefined {
  return other === undefined ? one : once(one, other);
}

function readField(message: WireReader, tag: number, draft: Draft): void {
  switch (tag) {
    case fields.method:
      draft.method = once(draft.method, message.text());
      return;
    case fields.path:
      draft.path = once(draft.path, message.text());
      return;
    case fields.host:
      draft.host = once(draft.host, message.text());
      return;
    case fields.headers:
      readMapped(message.message(), (draft.mapped ??= new Map()));
      return;
    case fields.headerMap:
      draft.listed = once(draft.listed, readListed(message.message()));
      return;
    default:
      readRest(message, tag, draft);
  }
}

function readRest(message: WireReader, tag: number, draft: Draft): void {
  switch (tag) {
    case fields.size:
      draft.size = once(draft.size, message.varint());
      return;
    case fields.body:
      draft.text = once(draft.text, message.textBytes());
      return;
    case fields.rawBody:
      draft.raw = once(draft.raw, message.bytes());
      return;
    case fields.query:
    case fields.fragment:
      // Envoy sends both in the path; a target in parts would have to be guessed together.
      if (message.bytes().length > 0) throw new Unreadable();
      return;
    default:
      message.skip(tag);
  }
}

/** One entry of the map. */
function readMapped(message: WireReader, headers: Headers): void {
  let key: string | undefined;
  let value: string | undefined;
  for (let tag = message.next(); tag !== undefined; tag = message.next()) {
    if (tag === entry.key) key = once(key, message.text());
    else if (tag === entry.value) value = once(value, message.text());
    else message.skip(tag);
  }
  const name = nameOf(key);
  if (headers.has(name)) throw new Unreadable("member_duplicated");
  addHeader(headers, name, value ?? "");
}

function readListed(message: WireReader): Headers {
  const headers: Headers = new Map();
  for (let tag = message.next(); tag !== undefined; tag = message.next()) {
    if (tag === headerMap.headers) readHeaderValue(message.message(), headers);
    else message.skip(tag);
  }
  return headers;
}

function readHeaderValue(message: WireReader, headers: Headers): void {
  let key: string | undefined;
  let value: string | undefined;
  let raw: Buffer | undefined;
  for (let tag = message.next(); tag !== undefined; tag = message.next()) {
    if (tag === headerValue.key) key = once(key, message.text());
    else if (tag === headerValue.value) value = once(value, message.text());
    else if (tag === headerValue.rawValue) raw = once(raw, message.bytes());
    else message.skip(tag);
  }
  if (value !== undefined && raw !== undefined) throw new Unreadable("member_duplicated");
  // A header is bytes; one character for each loses none of them, and is how the HTTP listeners read theirs.
  addHeader(headers, nameOf(key), value ?? raw?.toString("latin1") ?? "");
}

function nameOf(key: string | undefined): string {
  if (key === undefined || key === "") throw new Unreadable();
  return key.toLowerCase();
}

/** Pseudo-headers are skipped: method, host and path stand in fields of their own. */
function addHeader(headers: Headers, name: string, value: string): void {
  if (name.startsWith(":")) return;
  const values = headers.get(name);
  if (values !== undefined) values.push(value);
  else if (headers.size === headersMax) throw new Unreadable("body_too_deep");
  else headers.set(name, [value]);
}

/** Set by Envoy itself whenever it sends a body, and taken from no client. */
const partialBodyHeader = "x-envoy-auth-partial-body";

/** `whole` only where nothing says that there is more: not the gateway, and not the client's own length. */
export function readBody({ text, raw, size, headers }: HttpRequest): HeldBody {
  const body = oneForm(text, raw);
  const isPartial = headers.get(partialBodyHeader)?.includes("true") === true || (body !== undefined && size === -1);
  if (body === undefined && !isPartial) return { kind: "absent" };
  const bytes = body ?? Buffer.alloc(0);
  const declared = headers.get("content-length")?.map(Number) ?? [];
  const isShort = declared.some((length) => !(length <= bytes.length));
  return { kind: isPartial || isShort ? "partial" : "whole", bytes, isExact: raw !== undefined };
}
