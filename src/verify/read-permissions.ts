/** What a token permits: freely in `scope`, with strings attached in `authorization_details` only. */
import { bounds } from "../domain/bounds.ts";
import { parseConstraints } from "../domain/constraint.ts";
import { parsePermission } from "../domain/identifiers.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember, unknownMember } from "../domain/json.ts";
import { RoleTokenError } from "./role-token-error.ts";
import type { LimitedPermissions } from "./role-token.ts";

/** RFC 6749 §3.3: one space between names, each name once. Empty when all permissions have strings attached. */
export function readScope(value: Json | undefined): readonly string[] {
  if (typeof value !== "string") throw new RoleTokenError("claims_malformed");
  return value === "" ? [] : readNames(value.split(" "));
}

function readNames(value: Json | undefined): readonly string[] {
  if (!isJsonArray(value)) throw new RoleTokenError("claims_malformed");
  const names = value.map((name) => parsePermission(name)).filter((name) => name !== undefined);
  const isSet = names.length === value.length && new Set(names).size === names.length;
  if (!isSet || names.length === 0 || names.length > bounds.setSizeMax) throw new RoleTokenError("claims_malformed");
  return names;
}

/** Absent rather than empty. A detail of another type, or with a member that nobody here knows, is refused (RAR-2). */
export function readDetails(value: Json | undefined, audience: string): readonly LimitedPermissions[] {
  if (value === undefined) return [];
  if (!isJsonArray(value) || value.length === 0 || value.length > bounds.verdictListMax) {
    throw new RoleTokenError("claims_malformed");
  }
  return value.map((element) => readDetail(element, audience));
}

const detailType = "chaperone_action";
const members = ["type", "locations", "actions", "identifier", "constraints", "limits"];

function readDetail(element: Json, audience: string): LimitedPermissions {
  const isOurs = isJsonObject(element) && unknownMember(element, members) === undefined;
  if (!isOurs || element["type"] !== detailType || !isFor(element["locations"], audience)) {
    throw new RoleTokenError("claims_malformed");
  }
  const constraints = parseConstraints(ownMember(element, "constraints"));
  if (constraints === undefined) throw new RoleTokenError("claims_malformed");
  return {
    actions: readNames(ownMember(element, "actions")),
    ...readIdentifier(ownMember(element, "identifier")),
    ...(constraints.size === 0 ? {} : { constraints: Object.fromEntries(constraints) }),
    ...readLimits(ownMember(element, "limits")),
  };
}

function isFor(locations: Json | undefined, audience: string): boolean {
  return isJsonArray(locations) && locations.length === 1 && locations[0] === audience;
}

function readIdentifier(identifier: Json | undefined): { readonly identifier?: string } {
  if (identifier === undefined) return {};
  if (typeof identifier !== "string" || identifier === "") throw new RoleTokenError("claims_malformed");
  return { identifier };
}

/** Counted by the sidecar, so their form is its own; whoever enforces them asks it. */
function readLimits(limits: Json | undefined): { readonly limits?: JsonObject } {
  if (limits === undefined) return {};
  if (!isJsonObject(limits)) throw new RoleTokenError("claims_malformed");
  return { limits };
}
