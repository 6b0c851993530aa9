/**
 * Reads Envoy's CheckRequest into a held call, by the numbers of `envoy-auth-v3.proto`. A message that says a thing
 * twice, in one form or in two, is refused; what no policy of ours reads (addresses, certificates, sessions) is skipped.
 */
import { emptyObject, type JsonObject } from "../../../domain/json.ts";
import { RequestError } from "../../../domain/request-error.ts";
import type { HeldCall } from "../held-call.ts";
import { checkBytesMax } from "./limits.ts";
import { readBody, readHttpRequest } from "./read-http-request.ts";
import { createNodeBudget, readNamed, readStruct } from "./read-struct.ts";
import { once, tagOf, Unreadable, WireReader } from "./wire-reader.ts";

const checkRequest = { attributes: tagOf(1, "delimited") } as const;
const attributes = {
  source: tagOf(1, "delimited"),
  request: tagOf(4, "delimited"),
  metadataContext: tagOf(11, "delimited"),
} as const;
const request = { http: tagOf(2, "delimited") } as const;
const peer = { principal: tagOf(4, "delimited") } as const;

export function readCheck(bytes: Buffer): HeldCall | RequestError {
  if (bytes.length > checkBytesMax) return new RequestError("body_too_large");
  try {
    return readCall(new WireReader(bytes));
  } catch (cause) {
    if (cause instanceof Unreadable) return new RequestError(cause.code);
    throw cause;
  }
}

function readCall(check: WireReader): HeldCall {
  const context = requireMessage(check, checkRequest.attributes);
  let source: WireReader | undefined;
  let asked: WireReader | undefined;
  let metadata: WireReader | undefined;
  for (let tag = context.next(); tag !== undefined; tag = context.next()) {
    if (tag === attributes.source) source = once(source, context.message());
    else if (tag === attributes.request) asked = once(asked, context.message());
    else if (tag === attributes.metadataContext) metadata = once(metadata, context.message());
    else context.skip(tag);
  }
  // A connection that is no HTTP is not held for us to judge.
  if (asked === undefined) throw new Unreadable();
  const found = readHttpRequest(requireMessage(asked, request.http));
  return {
    method: found.method,
    host: found.host,
    target: found.path,
    headers: found.headers,
    body: readBody(found),
    metadata: metadata === undefined ? emptyObject : readMetadata(metadata),
    peer: source === undefined ? undefined : readPrincipal(source),
  };
}

function requireMessage(message: WireReader, wanted: number): WireReader {
  let found: WireReader | undefined;
  for (let tag = message.next(); tag !== undefined; tag = message.next()) {
    if (tag === wanted) found = once(found, message.message());
    else message.skip(tag);
  }
  if (found === undefined) throw new Unreadable();
  return found;
}

/** By the name of the filter that wrote it. */
const readMetadata = (message: WireReader): JsonObject => readNamed(message, createNodeBudget(), 0, readStruct);

/** Gateways write an empty one for a connection without mutual TLS. */
function readPrincipal(message: WireReader): string | undefined {
  let principal: string | undefined;
  for (let tag = message.next(); tag !== undefined; tag = message.next()) {
    if (tag === peer.principal) principal = once(principal, message.text());
    else message.skip(tag);
  }
  return principal === "" ? undefined : principal;
}
