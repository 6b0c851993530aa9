/** Signatures that are accepted at all: asymmetric, each with the one kind of key that it is for (P1). */
import { constants, type KeyObject, type SigningOptions, verify } from "node:crypto";
import { identityLimits } from "../limits.ts";

export type SignatureAlgorithm = keyof typeof algorithms;

interface Algorithm {
  /** Null: the algorithm hashes by itself. */
  readonly hash: string | null;
  readonly options: SigningOptions;
  readonly fits: (key: KeyObject) => boolean;
}

const onCurve = (hash: string, curve: string): Algorithm => ({
  hash,
  options: { dsaEncoding: "ieee-p1363" },
  fits: (key) => key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === curve,
});

const fitsRsa = (key: KeyObject): boolean => {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return key.asymmetricKeyType === "rsa" && bits >= identityLimits.rsaBitsMin && bits <= identityLimits.rsaBitsMax;
};
const pkcs1 = (hash: string): Algorithm => ({
  hash,
  options: { padding: constants.RSA_PKCS1_PADDING },
  fits: fitsRsa,
});
const pss = (hash: string): Algorithm => ({
  hash,
  options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  fits: fitsRsa,
});
const ed25519: Algorithm = { hash: null, options: {}, fits: (key) => key.asymmetricKeyType === "ed25519" };

const algorithms = {
  ES256: onCurve("sha256", "prime256v1"),
  ES384: onCurve("sha384", "secp384r1"),
  ES512: onCurve("sha512", "secp521r1"),
  EdDSA: ed25519,
  /** RFC 9864's name for the same. */
  Ed25519: ed25519,
  RS256: pkcs1("sha256"),
  RS384: pkcs1("sha384"),
  RS512: pkcs1("sha512"),
  PS256: pss("sha256"),
  PS384: pss("sha384"),
  PS512: pss("sha512"),
} as const satisfies Readonly<Record<string, Algorithm>>;

export function isSignatureAlgorithm(name: string): name is SignatureAlgorithm {
  return Object.hasOwn(algorithms, name);
}

export function fitsAlgorithm(key: KeyObject, algorithm: SignatureAlgorithm): boolean {
  return algorithms[algorithm].fits(key);
}

/** The key must be one that fits the algorithm. */
export function isSignedWith(
  key: KeyObject,
  algorithm: SignatureAlgorithm,
  { signed, signature }: { readonly signed: Buffer; readonly signature: Buffer },
): boolean {
  const { hash, options } = algorithms[algorithm];
  return verify(hash, signed, { key, ...options }, signature);
}
