/** Who acts through whom: `act`, its depth, and the grants that this one derives from, all telling one story. */
import { bounds } from "../domain/bounds.ts";
import { parseAudience, parseGrantId, parseIssuer, parsePartyId } from "../domain/identifiers.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember, unknownMember } from "../domain/json.ts";
import { RoleTokenError } from "./role-token-error.ts";
import type { Party, RoleToken } from "./role-token.ts";

type Chain = Pick<RoleToken, "actor" | "chain" | "grantId" | "lineage">;

export function readChain(claims: JsonObject, subject: Party): Chain {
  const actors = readActors(ownMember(claims, "act"));
  const [actor] = actors;
  const delegation = ownMember(claims, "delegation");
  if (actor === undefined || !isJsonObject(delegation)) throw new RoleTokenError("chain_malformed");
  const chain = actors.toReversed();
  if (hasCycle([subject, ...chain])) throw new RoleTokenError("chain_malformed");
  checkNext([ownMember(claims, "may_act"), ...readList(ownMember(delegation, "may_act"))]);
  return { actor, chain, ...readPlace(delegation, chain.length) };
}

/** The current actor first; stops at the bound, so depth never costs (P21). */
function readActors(value: Json | undefined): readonly Party[] {
  const actors: Party[] = [];
  for (let act = value; act !== undefined; act = ownMember(act, "act")) {
    if (actors.length === bounds.chainDepthMax || !isJsonObject(act)) throw new RoleTokenError("chain_malformed");
    if (unknownMember(act, ["iss", "sub", "sub_profile", "act"]) !== undefined) {
      throw new RoleTokenError("chain_malformed");
    }
    const profile = ownMember(act, "sub_profile");
    if (profile !== undefined && typeof profile !== "string") throw new RoleTokenError("chain_malformed");
    actors.push(readParty(act));
  }
  return actors;
}

function readParty(value: JsonObject): Party {
  const issuer = parseIssuer(value["iss"]);
  const id = parsePartyId(value["sub"]);
  if (issuer === undefined || id === undefined) throw new RoleTokenError("chain_malformed");
  return { issuer, id };
}

/** MK-6: no party twice; the one exception is an autonomous agent, alone in its chain. */
function hasCycle(parties: readonly Party[]): boolean {
  if (parties.length === 2) return false;
  const names = new Set(parties.map(({ issuer, id }) => JSON.stringify([issuer, id])));
  return names.size !== parties.length;
}

const members = ["v", "grant_id", "lineage", "depth", "max_depth", "audiences", "may_act"];

function readPlace(delegation: JsonObject, actors: number): Pick<Chain, "grantId" | "lineage"> {
  const { v, depth, max_depth: depthMax } = delegation;
  const isKnown = v === 1 && unknownMember(delegation, members) === undefined;
  if (!isKnown || depth !== actors || !isDepth(depthMax) || depthMax < actors) {
    throw new RoleTokenError("chain_malformed");
  }
  for (const audience of readList(ownMember(delegation, "audiences"))) {
    if (parseAudience(audience) === undefined) throw new RoleTokenError("chain_malformed");
  }
  const grantId = parseGrantId(delegation["grant_id"]);
  const lineage = readLineage(ownMember(delegation, "lineage"), actors);
  if (grantId === undefined || lineage.includes(grantId)) throw new RoleTokenError("chain_malformed");
  return { grantId, lineage };
}

function isDepth(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= bounds.chainDepthMax;
}

/** A grant derives from fewer grants than it has actors; actors from before our first grant have none. */
function readLineage(value: Json | undefined, actors: number): readonly string[] {
  if (value === undefined) throw new RoleTokenError("chain_malformed");
  const ids = readList(value).map((id) => parseGrantId(id));
  const lineage = ids.filter((id) => id !== undefined);
  const isWhole = lineage.length === ids.length && new Set(lineage).size === lineage.length;
  if (!isWhole || lineage.length >= actors) throw new RoleTokenError("chain_malformed");
  return lineage;
}

function checkNext(parties: readonly (Json | undefined)[]): void {
  for (const party of parties) {
    if (party === undefined) continue;
    if (!isJsonObject(party) || unknownMember(party, ["iss", "sub"]) !== undefined) {
      throw new RoleTokenError("chain_malformed");
    }
    readParty(party);
  }
}

/** Absent is empty. */
function readList(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  if (!isJsonArray(value) || value.length > bounds.verdictListMax) throw new RoleTokenError("chain_malformed");
  return value;
}
