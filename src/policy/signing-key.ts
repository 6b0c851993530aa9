/** A configured public key, and whether it made a signature. The algorithm is the key's own, whatever a header says. */
import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { isJsonObject } from "../domain/json.ts";
import { BundleRejected } from "./bundle-rejected.ts";
import type { BundleKey, SignatureAlgorithm } from "./options.ts";

const curves: Readonly<Record<string, string>> = { ES256: "prime256v1", ES384: "secp384r1", ES512: "secp521r1" };
const modulusBitsMin = 2048;

/** Throws a BundleRejected when the key itself cannot be used. */
export function isSignedBy(key: BundleKey, signed: Buffer, signature: Buffer): boolean {
  const publicKey = loadKey(key);
  const hash = `sha${key.algorithm.slice(2)}`;
  switch (familyOf(key.algorithm)) {
    case "ES":
      return verify(hash, signed, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature);
    case "RS":
      return verify(hash, signed, publicKey, signature);
    case "PS": {
      const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
      return verify(hash, signed, { key: publicKey, padding, saltLength }, signature);
    }
  }
}

function familyOf(algorithm: SignatureAlgorithm): "ES" | "RS" | "PS" {
  if (algorithm.startsWith("ES")) return "ES";
  return algorithm.startsWith("RS") ? "RS" : "PS";
}

function loadKey({ id, algorithm, publicKey }: BundleKey): KeyObject {
  let key: KeyObject;
  try {
    key = parseKey(publicKey);
  } catch {
    throw new BundleRejected("bundle_signature_wrong", `the configured key ${id} cannot be read as a public key`);
  }
  if (!fits(key, algorithm)) {
    throw new BundleRejected("bundle_signature_wrong", `the configured key ${id} is not one for ${algorithm}`);
  }
  return key;
}

/** A private key would do the same here, but it has no business in this configuration. */
function parseKey(text: string): KeyObject {
  if (!text.trimStart().startsWith("{")) {
    if (text.includes("PRIVATE KEY")) throw new TypeError("a private key");
    return createPublicKey(text);
  }
  const jwk: unknown = JSON.parse(text);
  if (!isJsonObject(jwk) || Object.hasOwn(jwk, "d")) throw new TypeError("not a public JWK");
  return createPublicKey({ key: jwk, format: "jwk" });
}

function fits({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject, algorithm: SignatureAlgorithm): boolean {
  if (familyOf(algorithm) === "ES") return asymmetricKeyDetails?.namedCurve === curves[algorithm];
  return asymmetricKeyType === "rsa" && (asymmetricKeyDetails?.modulusLength ?? 0) >= modulusBitsMin;
}
