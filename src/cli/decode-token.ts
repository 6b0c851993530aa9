/** Header and claims of a token as they stand there, believed in nothing; or why they cannot even be read. */
import { decodeBase64url } from "../domain/strict-encoding.ts";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { RequestError, requestErrors } from "../domain/request-error.ts";
import { parseStrictJson } from "../domain/strict-json.ts";

const unreadableReasons = {
  encrypted: "It is encrypted (a JWE); no part of this house takes encrypted tokens.",
  not_compact: "It is no compact JWS: three parts of base64url, with a dot between.",
  not_canonical: "A part of it is no base64url, or a second spelling of its bytes.",
  header_malformed: "Its header is no JSON object that every reader reads alike.",
  claims_malformed: "Its payload is no JSON object that every reader reads alike.",
} as const;

export interface UnreadableToken {
  readonly code: keyof typeof unreadableReasons;
  readonly message: string;
}

export interface DecodedToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

export function decodeToken(compact: string): DecodedToken | UnreadableToken {
  const parts = compact.split(".", 6);
  if (parts.length === 5) return unreadable("encrypted");
  const [headerPart, claimsPart] = parts;
  if (parts.length !== 3 || headerPart === undefined || claimsPart === undefined) return unreadable("not_compact");
  const bytes = parts.map(decodeBase64url);
  if (bytes.includes(undefined)) return unreadable("not_canonical");
  const header = readObject(bytes[0]);
  if (typeof header === "string") return unreadable("header_malformed", header);
  const claims = readObject(bytes[1]);
  return typeof claims === "string" ? unreadable("claims_malformed", claims) : { header, claims };
}

export function isUnreadable(decoded: DecodedToken | UnreadableToken): decoded is UnreadableToken {
  return "code" in decoded;
}

function unreadable(code: UnreadableToken["code"], why?: string): UnreadableToken {
  const message = unreadableReasons[code];
  return { code, message: why === undefined ? message : `${message} ${why}` };
}

/** The object, or what is wrong with it. */
function readObject(bytes: Buffer | undefined): JsonObject | string {
  const value = bytes && parseStrictJson(bytes);
  if (value instanceof RequestError) return requestErrors[value.code];
  return isJsonObject(value) ? value : "It is JSON, but no object.";
}
