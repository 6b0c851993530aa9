/**
 * The input that opa-envoy-plugin gives to a policy: the CheckRequest's attributes, and what it reads off them. The path
 * is taken apart as it is there, without any cleaning up: `..`, `//` and encoded slashes are the policy's to judge.
 */
import type { Json, JsonObject } from "../../../domain/json.ts";
import { RequestError } from "../../../domain/request-error.ts";
import type { GrpcMessages } from "../protobuf/grpc-messages.ts";
import { httpOf, memberOf, textAt } from "./members.ts";
import type { OpaOptions } from "./options.ts";
import { parseCallBody } from "./parse-call-body.ts";
import { parseQuery } from "./parse-query.ts";

/** `attributes` undefined: the message has none. */
export function renderInput(
  attributes: JsonObject | undefined,
  options: OpaOptions,
  messages?: GrpcMessages,
): JsonObject | RequestError {
  const http = httpOf(attributes);
  const [rawPath = "", ...queries] = textAt(http, "path").split("?");
  const path = unescape(rawPath);
  const query = parseQuery(queries.join("?"));
  if (path === undefined || query === undefined) return new RequestError("target_malformed");
  const segments = path.replace(/^\/+/, "").split("/");
  const body = options.parsesBody ? parseCallBody(http, { path: segments, messages }) : {};
  if (body instanceof RequestError) return body;
  const principal = textAt(memberOf(attributes, "source"), "principal");
  return {
    ...(attributes === undefined ? {} : { attributes: renderTime(attributes, options) }),
    version: { ext_authz: "v3", encoding: "protojson" },
    parsed_path: segments,
    parsed_query: query,
    ...body,
    ...(principal === "" ? {} : { source_principal: principal }),
  };
}

function unescape(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function renderTime(attributes: JsonObject, { requestTime }: OpaOptions): JsonObject {
  const request = memberOf(attributes, "request");
  const time = memberOf(request, "time");
  if (requestTime === "object" || time === undefined) return attributes;
  return { ...attributes, request: { ...request, time: renderRfc3339(time) } };
}

/** With as many decimals as are needed, of 0, 3, 6 and 9. */
function renderRfc3339(time: JsonObject): Json {
  const [seconds, nanos] = [time["seconds"] ?? 0, time["nanos"] ?? 0].map(Number);
  const instant = new Date(Number(seconds) * 1000);
  if (Number.isNaN(instant.getTime())) return null;
  const decimals = String(nanos)
    .padStart(9, "0")
    .replace(/(?:000)+$/, "");
  return `${instant.toISOString().slice(0, -5)}${decimals === "" ? "" : `.${decimals}`}Z`;
}
