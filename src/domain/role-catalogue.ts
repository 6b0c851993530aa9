/**
 * `data.chaperone.roles`: what each role allows at its audience. No token is minted beyond it,
 * whatever the policy says (MISSION, invariant 3).
 */
import { bounds } from "./bounds.ts";
import { ExactSet, type PermissionSet } from "./exact-set.ts";
import {
  type Audience,
  type Permission,
  parseAudience,
  parsePermission,
  parseRoleName,
  type RoleName,
} from "./identifiers.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, unknownMember } from "./json.ts";

/** `role`: the target reads the role's name and grants all of it. `scope`: the target reads single permissions. */
export type EnforcedBy = "role" | "scope";

export interface Role {
  readonly name: RoleName;
  readonly audience: Audience;
  readonly permissions: PermissionSet;
  readonly lifetimeSecondsMax: number;
  readonly enforcedBy: EnforcedBy;
}

export class RoleCatalogue {
  readonly #roles: ReadonlyMap<string, Role>;

  private constructor(roles: ReadonlyMap<string, Role>) {
    this.#roles = roles;
  }

  /** The catalogue, or the name of the first entry that is not a role. One bad entry refuses the whole catalogue. */
  static parse(value: Json | undefined): RoleCatalogue | { readonly wrongAt: string } {
    if (!isJsonObject(value)) return { wrongAt: "chaperone.roles" };
    const entries = Object.entries(value);
    if (entries.length > bounds.catalogueRolesMax) return { wrongAt: "chaperone.roles" };
    const roles = new Map<string, Role>();
    for (const [name, entry] of entries) {
      const role = parseRole(name, entry);
      if (role === undefined) return { wrongAt: `chaperone.roles.${name}` };
      roles.set(name, role);
    }
    return new RoleCatalogue(roles);
  }

  get(name: RoleName): Role | undefined {
    return this.#roles.get(name);
  }

  get size(): number {
    return this.#roles.size;
  }

  /** In the catalogue's own order. */
  values(): Iterable<Role> {
    return this.#roles.values();
  }
}

const roleMembers = ["audience", "permissions", "max_ttl_seconds", "enforced_by", "title", "description"];

function parseRole(roleName: string, entry: Json): Role | undefined {
  if (!isJsonObject(entry) || unknownMember(entry, roleMembers) !== undefined) return undefined;
  const name = parseRoleName(roleName);
  const audience = parseAudience(entry["audience"]);
  const permissions = parsePermissions(entry["permissions"]);
  const lifetimeSecondsMax = parseLifetime(entry);
  const enforcedBy = parseEnforcedBy(entry);
  if (name === undefined || audience === undefined || permissions === undefined) return undefined;
  if (lifetimeSecondsMax === undefined || enforcedBy === undefined) return undefined;
  return { name, audience, permissions, lifetimeSecondsMax, enforcedBy };
}

/** A non-empty list of exact permissions without duplicates. */
export function parsePermissions(value: Json | undefined): PermissionSet | undefined {
  if (!isJsonArray(value) || value.length === 0 || value.length > bounds.setSizeMax) return undefined;
  const members: Permission[] = [];
  for (const element of value) {
    const permission = parsePermission(element);
    if (permission === undefined) return undefined;
    members.push(permission);
  }
  const set = ExactSet.of(members);
  return set.size === members.length ? set : undefined;
}

function parseLifetime(entry: JsonObject): number | undefined {
  const value = entry["max_ttl_seconds"];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= bounds.lifetimeSecondsMax
    ? value
    : undefined;
}

function parseEnforcedBy(entry: JsonObject): EnforcedBy | undefined {
  const value = Object.hasOwn(entry, "enforced_by") ? entry["enforced_by"] : "role";
  return value === "role" || value === "scope" ? value : undefined;
}
