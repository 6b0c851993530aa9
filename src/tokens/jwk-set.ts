/** A JWK set file of private keys (RFC 7517) with `activate_at` beside each. */
import { createPrivateKey } from "node:crypto";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../domain/json.ts";
import { RequestError } from "../domain/request-error.ts";
import { parseStrictJson } from "../domain/strict-json.ts";
import { type KeyFile, parseActivation } from "./key-material.ts";
import { createSigningKey, type SigningKey } from "./signing-key.ts";
import { tokenBounds } from "./token-bounds.ts";
import type { SigningAlgorithm } from "./token-options.ts";
import { TokenRoomError } from "./token-room-error.ts";

export async function parseJwkSet(file: KeyFile, algorithm: SigningAlgorithm): Promise<readonly SigningKey[]> {
  const keys: SigningKey[] = [];
  for (const [index, entry] of listEntries(file).entries()) {
    keys.push(await parsePrivateJwk(entry, algorithm, `${file.name} keys[${index}]`));
  }
  return keys;
}

/** The entries as they stand in the file. */
export function listEntries(file: KeyFile): readonly Json[] {
  const set = parseStrictJson(Buffer.from(file.text));
  if (set instanceof RequestError) throw new TokenRoomError("key_set_malformed", file.name);
  const entries = isJsonObject(set) ? ownMember(set, "keys") : undefined;
  if (!isJsonArray(entries)) throw new TokenRoomError("key_set_malformed", file.name);
  if (entries.length > tokenBounds.keysMax) throw new TokenRoomError("key_set_too_large", file.name);
  return entries;
}

async function parsePrivateJwk(entry: Json, algorithm: SigningAlgorithm, place: string): Promise<SigningKey> {
  if (!isJsonObject(entry)) throw new TokenRoomError("key_malformed", place);
  checkPurpose(entry, algorithm, place);
  const { crv, x, y, d, kid } = entry;
  if (d === undefined) throw new TokenRoomError("key_private_missing", place);
  if (typeof crv !== "string" || typeof x !== "string" || typeof d !== "string") {
    throw new TokenRoomError("key_malformed", place);
  }
  const jwk = { kty: entry["kty"] === "EC" ? "EC" : "OKP", crv, x, d, ...(typeof y === "string" ? { y } : {}) };
  const key = await createSigningKey(
    { privateKey: importPrivateJwk(jwk, place), activateAt: parseActivation(entry["activate_at"], place), place },
    algorithm,
  );
  if (kid !== undefined && kid !== key.kid) throw new TokenRoomError("key_id_wrong", place);
  return key;
}

function importPrivateJwk(jwk: { kty: string; crv: string; x: string; d: string; y?: string }, place: string) {
  try {
    return createPrivateKey({ key: jwk, format: "jwk" });
  } catch {
    throw new TokenRoomError("key_malformed", place);
  }
}

/** RFC 7517 §4.2–4.4: a key that says what it is for is held to it. RFC 9864 spells EdDSA also `Ed25519`. */
function checkPurpose(entry: JsonObject, algorithm: SigningAlgorithm, place: string): void {
  const { kty, alg, use, key_ops: operations } = entry;
  const names: readonly unknown[] = algorithm === "ES256" ? ["ES256"] : ["EdDSA", "Ed25519"];
  const isKind = kty === (algorithm === "ES256" ? "EC" : "OKP");
  if (!isKind || (alg !== undefined && !names.includes(alg))) throw new TokenRoomError("key_algorithm_wrong", place);
  const maySign = operations === undefined || (isJsonArray(operations) && operations.includes("sign"));
  if ((use !== undefined && use !== "sig") || !maySign) throw new TokenRoomError("key_use_wrong", place);
}
