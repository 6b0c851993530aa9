/**
 * What policy said (DESIGN §4). A policy is code by someone else: anything that is not exactly a verdict
 * is a fault, and a fault denies.
 */
import { bounds } from "./bounds.ts";
import type { PermissionSet } from "./exact-set.ts";
import {
  type Audience,
  type Issuer,
  type PartyId,
  parseAudience,
  parseIssuer,
  parsePartyId,
  parseRoleName,
  type RoleName,
} from "./identifiers.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, unknownMember } from "./json.ts";
import type { Reason } from "./refusal.ts";
import { parsePermissions } from "./role-catalogue.ts";

/** `catalogue`: policy takes it upon itself. `scopes`: within the scopes of both parties' tokens. */
export type Ceiling = "catalogue" | "scopes";

export interface Obligation {
  readonly id: string;
  readonly type: string;
  readonly properties: JsonObject;
}

/** Who may act next, where to, and how deep the chain may grow. Absent in a verdict: the chain ends here. */
export interface DelegationTerms {
  readonly mayAct: readonly { readonly issuer: Issuer; readonly id: PartyId }[];
  readonly audiences: readonly Audience[];
  readonly depthMax: number;
}

export interface AllowVerdict {
  readonly outcome: "allow";
  readonly role: RoleName;
  readonly permissions: PermissionSet;
  readonly ceiling: Ceiling;
  readonly ttlSeconds: number;
  readonly limits: readonly JsonObject[];
  readonly obligations: readonly Obligation[];
  readonly delegation: DelegationTerms | undefined;
  readonly reasons: readonly Reason[];
}

export interface OtherVerdict {
  readonly outcome: "deny" | "approval_required";
  readonly reasons: readonly Reason[];
}

export type Verdict = AllowVerdict | OtherVerdict;

/** The verdict, or the name of the first member that is wrong. Never repaired: a wrong verdict is a fault. */
export function parseVerdict(value: unknown): Verdict | { readonly wrongAt: string } {
  if (!isJsonObject(value)) return { wrongAt: "verdict" };
  const outcome = value["outcome"];
  switch (outcome) {
    case "allow":
      return parseAllow(value);
    case "deny":
    case "approval_required": {
      if (unknownMember(value, ["outcome", "reasons"]) !== undefined) return { wrongAt: "verdict" };
      const reasons = parseReasons(value["reasons"]);
      return reasons === undefined || reasons.length === 0 ? { wrongAt: "reasons" } : { outcome, reasons };
    }
    default:
      return { wrongAt: "outcome" };
  }
}

const allowMembers = [
  "outcome",
  "role",
  "permissions",
  "ceiling",
  "ttl_seconds",
  "limits",
  "obligations",
  "delegation",
  "reasons",
];

function parseAllow(value: JsonObject): AllowVerdict | { readonly wrongAt: string } {
  if (unknownMember(value, allowMembers) !== undefined) return { wrongAt: "verdict" };
  const role = parseRoleName(value["role"]);
  if (role === undefined) return { wrongAt: "role" };
  const permissions = parsePermissions(value["permissions"]);
  if (permissions === undefined) return { wrongAt: "permissions" };
  const ceiling = value["ceiling"];
  if (ceiling !== "catalogue" && ceiling !== "scopes") return { wrongAt: "ceiling" };
  const ttlSeconds = value["ttl_seconds"];
  if (!isPositiveInteger(ttlSeconds)) return { wrongAt: "ttl_seconds" };
  const limits = parseList(value["limits"], (entry) => (isJsonObject(entry) ? entry : undefined));
  if (limits === undefined) return { wrongAt: "limits" };
  const obligations = parseList(value["obligations"], parseObligation);
  if (obligations === undefined) return { wrongAt: "obligations" };
  const reasons = parseReasons(value["reasons"]);
  if (reasons === undefined) return { wrongAt: "reasons" };
  const delegation = parseDelegation(value);
  if (delegation === "wrong") return { wrongAt: "delegation" };
  return { outcome: "allow", role, permissions, ceiling, ttlSeconds, limits, obligations, delegation, reasons };
}

function isPositiveInteger(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

/** Every element parsed, or undefined when the value is no list, too long or holds one wrong element. */
function parseList<T>(value: Json | undefined, parseOne: (element: Json) => T | undefined): readonly T[] | undefined {
  if (!isJsonArray(value) || value.length > bounds.verdictListMax) return undefined;
  const parsed: T[] = [];
  for (const element of value) {
    const one = parseOne(element);
    if (one === undefined) return undefined;
    parsed.push(one);
  }
  return parsed;
}

const codePattern = /^[a-z][a-z0-9_]{0,63}$/;

function parseReasons(value: Json | undefined): readonly Reason[] | undefined {
  return parseList(value, (element) => {
    if (!isJsonObject(element) || unknownMember(element, ["code", "message"]) !== undefined) return undefined;
    const { code, message } = element;
    if (typeof code !== "string" || !codePattern.test(code)) return undefined;
    return typeof message === "string" && message.length <= bounds.messageLengthMax ? { code, message } : undefined;
  });
}

function parseObligation(element: Json): Obligation | undefined {
  if (!isJsonObject(element) || unknownMember(element, ["id", "type", "properties"]) !== undefined) return undefined;
  const { id, type, properties } = element;
  if (typeof id !== "string" || typeof type !== "string") return undefined;
  return isJsonObject(properties) ? { id, type, properties } : undefined;
}

function parseDelegation(verdict: JsonObject): DelegationTerms | undefined | "wrong" {
  if (!Object.hasOwn(verdict, "delegation")) return undefined;
  const value = verdict["delegation"];
  if (!isJsonObject(value) || unknownMember(value, ["may_act", "audiences", "max_depth"]) !== undefined) return "wrong";
  const mayAct = parseList(value["may_act"], parseNextActor);
  const audiences = parseList(value["audiences"], parseAudience);
  const depthMax = value["max_depth"];
  if (mayAct === undefined || mayAct.length === 0 || audiences === undefined) return "wrong";
  return isPositiveInteger(depthMax) ? { mayAct, audiences, depthMax } : "wrong";
}

function parseNextActor(element: Json): { issuer: Issuer; id: PartyId } | undefined {
  if (!isJsonObject(element) || unknownMember(element, ["iss", "sub"]) !== undefined) return undefined;
  const issuer = parseIssuer(element["iss"]);
  const id = parsePartyId(element["sub"]);
  return issuer === undefined || id === undefined ? undefined : { issuer, id };
}

/** True when `verdict` grants nothing that `outer` does not: same role and ceiling, no more permissions, time or hops. */
export function isWithin(verdict: AllowVerdict, outer: AllowVerdict): boolean {
  return (
    verdict.role === outer.role &&
    verdict.ceiling === outer.ceiling &&
    outer.permissions.covers(verdict.permissions) &&
    verdict.ttlSeconds <= outer.ttlSeconds &&
    isSame(verdict.limits, outer.limits) &&
    outer.obligations.every((needed) => verdict.obligations.some((own) => isSame(own, needed))) &&
    isDelegationWithin(verdict.delegation, outer.delegation)
  );
}

/** Equal as text: members in another order count as different, which can only deny. */
function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function isDelegationWithin(terms: DelegationTerms | undefined, outer: DelegationTerms | undefined): boolean {
  if (terms === undefined) return true;
  if (outer === undefined) return false;
  return (
    terms.depthMax <= outer.depthMax &&
    terms.audiences.every((audience) => outer.audiences.includes(audience)) &&
    terms.mayAct.every((next) => outer.mayAct.some(({ issuer, id }) => issuer === next.issuer && id === next.id))
  );
}
