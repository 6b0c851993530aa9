/**
 * The last defence of "no token on record": identifiers are text that callers choose, and a careless gateway may put a
 * bearer token there. The text of it is withheld and the record is kept: refusing the record instead would let
 * an attacker make attempts that leave no trace.
 */
import { isJsonArray, isJsonObject, type Json } from "../domain/json.ts";

/** Every JWS and JWE in compact form begins with `{"` in base64url. */
const perhapsToken = /eyJ/;
const token = /eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){2,4}/g;

export function withholdTokens(json: string): string {
  if (!perhapsToken.test(json)) return json;
  // On values, not on the text: `\u000e` followed by `yJ` would match across an escape.
  const value: unknown = JSON.parse(json, (_name, member: Json) =>
    typeof member === "string" ? member.replaceAll(token, "[token withheld]") : member,
  );
  return isJsonObject(value) || isJsonArray(value) ? JSON.stringify(value) : json;
}
