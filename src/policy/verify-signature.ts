/**
 * Whether a bundle is what the holder of a configured key signed: every entry listed and unchanged, none missing
 * (`opa build --signing-key`, `opa sign`). Runs before anything else of the bundle is read.
 */
import { createHash } from "node:crypto";
import { decodeBase64url } from "../domain/strict-encoding.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../domain/json.ts";
import { BundleRejected } from "./bundle-rejected.ts";
import { renderCanonical } from "./canonical-json.ts";
import { normaliseEntryName } from "./entry-name.ts";
import { parseDocument } from "./json-document.ts";
import type { BundleKey, BundleSignature } from "./options.ts";
import type { BundleEntries } from "./read-archive.ts";
import { isSignedBy } from "./signing-key.ts";

const signaturesName = ".signatures.json";

/** Throws a BundleRejected. A signature that nobody asked for is refused too: nothing here could verify it. */
export function verifySignature(entries: BundleEntries, signature: BundleSignature): void {
  const file = entries.get(signaturesName);
  if (signature.mode === "none") {
    if (file === undefined) return;
    throw wrong("the bundle is signed and no key is configured to verify it");
  }
  if (file === undefined) throw wrong("the bundle is not signed");
  const payload = verifyToken(readToken(file), signature);
  const left = new Map(listedFiles(payload).map((listed) => [listed.name, listed]));
  for (const [name, bytes] of entries) {
    if (name === signaturesName) continue;
    const listed = left.get(name);
    if (listed === undefined) throw wrong(`${name} is not covered by the signature`);
    if (hashEntry(name, bytes, listed.algorithm) !== listed.hash) throw wrong(`${name} is not what was signed`);
    left.delete(name);
  }
  const [missing] = left.keys();
  if (missing !== undefined) throw wrong(`${missing} was signed and is missing`);
}

function readToken(file: Buffer): string {
  const signatures = parsePlain(file, signaturesName);
  const plugin = signatures["plugin"] ?? "_default";
  if (plugin !== "_default" && plugin !== "") throw wrong("the signature asks for a plugin");
  const tokens = signatures["signatures"];
  const token = isJsonArray(tokens) && tokens.length === 1 ? tokens[0] : undefined;
  if (typeof token !== "string") throw wrong(`${signaturesName} does not hold exactly one signature`);
  return token;
}

type RequiredSignature = Extract<BundleSignature, { mode: "required" }>;

/** The payload, once it is proven. Key and algorithm come from the configuration, the header only names a key. */
function verifyToken(token: string, { keys, keyId }: RequiredSignature): JsonObject {
  const [header64 = "", payload64 = "", signature64 = "", ...more] = token.split(".");
  if (more.length > 0) throw wrong("the signature is not a compact JWS");
  const header = parsePlain(decode(header64), "the signature's header");
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) throw wrong("the header has extensions");
  const payload = parsePlain(decode(payload64), "the signature's payload");
  const named = keyId ?? header["kid"] ?? payload["keyid"];
  const key = keys.find(({ id }) => id === named);
  if (key === undefined) throw wrong("the signature names no configured key");
  const signed = Buffer.from(`${header64}.${payload64}`, "ascii");
  if (!isSignedBy(key, signed, decode(signature64))) throw wrong(`the signature is not of the key ${key.id}`);
  checkScope(payload, key);
  return payload;
}

function checkScope(payload: JsonObject, key: BundleKey): void {
  if ((payload["scope"] ?? "") !== (key.scope ?? "")) throw wrong("the signature is for another scope");
}

/** Strict base64url: no padding, no other alphabet, no spare bits. */
function decode(text: string): Buffer {
  const bytes = decodeBase64url(text);
  if (text === "" || bytes === undefined) throw wrong("the signature is not a compact JWS");
  return bytes;
}

interface ListedFile {
  readonly name: string;
  /** Lower-case hex. */
  readonly hash: string;
  /** As node:crypto names it. */
  readonly algorithm: string;
}

/** OPA's names; MD5 and the SHA-1 and SHA-224 families are refused: a collision would be a second bundle. */
const hashAlgorithms: Readonly<Record<string, string>> = {
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
  "SHA-512-256": "sha512-256",
};

function listedFiles(payload: JsonObject): readonly ListedFile[] {
  const files = payload["files"];
  if (!isJsonArray(files)) throw wrong("the signature lists no files");
  const listed = files.map(parseListed);
  if (new Set(listed.map(({ name }) => name)).size !== listed.length) throw wrong("the signature lists a file twice");
  return listed;
}

function parseListed(file: Json): ListedFile {
  if (!isJsonObject(file)) throw wrong("the signature's list is malformed");
  const { name, hash, algorithm: opaName } = file;
  if (typeof name !== "string" || typeof hash !== "string" || typeof opaName !== "string") {
    throw wrong("the signature's list is malformed");
  }
  const algorithm = Object.hasOwn(hashAlgorithms, opaName) ? hashAlgorithms[opaName] : undefined;
  if (algorithm === undefined) throw wrong(`${name} is signed by a hash that is not accepted`);
  return { name: normaliseEntryName(name), hash: hash.toLowerCase(), algorithm };
}

/** Documents are hashed by what they say, everything else by its bytes. */
function hashEntry(name: string, bytes: Buffer, algorithm: string): string {
  const file = name.slice(name.lastIndexOf("/") + 1);
  const isDocument = file === "data.json" || file === ".manifest";
  return createHash(algorithm)
    .update(isDocument ? renderCanonical(parseDocument(bytes, name).text) : bytes)
    .digest("hex");
}

function parsePlain(bytes: Buffer, name: string): JsonObject {
  const { value } = parseDocument(bytes, name);
  if (!isJsonObject(value)) throw wrong(`${name} is not an object`);
  return value;
}

function wrong(detail: string): BundleRejected {
  return new BundleRejected("bundle_signature_wrong", detail);
}
