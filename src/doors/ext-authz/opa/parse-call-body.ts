/**
 * `parsed_body` and `truncated_body` as opa-envoy-plugin gives them. What it would parse and this does not is refused:
 * a policy that finds null where it looked for a member could take that for a "no such member".
 */
import { isUtf8 } from "node:buffer";
import type { JsonObject } from "../../../domain/json.ts";
import { RequestError } from "../../../domain/request-error.ts";
import { parseStrictJson } from "../../../domain/strict-json.ts";
import { headerOf, textAt } from "./members.ts";
import { parseQuery } from "./parse-query.ts";

const unparsed = { parsed_body: null, truncated_body: false } as const;
const truncated = { parsed_body: null, truncated_body: true } as const;

export function parseCallBody(http: JsonObject | undefined): JsonObject | RequestError {
  // Envoy's own word, whatever length the client declares.
  if (headerOf(http, "x-envoy-auth-partial-body") === "true") return truncated;
  const mediaType = headerOf(http, "content-type").toLowerCase();
  const kind = kinds.find((name) => mediaType.includes(name));
  const body = Buffer.from(textAt(http, "body") || Buffer.from(textAt(http, "rawBody"), "base64"));
  if (kind === undefined || kind === "application/grpc" || body.length === 0) return unparsed;
  const declared = headerOf(http, "content-length");
  if (declared !== "" && !/^[+-]?\d{1,18}$/.test(declared)) return new RequestError("request_malformed");
  if (Number(declared) > body.length) return truncated;
  const value = parse(kind, body);
  return value instanceof RequestError ? value : { parsed_body: value, truncated_body: false };
}

/** In the order in which the plugin looks for them; without descriptors it parses no gRPC either. */
const kinds = [
  "application/json",
  "application/grpc",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
] as const;

function parse(kind: (typeof kinds)[number], body: Buffer): ReturnType<typeof parseStrictJson> {
  switch (kind) {
    case "application/json":
      return parseStrictJson(body);
    case "application/x-www-form-urlencoded":
      return (isUtf8(body) ? parseQuery(body.toString("utf8")) : undefined) ?? new RequestError("body_malformed");
    case "application/grpc":
    case "multipart/form-data":
      return new RequestError("media_type_unsupported");
  }
}
