/**
 * What an Envoy authorization policy says about a held call: a boolean, or an object with `allowed` and what to change,
 * as opa-envoy-plugin takes them. Anything else is no verdict; members that nobody knows are ignored, as there.
 */
import { bounds } from "./bounds.ts";
import { emptyObject, isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "./json.ts";

export interface FieldLine {
  /** Lower case. */
  readonly name: string;
  /** Never empty, and nothing in it could end a line. */
  readonly value: string;
}

export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

/** What changes on a call that goes on, and on its answer. */
export interface CallChanges {
  /** Each replaces every value that the call has; one line for each name, and none of a name that is removed. */
  readonly headersToSet: readonly FieldLine[];
  readonly headersToRemove: readonly string[];
  readonly responseHeadersToAdd: readonly FieldLine[];
  readonly queryParametersToSet: readonly QueryParameter[];
  readonly queryParametersToRemove: readonly string[];
  readonly metadata: JsonObject;
}

/** What the caller of the gateway gets instead of an answer. */
export interface CallRefusal {
  readonly status: number;
  /** A name may stand there more than once. */
  readonly headers: readonly FieldLine[];
  readonly body: string;
  readonly metadata: JsonObject;
}

export type CallVerdict =
  | { readonly allowed: true; readonly changes: CallChanges }
  | { readonly allowed: false; readonly refusal: CallRefusal };

/** What a gateway takes: longer texts are refused there, after the decision is on record. */
const lengthMax = { headerValue: 16_384, body: 65_536 } as const;
const fieldName = /^[a-z0-9!#$%&'*+.^_`|~-]{1,256}$/;
/** They say where a message ends, and no policy changes a body that goes on. */
const framing: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);
const fieldValue = /^[\t\x20-\x7e\x80-\u{10ffff}]*$/u;
/** Envoy writes both into the path as they are, so nothing in them may end a name, a value, the query or the line. */
const queryName = /^[!"$%'-<>-~\x80-\u{10ffff}]+$/u;
const queryValue = /^[!"$%'-~\x80-\u{10ffff}]*$/u;

/** Statuses that end an exchange and that Envoy's own table names. */
const statuses: ReadonlySet<number> = new Set(
  [
    [200, 201, 202, 203, 204, 205, 206, 207, 208, 226],
    [300, 301, 302, 303, 304, 305, 307, 308],
    [400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417],
    [421, 422, 423, 424, 426, 428, 429, 431],
    [500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511],
  ].flat(),
);
const forbidden = 403;

/** Wrong there, a result says neither yes nor no; wrong anywhere else, it says so and cannot be carried out. */
export const unsaidAt: ReadonlySet<string> = new Set(["the result", "allowed"]);

/** Carries the member that is wrong; never what the policy wrote there. */
class Wrong extends Error {}

export function parseCallVerdict(value: unknown): CallVerdict | { readonly wrongAt: string } {
  try {
    if (typeof value === "boolean") return readVerdict({ allowed: value });
    if (!isJsonObject(value)) throw new Wrong("the result");
    return readVerdict(value);
  } catch (cause) {
    if (cause instanceof Wrong) return { wrongAt: cause.message };
    throw cause;
  }
}

/** Members that do not belong to the outcome are not read, as in the plugin. */
function readVerdict(result: JsonObject): CallVerdict {
  const allowed = ownMember(result, "allowed");
  if (typeof allowed !== "boolean") throw new Wrong("allowed");
  const headers = readHeaders(result, "headers");
  const metadata = readMetadata(result);
  if (!allowed) {
    const refusal = { status: readStatus(result), headers: lines(headers), body: readBody(result), metadata };
    return { allowed: false, refusal };
  }
  return { allowed: true, changes: { ...readRequestHeaders(result, headers), ...readRest(result), metadata } };
}

type Headers = ReadonlyMap<string, readonly string[]>;

/** An object, or a list of such, of names to a text or a list of texts. */
function readHeaders(result: JsonObject, member: string): Headers {
  const value = ownMember(result, member);
  if (value === undefined) return new Map();
  const headers = new Map<string, string[]>();
  const parts = isJsonArray(value) ? value : [value];
  if (parts.length > bounds.setSizeMax) throw new Wrong(member);
  for (const part of parts) {
    if (!isJsonObject(part)) throw new Wrong(member);
    for (const [given, texts] of Object.entries(part)) {
      const name = readName(given, member);
      if (framing.has(name)) throw new Wrong(member);
      headers.set(name, [
        ...(headers.get(name) ?? []),
        ...readTexts(texts, member).map((text) => checkLine(text, member)),
      ]);
    }
  }
  if (headers.size > bounds.setSizeMax) throw new Wrong(member);
  return headers;
}

function readName(given: string, member: string): string {
  const name = given.toLowerCase();
  if (!fieldName.test(name)) throw new Wrong(member);
  return name;
}

function readTexts(value: Json, member: string): readonly string[] {
  const list = isJsonArray(value) ? value : [value];
  if (list.length > bounds.setSizeMax) throw new Wrong(member);
  return list.map((text) => {
    if (typeof text !== "string" || !text.isWellFormed()) throw new Wrong(member);
    return text;
  });
}

function checkLine(text: string, member: string): string {
  // UTF-8 takes three bytes for a unit at most.
  if (text.length * 3 > lengthMax.headerValue && !isAscii(text)) throw new Wrong(member);
  if (text.length > lengthMax.headerValue || !fieldValue.test(text)) throw new Wrong(member);
  return text;
}

const isAscii = (text: string): boolean => /^[\t\x20-\x7e]*$/.test(text);

/** An empty line says nothing, and gateways drop it. */
function lines(headers: Headers): readonly FieldLine[] {
  return [...headers].flatMap(([name, values]) =>
    values.filter((value) => value !== "").map((value) => ({ name, value })),
  );
}

/**
 * A name that is set and removed is removed, as in Envoy. One that is set to nothing is removed too: a gateway drops an
 * empty line, and what the client sent would stay.
 */
function readRequestHeaders(
  result: JsonObject,
  headers: Headers,
): Pick<CallChanges, "headersToSet" | "headersToRemove"> {
  const member = "request_headers_to_remove";
  const removed = new Set(readNames(result, member).map((name) => readName(name, member)));
  const headersToSet: FieldLine[] = [];
  for (const [name, values] of headers) {
    const value = values.filter((text) => text !== "").join(name === "cookie" ? "; " : ",");
    if (removed.has(name)) continue;
    if (value === "") removed.add(name);
    else headersToSet.push({ name, value: checkLine(value, "headers") });
  }
  return { headersToSet, headersToRemove: [...removed] };
}

function readNames(result: JsonObject, member: string): readonly string[] {
  const value = ownMember(result, member);
  if (value === undefined) return [];
  if (!isJsonArray(value)) throw new Wrong(member);
  return readTexts(value, member);
}

function readRest(
  result: JsonObject,
): Pick<CallChanges, "responseHeadersToAdd" | "queryParametersToSet" | "queryParametersToRemove"> {
  return {
    responseHeadersToAdd: lines(readHeaders(result, "response_headers_to_add")),
    queryParametersToSet: readQuery(result),
    queryParametersToRemove: readNames(result, "query_parameters_to_remove"),
  };
}

function readQuery(result: JsonObject): readonly QueryParameter[] {
  const member = "query_parameters_to_set";
  const value = ownMember(result, member);
  if (value === undefined) return [];
  if (!isJsonObject(value) || Object.keys(value).length > bounds.setSizeMax) throw new Wrong(member);
  return Object.entries(value).flatMap(([name, texts]) => {
    if (!queryName.test(name) || !name.isWellFormed()) throw new Wrong(member);
    return readTexts(texts, member).map((text) => {
      if (!queryValue.test(text)) throw new Wrong(member);
      return { name, value: text };
    });
  });
}

function readStatus(result: JsonObject): number {
  const value = ownMember(result, "http_status") ?? forbidden;
  if (typeof value !== "number" || !statuses.has(value)) throw new Wrong("http_status");
  return value;
}

function readBody(result: JsonObject): string {
  const value = ownMember(result, "body") ?? "";
  if (typeof value !== "string" || value.length > lengthMax.body || !value.isWellFormed()) throw new Wrong("body");
  return value;
}

function readMetadata(result: JsonObject): JsonObject {
  const value = ownMember(result, "dynamic_metadata") ?? emptyObject;
  if (!isJsonObject(value) || !isShallow(value, bounds.jsonDepthMax)) throw new Wrong("dynamic_metadata");
  return value;
}

function isShallow(value: Json, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}
