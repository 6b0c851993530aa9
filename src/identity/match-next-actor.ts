/**
 * `may_act`: who may act next (RFC 8693 §4.4, TX-17…TX-24), as one object or as Vault's list of them. Every member
 * must match, exactly; what is empty, of a wrong type or absent names nobody, never anybody.
 */
import type { AuthenticatedClient } from "../domain/evidence.ts";
import type { Actor } from "../domain/delegation-chain.ts";
import { type Json, type JsonObject, ownMember } from "../domain/json.ts";
import { readMayAct } from "./may-act.ts";
import type { NextActors } from "./profiles/issuer-profile.ts";

export interface Candidate {
  readonly actor: Actor;
  readonly client: AuthenticatedClient | undefined;
  /** True: no actor token was shown, the client acts itself. */
  readonly isClient: boolean;
}

export function isNextActor(next: NextActors, candidate: Candidate): boolean {
  const { claim, allowed } = next;
  if (claim === undefined) {
    return allowed.some(({ issuer, id }) => issuer === candidate.actor.issuer && id === candidate.actor.id);
  }
  return readMayAct(claim).some((entry) => isNamed(entry, candidate, next));
}

function isNamed(entry: JsonObject, candidate: Candidate, { names, issuers }: NextActors): boolean {
  const { actor, client } = candidate;
  if (!Object.hasOwn(entry, "iss") && !issuers.includes(actor.issuer)) return false;
  if (!Object.hasOwn(entry, "sub") && !isTheClient(candidate)) return false;
  return Object.entries(entry).every(([member, value]) => {
    switch (member) {
      case "iss":
        return value === actor.issuer;
      case "sub":
        return value === (names === "tokens" ? (ownMember(actor.claims, "sub") ?? actor.id) : actor.id);
      case "client_id":
        return value === client?.id && (clientOf(actor) ?? value) === value;
      default:
        return value === ownMember(actor.claims, member);
    }
  });
}

/** A name of the client alone names the actor only when the actor's own token says that it is that client. */
function isTheClient({ actor, client, isClient }: Candidate): boolean {
  return isClient || (client !== undefined && clientOf(actor) === client.id);
}

function clientOf({ claims }: Actor): Json | undefined {
  return ownMember(claims, "client_id") ?? ownMember(claims, "azp");
}

/** False: whoever shows an actor's token beside this one is refused. */
export function hasNextActor({ claim, allowed }: NextActors): boolean {
  return claim === undefined ? allowed.length > 0 : readMayAct(claim).length > 0;
}
