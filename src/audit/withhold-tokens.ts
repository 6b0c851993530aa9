/**
 * The last defence of "no token on record": identifiers are text that callers choose, and a careless gateway may put a
 * bearer token there. The text of it is withheld and the record is kept: refusing the record instead would let
 * an attacker make attempts that leave no trace.
 */
import { hash } from "node:crypto";
import type { Json } from "../domain/json.ts";

/** `"alg":` in base64url, at each of its three alignments: every header of a JWS or JWE holds it, names hardly ever do. */
const header = /ImFsZyI|JhbGci|iYWxnI/;
/** Text of a token's alphabet, with the `~` of SD-JWT. Looked through in one pass: a pattern for a token would backtrack. */
const run = /[A-Za-z0-9_.~-]{20,}/g;

/** Member names are the sidecar's own; only values are looked at. */
export function withholdTokens(json: string): string {
  if (!header.test(json)) return json;
  // On values, not on the text, where an escape like `\u000e` could be taken for a part of a token.
  return JSON.stringify(JSON.parse(json), (_name, value: Json) =>
    typeof value === "string" ? value.replaceAll(run, withholdFrom) : value,
  );
}

/** The short hash lets somebody who has the token find its record; it tells nothing about the token. */
function withholdFrom(text: string): string {
  const parts = text.split(".");
  const at = parts.findIndex((part) => header.test(part));
  if (at === -1 || at + 2 >= parts.length) return text;
  const token = parts.slice(at).join(".");
  const digest = hash("sha256", token, "hex").slice(0, 16);
  return [...parts.slice(0, at), `[token withheld: sha256 ${digest}]`].join(".");
}
