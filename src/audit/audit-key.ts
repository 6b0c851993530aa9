/** The log's own Ed25519 key: it signs checkpoints and nothing else. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { unavailable } from "./audit-error.ts";

export interface AuditKey {
  /** The raw public key in base64url, as `x` of its JWK. */
  readonly publicKey: string;
  sign(text: string): string;
}

/** PKCS #8 PEM. A missing file is created when `mayCreate`, readable by its owner alone, with its public half beside it. */
export function loadAuditKey(file: string, mayCreate: boolean): AuditKey {
  try {
    if (mayCreate && !existsSync(file)) createKeyFile(file);
    const key = createPrivateKey(readFileSync(file, "utf8"));
    if (key.asymmetricKeyType !== "ed25519") throw unavailable("the audit key is not an Ed25519 key");
    return { publicKey: rawPublicKey(createPublicKey(key)), sign: (text) => signText(key, text) };
  } catch (cause) {
    throw unavailable("the audit key cannot be loaded", cause);
  }
}

/** A file that appears whole or not at all: a half-written key would stop every later start. */
function createKeyFile(file: string): void {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flush: true });
  writeFileSync(`${file}.pub`, publicKey.export({ type: "spki", format: "pem" }), { mode: 0o644, flush: true });
  renameSync(`${file}.new`, file);
}

function signText(key: KeyObject, text: string): string {
  return sign(null, Buffer.from(text), key).toString("base64url");
}

function rawPublicKey(key: KeyObject): string {
  const { x } = key.export({ format: "jwk" });
  if (x === undefined) throw unavailable("the audit key has no public half");
  return x;
}

/** An SPKI or PKCS #8 PEM, or the raw key in base64url; undefined for anything else. */
export function parseAuditPublicKey(text: string): string | undefined {
  const raw = text.trim();
  if (/^[A-Za-z0-9_-]{43}$/.test(raw)) return raw;
  try {
    const key = createPublicKey(raw);
    return key.asymmetricKeyType === "ed25519" ? rawPublicKey(key) : undefined;
  } catch {
    return undefined;
  }
}

export function isSignedBy(publicKey: string, signed: Buffer, signature: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
    return verify(null, signed, key, Buffer.from(signature, "base64url"));
  } catch {
    return false;
  }
}
