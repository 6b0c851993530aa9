/** A JWK set (RFC 7517 §5), taken whole or not at all, wherever it comes from. */
import type { KeyObject } from "node:crypto";
import { isJsonArray, isJsonObject, type JsonObject, ownMember } from "../../domain/json.ts";
import { identityLimits } from "../limits.ts";
import { parsePublicKey, type PublicKey } from "./public-key.ts";
import type { SignatureAlgorithm } from "./signature-algorithm.ts";

/** The issuer's keys for signatures, perhaps none. Undefined: one entry is no public key, or two have one name (P16, P20). */
export function parseKeySet(set: unknown, issuer: string): readonly PublicKey[] | undefined {
  const entries = isJsonObject(set) ? ownMember(set, "keys") : undefined;
  if (!isJsonArray(entries) || entries.length > identityLimits.keysMax) return undefined;
  const keys: PublicKey[] = [];
  for (const entry of entries) {
    if (!isJsonObject(entry)) return undefined;
    const key = parsePublicKey(entry);
    if (key === undefined) return undefined;
    if (key !== "unused" && isOfIssuer(entry, issuer)) keys.push(key);
  }
  const named = keys.map(({ keyId }) => keyId).filter((keyId) => keyId !== undefined);
  return new Set(named).size < named.length ? undefined : keys;
}

/**
 * Entra publishes keys of several issuers in one set, and says of each whose it is, with a place for the tenant's id: a
 * key for consumers' accounts must not sign for a company's tenant.
 */
function isOfIssuer(entry: JsonObject, issuer: string): boolean {
  const named = ownMember(entry, "issuer");
  const [, , , tenant = ""] = issuer.split("/");
  return named === undefined || (typeof named === "string" && named.replace("{tenantid}", () => tenant) === issuer);
}

/** As {@link import("./issuer-keys.ts").IssuerKeys.find} promises. */
export function findKey(
  keys: readonly PublicKey[],
  keyId: string | undefined,
  algorithm: SignatureAlgorithm,
): KeyObject | undefined {
  const fitting = keys.filter((key) => key.isGoodFor(algorithm));
  if (keyId === undefined) return fitting.length === 1 ? fitting[0]?.key : undefined;
  return fitting.find((key) => key.keyId === keyId)?.key;
}
