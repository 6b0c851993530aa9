/**
 * RFC 9396 authorization details of type `chaperone_action`: permissions with strings attached. Comparing two of them
 * is the algebra of narrowing; what cannot be compared is refused, never guessed (RAR-9).
 */
import { bounds } from "./bounds.ts";
import { type Constraints, areWithin, parseConstraints } from "./constraint.ts";
import type { PermissionSet } from "./exact-set.ts";
import type { Audience } from "./identifiers.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember, unknownMember } from "./json.ts";
import { parsePermissions } from "./role-catalogue.ts";

export const detailType = "chaperone_action";

export interface AuthorizationDetail {
  /** The audiences it is for; exactly the asked one in a request. */
  readonly locations: readonly string[];
  /** RFC 9396 `actions`: permissions. */
  readonly permissions: PermissionSet;
  /** The one object it is about; absent: any. */
  readonly identifier: string | undefined;
  readonly constraints: Constraints;
}

/** Every detail parsed, or undefined when one is not exactly of our type (RAR-2: unknown members refuse). */
export function parseAuthorizationDetails(value: Json | undefined): readonly AuthorizationDetail[] | undefined {
  if (!isJsonArray(value) || value.length > bounds.verdictListMax) return undefined;
  const details: AuthorizationDetail[] = [];
  for (const element of value) {
    const detail = parseDetail(element);
    if (detail === undefined) return undefined;
    details.push(detail);
  }
  return details;
}

const detailMembers = ["type", "locations", "actions", "identifier", "constraints"];

function parseDetail(element: Json): AuthorizationDetail | undefined {
  if (!isJsonObject(element) || unknownMember(element, detailMembers) !== undefined) return undefined;
  if (element["type"] !== detailType) return undefined;
  const locations = parseLocations(ownMember(element, "locations"));
  const permissions = parsePermissions(element["actions"]);
  const constraints = parseConstraints(ownMember(element, "constraints"));
  const identifier = ownMember(element, "identifier");
  if (locations === undefined || permissions === undefined || constraints === undefined) return undefined;
  if (identifier !== undefined && !isName(identifier)) return undefined;
  return { locations, permissions, identifier, constraints };
}

function parseLocations(value: Json | undefined): readonly string[] | undefined {
  if (value === undefined) return [];
  if (!isJsonArray(value) || value.length > bounds.verdictListMax) return undefined;
  const locations = value.filter(isName);
  return locations.length === value.length ? locations : undefined;
}

function isName(value: Json): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= bounds.uriLengthMax && value.isWellFormed();
}

/** Whether strings are attached: about one object only, or within constraints. */
export function isTied({ identifier, constraints }: AuthorizationDetail): boolean {
  return identifier !== undefined || constraints.size > 0;
}

/** True when `detail` allows nothing that `outer` does not: same object, no permission more, no constraint broader or gone. */
export function isDetailWithin(detail: AuthorizationDetail, outer: AuthorizationDetail): boolean {
  return (
    outer.permissions.covers(detail.permissions) &&
    (outer.identifier === undefined || outer.identifier === detail.identifier) &&
    areWithin(detail.constraints, outer.constraints)
  );
}

/** As it stands in a token and in a token response: for one audience. */
export function renderDetail(detail: AuthorizationDetail, audience: Audience): JsonObject {
  return {
    type: detailType,
    locations: [audience],
    actions: detail.permissions.toArray(),
    ...(detail.identifier === undefined ? {} : { identifier: detail.identifier }),
    ...(detail.constraints.size === 0 ? {} : { constraints: Object.fromEntries(detail.constraints) }),
  };
}
