/**
 * One GET for one JSON document, from a server that may be broken or hostile. It takes 200, uncompressed, of a bounded
 * size and in strict JSON, and nothing else: no redirect, no cookie, no proxy, no second try.
 */
import type { IncomingMessage } from "node:http";
import type { Json } from "../../domain/json.ts";
import { RequestError } from "../../domain/request-error.ts";
import { parseStrictJson } from "../../domain/strict-json.ts";
import { identityLimits } from "../limits.ts";
import { createLookup } from "./key-address.ts";
import { KeyFetchError } from "./key-fetch-error.ts";

export interface FetchedJson {
  readonly json: Json;
  /** What `Cache-Control` says, undefined when it says nothing of it. */
  readonly maxAgeSeconds: number | undefined;
}

/** Throws a {@link KeyFetchError}. `signal` ends it at any time: its time limit is the caller's. */
export async function fetchJson(url: URL, signal: AbortSignal): Promise<FetchedJson> {
  try {
    const response = await sendGet(url, signal);
    try {
      checkHead(response);
      const bytes = await readBody(response);
      const json = parseStrictJson(bytes);
      if (json instanceof RequestError) throw new KeyFetchError("not_json", json.code);
      return { json, maxAgeSeconds: readMaxAge(response.headers["cache-control"]) };
    } finally {
      response.destroy();
    }
  } catch (cause) {
    throw cause instanceof KeyFetchError ? cause : new KeyFetchError("unreachable", systemCode(cause), { cause });
  }
}

const headers = {
  Accept: "application/jwk-set+json, application/json",
  "Accept-Encoding": "identity",
  "User-Agent": "chaperone",
} as const;

function sendGet(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = {
    headers,
    signal,
    // One connection, used once: no pool to be full of dead ones, and none that a proxy of the environment is set for.
    agent: false,
    lookup: createLookup(url.hostname),
    maxHeaderSize: identityLimits.keyHeadBytesMax,
    insecureHTTPParser: false,
    // Also where the environment says otherwise.
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
  } as const;
  const { request } = process.getBuiltinModule(url.protocol === "https:" ? "node:https" : "node:http");
  const sent = request(url, options);
  sent.once("response", (response) => {
    // What breaks while the body is read reaches its reader; what breaks after that concerns nobody.
    response.on("error", () => {});
    resolve(response);
  });
  sent.on("error", reject);
  // An answer that is no response, such as 101, ends without an error.
  sent.on("close", () => reject(new KeyFetchError("unreachable", "no response")));
  sent.end();
  return promise;
}

/** RFC 8259, and RFC 6839's suffix, with parameters or without. */
const jsonType = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

function checkHead({ statusCode = 0, headers }: IncomingMessage): void {
  if (statusCode !== 200) {
    throw new KeyFetchError(Math.floor(statusCode / 100) === 3 ? "redirected" : "status_wrong", String(statusCode));
  }
  const encoding = headers["content-encoding"]?.toLowerCase() ?? "identity";
  if (encoding !== "identity") throw new KeyFetchError("encoded");
  if (!jsonType.test(headers["content-type"] ?? "")) throw new KeyFetchError("media_type_wrong");
  if (Number(headers["content-length"] ?? 0) > identityLimits.keySetBytesMax) throw new KeyFetchError("too_large");
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError("a response without encoding is bytes");
    size += chunk.byteLength;
    if (size > identityLimits.keySetBytesMax) throw new KeyFetchError("too_large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** RFC 9111 §5.2.2.1; the shortest where several stand. `no-store` and `no-cache` say nothing of time. */
function readMaxAge(cacheControl: string | undefined): number | undefined {
  const named = (cacheControl ?? "").matchAll(/(?:^|,)\s*max-age="?(\d{1,9})"?\s*(?=,|$)/gi);
  const ages = [...named].map(([, seconds]) => Number(seconds));
  return ages.length === 0 ? undefined : Math.min(...ages);
}

function systemCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !("code" in cause) || typeof cause.code !== "string") return undefined;
  return /^[A-Z0-9_]{1,64}$/.test(cause.code) ? cause.code : undefined;
}
