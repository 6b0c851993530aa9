/**
 * `may_act`: who may act next (RFC 8693 §4.4, TX-17…TX-24), as one object or as Vault's list of them. Every member
 * must match, exactly; what is empty, of a wrong type or absent names nobody, never anybody.
 */
import { bounds } from "../domain/bounds.ts";
import type { AuthenticatedClient } from "../domain/decision-request.ts";
import type { Actor } from "../domain/delegation-chain.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../domain/json.ts";
import type { NextActors } from "./profiles/issuer-profile.ts";

export interface Candidate {
  readonly actor: Actor;
  readonly client: AuthenticatedClient;
  /** True: no actor token was shown, the client acts itself. */
  readonly isClient: boolean;
}

export function isNextActor({ claim, allowed, issuers }: NextActors, candidate: Candidate): boolean {
  if (claim === undefined) {
    return allowed.some(({ issuer, id }) => issuer === candidate.actor.issuer && id === candidate.actor.id);
  }
  const entries = isJsonArray(claim) ? claim : [claim];
  // One entry that is none spoils the list: its issuer meant something that we do not understand.
  if (entries.length > bounds.setSizeMax || !entries.every(isEntry)) return false;
  return entries.some((entry) => names(entry, candidate, issuers));
}

/** Only texts, and at least one that is somebody's own name: `iss` alone would mean everybody there. */
function isEntry(entry: Json): entry is JsonObject {
  if (!isJsonObject(entry) || !Object.values(entry).every((value) => typeof value === "string")) return false;
  return Object.hasOwn(entry, "sub") || Object.hasOwn(entry, "client_id");
}

function names(entry: JsonObject, candidate: Candidate, issuers: NextActors["issuers"]): boolean {
  const { actor, client } = candidate;
  if (!Object.hasOwn(entry, "iss") && !issuers.includes(actor.issuer)) return false;
  if (!Object.hasOwn(entry, "sub") && !isTheClient(candidate)) return false;
  return Object.entries(entry).every(([member, value]) => {
    switch (member) {
      case "iss":
        return value === actor.issuer;
      case "sub":
        return value === actor.id;
      case "client_id":
        return value === client.id && (clientOf(actor) ?? value) === value;
      default:
        return value === ownMember(actor.claims, member);
    }
  });
}

/** A name of the client alone names the actor only when the actor's own token says that it is that client. */
function isTheClient({ actor, client, isClient }: Candidate): boolean {
  return isClient || clientOf(actor) === client.id;
}

function clientOf({ claims }: Actor): Json | undefined {
  return ownMember(claims, "client_id") ?? ownMember(claims, "azp");
}
