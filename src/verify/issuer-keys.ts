/** The issuer's keys: given, or fetched from the one configured address and kept for a while. */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type FetchImplementation,
  type JWTVerifyGetKey,
} from "jose";
import { isJsonArray, ownMember } from "../domain/json.ts";
import { limits } from "./limits.ts";
import { readObject } from "./read-compact.ts";
import type { RoleTokenExpectations } from "./role-token.ts";

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);
const remembered = new Map<string, JWTVerifyGetKey>();

/** Throws a TypeError for an address or a set that cannot be one. */
export function issuerKeys({ jwks, keys }: RoleTokenExpectations): JWTVerifyGetKey {
  if (jwks === undefined) return createLocalSet(keys);
  const url = new URL(jwks);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback.has(url.hostname))) {
    throw new TypeError("jwks is an https address, or one of this machine");
  }
  const known = remembered.get(url.href);
  if (known !== undefined) return known;
  const created = createRemoteJWKSet(url, {
    timeoutDuration: limits.keysTimeoutSeconds * 1000,
    cacheMaxAge: limits.keysAgeSecondsMax * 1000,
    [customFetch]: createBoundedFetch(),
  });
  const [oldest] = remembered.keys();
  if (oldest !== undefined && remembered.size >= limits.issuersMax) remembered.delete(oldest);
  remembered.set(url.href, created);
  return created;
}

function createLocalSet(keys: RoleTokenExpectations["keys"]): JWTVerifyGetKey {
  if (keys === undefined) throw new TypeError("one of jwks and keys");
  try {
    return createLocalJWKSet(keys);
  } catch (cause) {
    throw new TypeError("keys is a JWK set", { cause });
  }
}

/** Reads no more than a key set can be, and leaves an issuer that just failed alone. */
function createBoundedFetch(): FetchImplementation {
  let failedAt = -Infinity;
  return async (url, options) => {
    if (performance.now() - failedAt < limits.keysRetrySeconds * 1000) throw new Error("the keys just failed to come");
    try {
      const response = await fetch(url, options);
      if (response.status !== 200) throw new Error("the keys did not come");
      const text = await readBounded(response);
      const set = readObject(new TextEncoder().encode(text));
      if (set === undefined || !isJsonArray(ownMember(set, "keys"))) throw new Error("no key set came");
      return new Response(text, { status: 200 });
    } catch (cause) {
      failedAt = performance.now();
      throw cause;
    }
  };
}

async function readBounded({ body }: { readonly body: AsyncIterable<Uint8Array> | null }): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let sizeBytes = 0;
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limits.keysBytesMax) throw new Error("too large for a key set");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
