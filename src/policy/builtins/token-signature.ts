/**
 * Who made a signature: the algorithms of JWS (RFC 7518 §3) that OPA knows, each with the keys that fit it and no other.
 * A key of another kind, curve or size never verifies, whatever a header says.
 */
import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from "node:crypto";

/** Whether the key made the signature with this very algorithm; false for one that is not known. Never throws. */
export type SignatureCheck = (algorithm: string, signed: Buffer, signature: Buffer) => boolean;

interface Scheme {
  readonly family: "RS" | "PS" | "ES" | "HS" | "Ed";
  readonly hash: string | null;
  /** Of an elliptic curve: the only one, as OpenSSL calls it, and the length of the signature. */
  readonly curve?: string;
  readonly signatureBytes?: number;
}

const schemes: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ...[256, 384, 512].flatMap((size) =>
    (["RS", "PS", "HS"] as const).map((family): [string, Scheme] => [
      `${family}${size}`,
      { family, hash: `sha${size}` },
    ]),
  ),
  ["ES256", { family: "ES", hash: "sha256", curve: "prime256v1", signatureBytes: 64 }],
  ["ES384", { family: "ES", hash: "sha384", curve: "secp384r1", signatureBytes: 96 }],
  ["ES512", { family: "ES", hash: "sha512", curve: "secp521r1", signatureBytes: 132 }],
  ["EdDSA", { family: "Ed", hash: null, curve: "ed25519", signatureBytes: 64 }],
  // RFC 9864's name of the same.
  ["Ed25519", { family: "Ed", hash: null, curve: "ed25519", signatureBytes: 64 }],
]);

/** A JWK or a JWK set; a `k` in it is not its text. */
const jwkStart = /^\s*\{.*"k(?:ty|eys)"/su;

/** RFC 7518 §3.3 and §3.5. */
const modulusBitsMin = 2048;
/** FIPS 186-5 asks for 2^16 + 1; this is the least that signs at all. */
const publicExponentMin = 3n;

export const neverSigned: SignatureCheck = () => false;

/** No secret is empty, and none is a certificate, a key or a set of them: whoever knows that could sign (RFC 8725 §2.1). */
export function createSecretCheck(secret: Buffer): SignatureCheck {
  if (secret.length === 0 || secret.includes("-----BEGIN ") || jwkStart.test(secret.toString("latin1"))) {
    return neverSigned;
  }
  return (algorithm, signed, signature) => {
    const scheme = schemes.get(algorithm);
    if (scheme?.family !== "HS" || scheme.hash === null) return false;
    const code = createHmac(scheme.hash, secret).update(signed).digest();
    return code.length === signature.length && timingSafeEqual(code, signature);
  };
}

export function createKeyCheck(key: KeyObject): SignatureCheck {
  return (algorithm, signed, signature) => {
    const scheme = schemes.get(algorithm);
    switch (scheme?.family) {
      case "RS":
      case "PS":
        return isRsaSigned(key, scheme, signed, signature);
      case "ES":
        return (
          isCurve(key, scheme, signature) && verify(scheme.hash, signed, { key, dsaEncoding: "ieee-p1363" }, signature)
        );
      case "Ed":
        return isCurve(key, scheme, signature) && verify(null, signed, key, signature);
      case "HS":
      case undefined:
        return false;
    }
  };
}

/** The length is asked here, and not left to how an engine reads two halves of another one, or DER. */
function isCurve(key: KeyObject, { curve, signatureBytes }: Scheme, signature: Buffer): boolean {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key;
  return (kind === "ec" ? details?.namedCurve : kind) === curve && signature.length === signatureBytes;
}

function isRsaSigned(key: KeyObject, { family, hash }: Scheme, signed: Buffer, signature: Buffer): boolean {
  const { modulusLength: modulusBits = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  // With 1 every signature is the text itself, and anybody's.
  if (key.asymmetricKeyType !== "rsa" || publicExponent < publicExponentMin) return false;
  if (modulusBits < modulusBitsMin || signature.length !== Math.ceil(modulusBits / 8)) return false;
  const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  const padding = family === "PS" ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
  return verify(hash, signed, { key, padding, saltLength }, signature);
}
