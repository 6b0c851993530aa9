/** What a role token of ours says of its grant. It is signed by us, and still read as if by a stranger: whole or not at all. */
import { parseAuthorizationDetails, type AuthorizationDetail } from "../../domain/authorization-detail.ts";
import { bounds } from "../../domain/bounds.ts";
import type { Hop } from "../../domain/delegation-chain.ts";
import { ExactSet, type PermissionSet } from "../../domain/exact-set.ts";
import {
  type Issuer,
  parseAudience,
  parseChainId,
  parseGrantId,
  parseIssuer,
  parsePartyId,
  parsePermission,
} from "../../domain/identifiers.ts";
import { emptyObject, isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../../domain/json.ts";
import type { ParentGrant } from "../../domain/parent-grant.ts";
import { Refusal } from "../../domain/refusal.ts";
import { readHops } from "../read-act.ts";
import type { ProvedSubject } from "./issuer-profile.ts";

export function readRoleToken(claims: JsonObject, expiresAt: number): ProvedSubject | Refusal {
  const inner = readHops(claims, readHop);
  if (inner instanceof Refusal) return inner;
  const subject = readOrigin(claims);
  const parent = readGrant(claims, expiresAt);
  const nextActors = readNextActors(claims);
  if (subject === undefined || parent === undefined || nextActors === undefined) {
    return Refusal.because("claim_malformed");
  }
  if (parent.depth !== inner.length || parent.lineage.length >= parent.depth) {
    return Refusal.because("parent_mismatch");
  }
  return {
    subject: {
      ...subject,
      claims: emptyObject,
      expiresAt,
      scopes: parent.permissions,
      departments: [],
      roles: [],
    },
    inner,
    origin: { issuer: subject.issuer, source: "txn", value: parent.chainId },
    parent,
    // Our own `may_act` always says whose actor it means.
    nextActors: { claim: nextActors, names: "parties", allowed: [], issuers: [] },
  };
}

function readHop(act: JsonObject): Hop | Refusal {
  const id = parsePartyId(ownMember(act, "sub"));
  const issuer = parseIssuer(ownMember(act, "iss"));
  return id === undefined || issuer === undefined ? Refusal.because("claim_malformed") : { id, issuer };
}

/** The person as its own issuer names it; `sub` and `sub_id` agree. */
function readOrigin(claims: JsonObject): Hop | undefined {
  const identifier = ownMember(claims, "sub_id");
  if (!isJsonObject(identifier) || ownMember(identifier, "format") !== "iss_sub") return undefined;
  const id = parsePartyId(ownMember(identifier, "sub"));
  const issuer: Issuer | undefined = parseIssuer(ownMember(identifier, "iss"));
  if (id === undefined || issuer === undefined || id !== ownMember(claims, "sub")) return undefined;
  return { id, issuer };
}

function readGrant(claims: JsonObject, expiresAt: number): ParentGrant | undefined {
  const delegation = ownMember(claims, "delegation");
  if (!isJsonObject(delegation) || ownMember(delegation, "v") !== 1) return undefined;
  const id = parseGrantId(ownMember(delegation, "grant_id"));
  const lineage = readList(ownMember(delegation, "lineage"), parseGrantId);
  const audiences = readList(ownMember(delegation, "audiences") ?? [], parseAudience);
  const chainId = parseChainId(ownMember(claims, "txn"));
  const audience = parseAudience(ownMember(claims, "aud"));
  const held = readHeld(claims);
  if (id === undefined || lineage === undefined || audiences === undefined) return undefined;
  if (chainId === undefined || audience === undefined || held === undefined) return undefined;
  const place = readPlace(delegation);
  return place && { id, lineage, chainId, audience, audiences, ...held, ...place, expiresAt };
}

function readHeld(
  claims: JsonObject,
): { readonly permissions: PermissionSet; readonly details: readonly AuthorizationDetail[] } | undefined {
  const permissions = readScope(ownMember(claims, "scope"));
  const detailed = ownMember(claims, "authorization_details");
  const details = detailed === undefined ? [] : parseAuthorizationDetails(detailed);
  return permissions === undefined || details === undefined ? undefined : { permissions, details };
}

/** Exactly as minted: names with one space between; empty when every permission has strings attached. */
function readScope(value: Json | undefined): PermissionSet | undefined {
  if (typeof value !== "string") return undefined;
  const names = value === "" ? [] : value.split(" ");
  const permissions = names.map(parsePermission).filter((name) => name !== undefined);
  return permissions.length < names.length ? undefined : ExactSet.of(permissions);
}

function readPlace(delegation: JsonObject): { readonly depth: number; readonly depthMax: number } | undefined {
  const depth = ownMember(delegation, "depth");
  const depthMax = ownMember(delegation, "max_depth");
  return isDepth(depth) && isDepth(depthMax) ? { depth, depthMax } : undefined;
}

function isDepth(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= bounds.chainDepthMax;
}

/** One next actor stands in `may_act`, several in `delegation.may_act`, none in neither: an empty list names nobody. */
function readNextActors(claims: JsonObject): Json | undefined {
  const delegation = ownMember(claims, "delegation");
  const several = isJsonObject(delegation) ? ownMember(delegation, "may_act") : undefined;
  const one = ownMember(claims, "may_act");
  if (one !== undefined && several !== undefined) return undefined;
  return one ?? several ?? [];
}

function readList<T>(value: Json | undefined, parse: (element: Json) => T | undefined): readonly T[] | undefined {
  if (!isJsonArray(value) || value.length > bounds.verdictListMax) return undefined;
  const parsed = value.map(parse).filter((element) => element !== undefined);
  return parsed.length < value.length ? undefined : parsed;
}
