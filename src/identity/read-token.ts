/**
 * A compact JWS (RFC 7515 §3.1) read strictly and believed in nothing: one spelling of one token, so that what was
 * verified is what is read. Everything that could point elsewhere for keys or meaning is refused with it.
 */
import { decodeBase64url } from "../domain/strict-encoding.ts";
import { isJsonObject, type JsonObject, ownMember, unknownMember } from "../domain/json.ts";
import { RequestError } from "../domain/request-error.ts";
import { parseStrictJson } from "../domain/strict-json.ts";
import { identityLimits } from "./limits.ts";

export interface ReadToken {
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly kind: HeaderKind;
  /** Unproven until the signature is verified. */
  readonly claims: JsonObject;
  /** The bytes that are signed. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** What `typ` says. A kind that is not listed can be accepted by no profile: a logout, an event, a proof (MK-9). */
export type TokenKind = "at+jwt" | "jwt" | "absent";
/** An assertion by which a client proves itself is no token of anybody; rfc7523bis names it. */
export type HeaderKind = TokenKind | "client-authentication+jwt" | "other";

const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** The two thumbprints point nowhere and are ignored; `crit`, `jku`, `jwk`, `x5u`, `x5c`, `zip` and all others refuse. */
const headerMembers = ["alg", "typ", "kid", "x5t", "x5t#S256"];

/** Its size is the caller's to bound first, before anything else is done with it. */
export function readToken(compact: string): ReadToken | undefined {
  if (!compactForm.test(compact)) return undefined;
  const [headerBytes, payloadBytes, signature] = compact.split(".").map(decodeBase64url);
  const header = readObject(headerBytes);
  const claims = readObject(payloadBytes);
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  if (unknownMember(header, headerMembers) !== undefined) return undefined;
  const algorithm = ownMember(header, "alg");
  const keyId = ownMember(header, "kid");
  const kind = readKind(header);
  if (typeof algorithm !== "string" || kind === undefined || !isKeyId(keyId)) return undefined;
  const signed = Buffer.from(compact.slice(0, compact.lastIndexOf(".")));
  return { algorithm, keyId, kind, claims, signed, signature };
}

function readObject(bytes: Buffer | undefined): JsonObject | undefined {
  const value = bytes && parseStrictJson(bytes);
  return value instanceof RequestError || !isJsonObject(value) ? undefined : value;
}

/** RFC 7515 §4.1.9: `application/` may be left out, and case does not count. */
function readKind(header: JsonObject): HeaderKind | undefined {
  const type = ownMember(header, "typ");
  if (type === undefined) return "absent";
  if (typeof type !== "string") return undefined;
  const name = type.toLowerCase().replace(/^application\//, "");
  return name === "at+jwt" || name === "jwt" || name === "client-authentication+jwt" ? name : "other";
}

function isKeyId(value: unknown): value is string | undefined {
  if (value === undefined) return true;
  return typeof value === "string" && value.length > 0 && value.length <= identityLimits.keyIdLengthMax;
}
