/**
 * `may_act` (RFC 8693 §4.4): the subject's issuer says who may become the actor. An object means all of its members, an
 * array (Vault) any one of its objects. Exact and case-sensitive; empty or mistyped never means anyone (TX-18, TX-22).
 */
import { bounds } from "../domain/bounds.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../domain/json.ts";

/** True when the actor's claims carry every member that some entry names, with the same text. */
export function mayAct(claim: Json | undefined, actor: JsonObject): boolean {
  if (!isJsonArray(claim)) return isNamedBy(claim, actor);
  // One entry that cannot be read makes the whole list doubtful.
  return claim.length <= bounds.setSizeMax && claim.every(isEntry) && claim.some((entry) => isNamedBy(entry, actor));
}

function isEntry(value: Json | undefined): value is JsonObject {
  if (!isJsonObject(value)) return false;
  const members = Object.values(value);
  // A party is named by `sub` or `client_id`; an issuer alone would name everybody there.
  const names = Object.hasOwn(value, "sub") || Object.hasOwn(value, "client_id");
  return names && members.every((member) => typeof member === "string" && member.length > 0);
}

function isNamedBy(entry: Json | undefined, actor: JsonObject): boolean {
  return isEntry(entry) && Object.entries(entry).every(([name, value]) => ownMember(actor, name) === value);
}
