/** An issuer's keys as configuration has them: read once, at the start. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { Json } from "../../domain/json.ts";
import { RequestError } from "../../domain/request-error.ts";
import { parseStrictJson } from "../../domain/strict-json.ts";
import { identityLimits } from "../limits.ts";
import { ProfileError } from "../profiles/profile-error.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { findKey, parseKeySet } from "./key-set.ts";

export interface StaticKeysOptions {
  readonly kind: "static";
  /** The path of a JWK set file, or the JWK set itself. */
  readonly jwks: string | { readonly keys: readonly Json[] };
}

/** Throws a {@link ProfileError}; `issuer` names the place in it. */
export function createStaticKeys({ jwks }: StaticKeysOptions, issuer: string): IssuerKeys {
  const keys = parseKeySet(typeof jwks === "string" ? readSet(jwks, issuer) : jwks, issuer);
  if (keys === undefined) throw new ProfileError("keys_malformed", issuer);
  if (keys.length === 0) throw new ProfileError("keys_empty", issuer);
  return { find: (keyId, algorithm) => findKey(keys, keyId, algorithm) };
}

function readSet(path: string, issuer: string): Json {
  const bytes = readBounded(path, issuer);
  const set = bytes.byteLength > identityLimits.keySetBytesMax ? undefined : parseStrictJson(bytes);
  if (set === undefined || set instanceof RequestError) throw new ProfileError("keys_malformed", issuer);
  return set;
}

function readBounded(path: string, issuer: string): Buffer {
  try {
    // A pipe in the file's place must not hold the start.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(file).isFile()) throw new ProfileError("keys_unreadable", issuer);
      const buffer = Buffer.alloc(identityLimits.keySetBytesMax + 1);
      return buffer.subarray(0, readSync(file, buffer));
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw cause instanceof ProfileError ? cause : new ProfileError("keys_unreadable", issuer, { cause });
  }
}
