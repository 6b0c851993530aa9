/** The keys that a policy names as text: a PEM certificate or public key, a JWK, or a JWK set. Undefined is OPA's error. */
import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../../domain/json.ts";
import { assertWithin, builtinBounds } from "./bounds.ts";
import { createKeyCheck, createSecretCheck, neverSigned, type SignatureCheck } from "./token-signature.ts";

export interface TokenKey {
  /** `kid`; empty when the key has none. */
  readonly id: string;
  /** The only algorithm that the key says it is for; empty when it says none. */
  readonly algorithm: string;
  readonly isSignedBy: SignatureCheck;
}

const kept = new Map<string, readonly TokenKey[]>();

/** Reading them is slow and policies ask with the same few texts, so the last ones are kept. */
export function readTokenKeys(text: string): readonly TokenKey[] | undefined {
  assertWithin("keyTextLengthMax", text.length);
  const keys = kept.get(text) ?? parseKeys(text);
  if (keys !== undefined) {
    kept.delete(text);
    kept.set(text, keys);
    const [oldest] = kept.keys();
    if (kept.size > builtinBounds.keyTextsKeptMax && oldest !== undefined) kept.delete(oldest);
  }
  return keys;
}

function parseKeys(text: string): readonly TokenKey[] | undefined {
  if (text.includes(blockStart)) return parsePem(text);
  const document = attempt((): unknown => JSON.parse(text));
  if (!isJsonObject(document)) return undefined;
  const members = Object.hasOwn(document, "keys") ? document["keys"] : [document];
  if (!isJsonArray(members)) return undefined;
  assertWithin(
    "tokenKeysMax",
    members.reduce((sum: number, member) => sum + weightOf(member), 0),
  );
  const keys: TokenKey[] = [];
  for (const member of members) {
    const key = isJsonObject(member) ? parseJwk(member) : undefined;
    if (key === undefined) return undefined;
    if (key !== "of_no_use") keys.push(key);
  }
  return keys;
}

/** OpenSSL has fast code for few curves; of RSA, the time grows by the square of the length. */
function weightOf(member: Json): number {
  const [curve, modulus] = isJsonObject(member) ? [ownMember(member, "crv"), ownMember(member, "n")] : [];
  if (curve === "P-384") return 4;
  return curve === "P-521" || (typeof modulus === "string" && modulus.length > modulusLengthMax) ? 8 : 1;
}

/** 4,096 bits in base64, padded. */
const modulusLengthMax = 684;
const blockStart = "-----BEGIN ";

/** Exactly one block, which nothing but the end of its last line may follow. */
function parsePem(text: string): readonly TokenKey[] | undefined {
  const start = text.indexOf(blockStart);
  const lines = text.slice(start).split("\n");
  if (lines.at(-1) === "") lines.pop();
  const [first = "", ...rest] = lines.map((line) => line.trimEnd());
  const type = /^-----BEGIN (CERTIFICATE|PUBLIC KEY)-----$/u.exec(first)?.[1];
  const isWhole = (start === 0 || text[start - 1] === "\n") && rest.pop() === `-----END ${type}-----`;
  const base64 = rest.join("").replaceAll(/[ \t\r]/gu, "");
  if (type === undefined || !isWhole || !/^[A-Za-z0-9+/]+={0,2}$/u.test(base64)) return undefined;
  const der = Buffer.from(base64, "base64");
  const key = attempt(() => (type === "CERTIFICATE" ? keyOfCertificate(der) : keyOfDer(der)));
  return key === undefined ? undefined : [{ id: "", algorithm: "", isSignedBy: createKeyCheck(key) }];
}

/** Whose, since when and until when does not matter to OPA: the policy chose the certificate. */
function keyOfCertificate(der: Buffer): KeyObject {
  const certificate = new X509Certificate(der);
  if (!certificate.raw.equals(der)) throw new TypeError("more than a certificate");
  return certificate.publicKey;
}

function keyOfDer(der: Buffer): KeyObject {
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  if (!key.export({ format: "der", type: "spki" }).equals(der)) throw new TypeError("more than a public key");
  return key;
}

const verifying = /^(?:[RPEH]S(?:256|384|512)|EdDSA)$/u;
/** The names of RFC 7518 that are for something else: such a key is passed over, where one of no known name spoils the set. */
const notVerifying =
  /^(?:none|ES256K|Ed25519|dir|RSA1_5|RSA-OAEP(?:-256|-384|-512)?|A(?:128|192|256)(?:GCM|KW|GCMKW)|A128CBC-HS256|A192CBC-HS384|A256CBC-HS512|ECDH-ES(?:\+A(?:128|192|256)KW)?|PBES2-HS(?:256\+A128|384\+A192|512\+A256)KW)$/u;

function parseJwk(jwk: JsonObject): TokenKey | "of_no_use" | undefined {
  const [id, algorithm] = [textMember(jwk, "kid"), textMember(jwk, "alg")];
  const [mayVerify, isSignedBy] = [isForVerifying(jwk), attempt(() => checkOf(jwk))];
  if (id === undefined || algorithm === undefined) return undefined;
  if (mayVerify === undefined || isSignedBy === undefined) return undefined;
  if (notVerifying.test(algorithm)) return "of_no_use";
  if (Object.hasOwn(jwk, "alg") && !verifying.test(algorithm)) return undefined;
  return { id, algorithm, isSignedBy: mayVerify ? isSignedBy : neverSigned };
}

/** Never with a private key: one that lies in a policy's data is everybody's. Undefined for types that cannot be. */
function isForVerifying(jwk: JsonObject): boolean | undefined {
  const [use, operations] = [textMember(jwk, "use"), ownMember(jwk, "key_ops") ?? ["verify"]];
  if (use === undefined || !isJsonArray(operations)) return undefined;
  // `alg` says more than `use`, which may be left out.
  const isMeant = use === "" || use === "sig" || Object.hasOwn(jwk, "alg");
  return isMeant && operations.includes("verify") && ownMember(jwk, "d") === undefined;
}

/** Empty when there is none; undefined when it is no text. */
function textMember(jwk: JsonObject, name: string): string | undefined {
  const member = ownMember(jwk, name) ?? "";
  return typeof member === "string" ? member : undefined;
}

/** In either alphabet, with padding or without. */
const bytes =
  /^(?:(?:[\w-]{4})*(?:[\w-]{2}(?:==)?|[\w-]{3}=?)?|(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}(?:==)?|[A-Za-z\d+/]{3}=?)?)$/u;

/** Throws for what is no key. Only the members that make the key are handed on. */
function checkOf(jwk: JsonObject): SignatureCheck {
  const text = (name: string): string => {
    const member = ownMember(jwk, name);
    if (typeof member !== "string" || member === "" || !bytes.test(member)) throw new TypeError(`no ${name}`);
    return member;
  };
  const [kty, crv] = [ownMember(jwk, "kty"), ownMember(jwk, "crv")];
  if (kty === "RSA") return checkWithJwk({ kty, n: text("n"), e: text("e") });
  if (kty === "EC" && (crv === "P-256" || crv === "P-384" || crv === "P-521")) {
    return checkWithJwk({ kty, crv, x: text("x"), y: text("y") });
  }
  if (kty === "OKP" && (crv === "Ed25519" || crv === "X25519")) return checkWithJwk({ kty, crv, x: text("x") });
  if (kty === "oct") return createSecretCheck(Buffer.from(text("k"), "base64url"));
  throw new TypeError("no key that is known");
}

function checkWithJwk(key: Readonly<Record<string, string>>): SignatureCheck {
  return createKeyCheck(createPublicKey({ key, format: "jwk" }));
}

/** OpenSSL says no by throwing, and its words could hold some of the key. */
function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
