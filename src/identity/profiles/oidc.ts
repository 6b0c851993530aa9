/**
 * Any issuer of JWTs, by declaration: nothing is discovered and nothing guessed, so what its tokens mean here is what
 * the profile says and no more.
 */
import type { Actor, ChainOrigin, Hop } from "../../domain/delegation-chain.ts";
import { type CapabilitySet, ExactSet, type PermissionSet } from "../../domain/exact-set.ts";
import {
  type Capability,
  type Issuer,
  type PartyId,
  parseCapability,
  parseIssuer,
  parsePartyId,
  parsePermission,
  type Permission,
} from "../../domain/identifiers.ts";
import { type JsonObject, ownMember } from "../../domain/json.ts";
import { Refusal } from "../../domain/refusal.ts";
import { type OpenKeys, openStaticKeys } from "../keys/key-sources.ts";
import type { OidcProfileOptions } from "../options.ts";
import { readHops } from "../read-act.ts";
import { readPlace, readProfile, readString } from "../read-claims.ts";
import { untrusted } from "../token-problem.ts";
import { checkOidcOptions } from "./check-oidc-options.ts";
import type { IssuerProfile, ProvedSubject } from "./issuer-profile.ts";
import { ProfileError } from "./profile-error.ts";

type PermissionTable = ReadonlyMap<string, readonly Permission[]>;

/** Throws a {@link ProfileError}. */
export function createOidcProfile(options: OidcProfileOptions, openKeys: OpenKeys = openStaticKeys): IssuerProfile {
  checkOidcOptions(options);
  const permissions = parsePermissionTable(options);
  const { issuer, keys, algorithms, kinds, vouchesFor, audiences, multipleAudiences, clients } = options;
  const { leewaySeconds, lifetimeSecondsMax } = options;
  return {
    rules: {
      issuer,
      keys: openKeys(keys, issuer),
      algorithms,
      kinds,
      vouchesFor,
      audiences,
      multipleAudiences,
      clients,
      leewaySeconds,
      lifetimeSecondsMax,
    },
    readSubject: (claims, expiresAt) => readSubject(claims, expiresAt, options, permissions),
    readActor: (claims, expiresAt) => readActor(claims, expiresAt, options, permissions),
  };
}

function parsePermissionTable({ permissions, issuer }: OidcProfileOptions): PermissionTable {
  return new Map(
    Object.entries(permissions).map(([scope, names]) => {
      const parsed = names.map(parsePermission).filter((name) => name !== undefined);
      if (parsed.length < names.length) throw new ProfileError("permission_malformed", issuer);
      return [scope, parsed];
    }),
  );
}

function readSubject(
  claims: JsonObject,
  expiresAt: number,
  options: OidcProfileOptions,
  permissions: PermissionTable,
): ProvedSubject | Refusal {
  const party = readParty(claims, expiresAt, options, permissions);
  if (party instanceof Refusal) return party;
  const departments = readPlace(claims, options.departments);
  if (departments instanceof Refusal) return departments;
  const roles = readPlace(claims, options.roles);
  if (roles instanceof Refusal) return roles;
  const inner = readHops(claims, (act) => readHop(act, options.issuer));
  if (inner instanceof Refusal) return inner;
  const origin = readOrigin(claims, options);
  if (origin instanceof Refusal) return origin;
  return {
    subject: { ...party, departments, roles },
    inner,
    origin,
    parent: undefined,
    nextActors: {
      claim: ownMember(claims, "may_act"),
      allowed: options.allowedActors,
      issuers: [options.issuer, ...options.actorIssuers],
    },
  };
}

function readActor(
  claims: JsonObject,
  expiresAt: number,
  options: OidcProfileOptions,
  permissions: PermissionTable,
): Actor | Refusal {
  if (Object.hasOwn(claims, "act")) return untrusted("actor", "delegated");
  const party = readParty(claims, expiresAt, options, permissions);
  if (party instanceof Refusal) return party;
  const capabilities = readCapabilities(claims, options);
  if (capabilities instanceof Refusal) return capabilities;
  const type = readProfile(claims);
  return type instanceof Refusal ? type : { ...party, capabilities, type: type ?? "ai_agent" };
}

interface PartyFacts {
  readonly id: PartyId;
  readonly issuer: Issuer;
  readonly claims: JsonObject;
  readonly expiresAt: number;
  readonly scopes: PermissionSet | undefined;
}

function readParty(
  claims: JsonObject,
  expiresAt: number,
  options: OidcProfileOptions,
  permissions: PermissionTable,
): PartyFacts | Refusal {
  const id = parsePartyId(ownMember(claims, "sub"));
  if (id === undefined) return Refusal.because("claim_malformed");
  const scopes = readScopes(claims, options, permissions);
  if (scopes instanceof Refusal) return scopes;
  // The chain is told apart from the claims: a rule that read `act` here would let an inner actor decide (P7).
  const { act: _chain, may_act: _next, ...own } = claims;
  return { id, issuer: options.issuer, claims: own, expiresAt, scopes };
}

/** Undefined when the token says nothing of scopes, which is never "all" (TT-5). */
function readScopes(
  claims: JsonObject,
  { scopes: place }: OidcProfileOptions,
  permissions: PermissionTable,
): PermissionSet | undefined | Refusal {
  const names = readPlace(claims, place);
  if (names instanceof Refusal) return names;
  return names.length === 0 ? undefined : ExactSet.of(names.flatMap((name) => permissions.get(name) ?? []));
}

function readCapabilities(claims: JsonObject, { capabilities }: OidcProfileOptions): CapabilitySet | Refusal {
  const names = readPlace(claims, capabilities);
  if (names instanceof Refusal) return names;
  const parsed = names.map(parseCapability).filter((name): name is Capability => name !== undefined);
  return parsed.length < names.length ? Refusal.because("claim_malformed") : ExactSet.of(parsed);
}

/** An inner actor of which only `sub` is said belongs to the token's issuer (RFC 8693 §4.1). */
function readHop(act: JsonObject, tokenIssuer: Issuer): Hop | Refusal {
  const id = parsePartyId(ownMember(act, "sub"));
  const issuer = Object.hasOwn(act, "iss") ? parseIssuer(act["iss"]) : tokenIssuer;
  return id === undefined || issuer === undefined ? Refusal.because("claim_malformed") : { id, issuer };
}

function readOrigin(claims: JsonObject, { chainSource, issuer }: OidcProfileOptions): ChainOrigin | Refusal {
  const value = chainSource === undefined ? undefined : readString(claims, chainSource);
  if (value instanceof Refusal) return value;
  if (value === "") return Refusal.because("claim_malformed");
  return chainSource === undefined || value === undefined
    ? { issuer, source: "decision", value: undefined }
    : { issuer, source: chainSource, value };
}
