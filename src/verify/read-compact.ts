/** The token as text: bounded, canonical and with exactly the header of a role token, before anything is computed. */
import { base64url } from "jose";
import { isJsonObject, type JsonObject, unknownMember } from "../domain/json.ts";
import { parseKeyId } from "../domain/identifiers.ts";
import { RequestError } from "../domain/request-error.ts";
import { parseStrictJson } from "../domain/strict-json.ts";
import { limits } from "./limits.ts";
import { RoleTokenError } from "./role-token-error.ts";

export const algorithms = ["ES256", "EdDSA"];

const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Throws unless there is one way only to write this token (P10, P11), and its header says just what ours say (P17). */
export function checkCompact(token: unknown): asserts token is string {
  if (typeof token !== "string" || token.length > limits.tokenLengthMax || !compact.test(token)) {
    throw new RoleTokenError("token_malformed");
  }
  const [header] = token.split(".").map(decodeCanonical);
  checkHeader(header === undefined ? undefined : readObject(header));
}

/** The object, or undefined for what is not strictly one: twice the same member, too deep, another type. */
export function readObject(bytes: Uint8Array): JsonObject | undefined {
  const value = parseStrictJson(bytes);
  return !(value instanceof RequestError) && isJsonObject(value) ? value : undefined;
}

function decodeCanonical(segment: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = base64url.decode(segment);
  } catch {
    throw new RoleTokenError("token_malformed");
  }
  if (base64url.encode(bytes) !== segment) throw new RoleTokenError("token_malformed");
  return bytes;
}

function checkHeader(header: JsonObject | undefined): void {
  if (header === undefined || unknownMember(header, ["typ", "alg", "kid"]) !== undefined) {
    throw new RoleTokenError("header_wrong");
  }
  const { typ, alg, kid } = header;
  const isAccepted = typ === "at+jwt" && typeof alg === "string" && algorithms.includes(alg);
  if (!isAccepted || parseKeyId(kid) === undefined) throw new RoleTokenError("header_wrong");
}
