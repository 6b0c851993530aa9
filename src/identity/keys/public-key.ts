/** One public JWK (RFC 7517), held to what it says that it is for. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { isJsonArray, type JsonObject, ownMember } from "../../domain/json.ts";
import { fitsAlgorithm, isSignatureAlgorithm, type SignatureAlgorithm } from "./signature-algorithm.ts";

export interface PublicKey {
  readonly keyId: string | undefined;
  /** The one that it names, if it names one. */
  readonly algorithm: SignatureAlgorithm | undefined;
  readonly key: KeyObject;
  isGoodFor(algorithm: SignatureAlgorithm): boolean;
}

const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];
const kinds: readonly unknown[] = ["EC", "RSA", "OKP", "oct"];

/**
 * "unused": a whole key for something else, as issuers publish beside their signing keys. Undefined: no public key, or
 * one whose private half is in the open (P20).
 */
export function parsePublicKey(jwk: JsonObject): PublicKey | "unused" | undefined {
  if (privateMembers.some((name) => Object.hasOwn(jwk, name))) return undefined;
  const keyId = ownMember(jwk, "kid");
  if (keyId !== undefined && (typeof keyId !== "string" || keyId === "")) return undefined;
  if (!isForSignatures(jwk)) return "unused";
  const named = ownMember(jwk, "alg");
  if (named !== undefined && (typeof named !== "string" || !isSignatureAlgorithm(named))) return "unused";
  const key = importPublic(jwk);
  if (key === undefined || (named !== undefined && !fitsAlgorithm(key, named))) return undefined;
  return {
    keyId,
    algorithm: named,
    key,
    isGoodFor: (algorithm) => (named === undefined || isSameName(named, algorithm)) && fitsAlgorithm(key, algorithm),
  };
}

function isForSignatures(jwk: JsonObject): boolean {
  // RFC 7517 §5: a kind of key that is not understood is ignored, or an issuer could never publish a newer one.
  const kind = ownMember(jwk, "kty");
  if (typeof kind === "string" && !kinds.includes(kind)) return false;
  const use = ownMember(jwk, "use");
  const operations = ownMember(jwk, "key_ops");
  if (operations !== undefined && !(isJsonArray(operations) && operations.includes("verify"))) return false;
  return use === undefined || use === "sig";
}

/** RFC 9864 names with `Ed25519` what `EdDSA` names with the curve. */
function isSameName(left: SignatureAlgorithm, right: SignatureAlgorithm): boolean {
  const edwards: readonly SignatureAlgorithm[] = ["EdDSA", "Ed25519"];
  return left === right || (edwards.includes(left) && edwards.includes(right));
}

function importPublic(jwk: JsonObject): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: "jwk" });
  } catch {
    return undefined;
  }
}
