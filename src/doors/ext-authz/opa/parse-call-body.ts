/**
 * `parsed_body` and `truncated_body` as opa-envoy-plugin gives them. What it would parse and this does not is refused:
 * a policy that finds null where it looked for a member could take that for a "no such member".
 */
import { isUtf8 } from "node:buffer";
import type { JsonObject } from "../../../domain/json.ts";
import { RequestError } from "../../../domain/request-error.ts";
import { parseStrictJson } from "../../../domain/strict-json.ts";
import type { GrpcMessages } from "../protobuf/grpc-messages.ts";
import { headerOf, textAt } from "./members.ts";
import { parseQuery } from "./parse-query.ts";

const unparsed = { parsed_body: null, truncated_body: false } as const;
const truncated = { parsed_body: null, truncated_body: true } as const;

/** By which the plugin finds a gRPC method, and what the method's message may say. */
export interface CallMethod {
  readonly path: readonly string[];
  readonly messages: GrpcMessages | undefined;
}

export function parseCallBody(http: JsonObject | undefined, method: CallMethod): JsonObject | RequestError {
  // Envoy's own word, whatever length the client declares.
  if (headerOf(http, "x-envoy-auth-partial-body") === "true") return truncated;
  const mediaType = headerOf(http, "content-type").toLowerCase();
  const kind = kinds.find((name) => mediaType.includes(name));
  if (kind === undefined || (kind === "application/grpc" && method.messages === undefined)) return unparsed;
  const body = readBody(http, kind);
  if (body.length === 0) return unparsed;
  const declared = headerOf(http, "content-length");
  if (declared !== "" && !/^[+-]?\d{1,18}$/.test(declared)) return new RequestError("request_malformed");
  if (Number(declared) > body.length) return truncated;
  if (kind === "application/grpc") return parseMessage(mediaType, body, method);
  const value = parse(kind, body);
  return value instanceof RequestError ? value : { parsed_body: value, truncated_body: false };
}

/** In the order in which the plugin looks for them. */
const kinds = [
  "application/json",
  "application/grpc",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
] as const;
type Kind = (typeof kinds)[number];

/** A gRPC message that came as text is another one. */
function readBody(http: JsonObject | undefined, kind: Kind): Buffer {
  const text = kind === "application/grpc" ? "" : textAt(http, "body");
  return Buffer.from(text || Buffer.from(textAt(http, "rawBody"), "base64"));
}

function parse(kind: Exclude<Kind, "application/grpc">, body: Buffer): ReturnType<typeof parseStrictJson> {
  switch (kind) {
    case "application/json":
      return parseStrictJson(body);
    case "application/x-www-form-urlencoded":
      return (isUtf8(body) ? parseQuery(body.toString("utf8")) : undefined) ?? new RequestError("body_malformed");
    case "multipart/form-data":
      return new RequestError("media_type_unsupported");
  }
}

const grpc = /^application\/grpc(?:-web)?(?:\+proto)?[ \t]*(?:;|$)/;

function parseMessage(mediaType: string, framed: Buffer, { path, messages }: CallMethod): JsonObject | RequestError {
  if (!grpc.test(mediaType)) return new RequestError("media_type_unsupported");
  if (path.length !== 2) return new RequestError("target_malformed");
  const found = messages?.read(`/${path.join("/")}`, framed, "set") ?? { kind: "unnamed" };
  switch (found.kind) {
    case "value":
      return { parsed_body: found.value, truncated_body: false };
    case "unnamed":
      return unparsed;
    case "truncated":
      return truncated;
    case "unseen":
    case "malformed":
      return new RequestError("body_malformed");
  }
}
