/**
 * `may_act` (RFC 8693 §4.4): the subject's issuer says who may become the actor. One object, or Vault's list of them
 * (TX-22); what is empty, of a wrong type or absent names nobody, never anybody (TX-18).
 */
import { bounds } from "../domain/bounds.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../domain/json.ts";

/** The entries of the claim, any one of which is enough; none when it names nobody or cannot be read to the last entry. */
export function readMayAct(claim: Json | undefined): readonly JsonObject[] {
  const entries = isJsonArray(claim) ? claim : [claim];
  // One entry that is none spoils the list: its issuer meant something that we do not understand.
  return entries.length <= bounds.setSizeMax && entries.every(isEntry) ? entries : [];
}

/** Only texts, and at least one that is somebody's own name: `iss` alone would mean everybody there. */
function isEntry(value: Json | undefined): value is JsonObject {
  if (!isJsonObject(value)) return false;
  const isNaming = Object.hasOwn(value, "sub") || Object.hasOwn(value, "client_id");
  return isNaming && Object.values(value).every((member) => typeof member === "string" && member.length > 0);
}

/** True when the actor's decoded claims carry every member of some entry, with the same text. */
export function mayAct(claim: Json | undefined, actor: JsonObject): boolean {
  return readMayAct(claim).some((entry) =>
    Object.entries(entry).every(([name, value]) => ownMember(actor, name) === value),
  );
}
