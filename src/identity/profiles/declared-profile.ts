/**
 * Any issuer of JWTs, by declaration: what its tokens mean here is neither discovered nor guessed, it is what the profile
 * says and no more.
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
import type { ClaimPlace, DeclaredProfileOptions } from "../options.ts";
import { readHops } from "../read-act.ts";
import { readPlace, readProfile, readString } from "../read-claims.ts";
import { untrusted } from "../token-problem.ts";
import { checkDeclaredOptions } from "./check-declared-options.ts";
import type { IssuerProfile, ProvedSubject } from "./issuer-profile.ts";
import { ProfileError } from "./profile-error.ts";
import type { PartyKind, Places, ProfileTable } from "./profile-table.ts";

type PermissionTable = ReadonlyMap<string, readonly Permission[]>;

/** What configuration and table say together. */
interface Reading {
  readonly options: DeclaredProfileOptions;
  readonly table: ProfileTable;
  readonly places: Places;
  readonly chainSource: string | undefined;
  readonly permissions: PermissionTable;
}

/** Throws a {@link ProfileError}. */
export function createDeclaredProfile(
  options: DeclaredProfileOptions,
  table: ProfileTable,
  openKeys: OpenKeys = openStaticKeys,
): IssuerProfile {
  checkDeclaredOptions(options, table);
  const reading: Reading = {
    options,
    table,
    places: choosePlaces(options, table),
    chainSource: options.chainSource ?? table.chainSource,
    permissions: parsePermissionTable(options),
  };
  const { issuer, keys, algorithms, kinds, vouchesFor, audiences, multipleAudiences, clients } = options;
  const { leewaySeconds, lifetimeSecondsMax } = options;
  return {
    rules: {
      issuer,
      keys: openKeys(keys, issuer),
      algorithms,
      kinds: {
        access_token: kinds.access_token ?? table.kinds.access_token,
        jwt: kinds.jwt ?? table.kinds.jwt,
        id_token: kinds.id_token ?? table.kinds.id_token,
      },
      shape: table.shapeOf(issuer),
      vouchesFor,
      audiences,
      multipleAudiences,
      clients,
      leewaySeconds,
      lifetimeSecondsMax,
    },
    readSubject: (claims, expiresAt) => readSubject(claims, expiresAt, reading),
    readActor: (claims, expiresAt) => readActor(claims, expiresAt, reading),
  };
}

function choosePlaces(options: DeclaredProfileOptions, table: ProfileTable): Places {
  const { capabilities, departments, roles, scopes } = options;
  return {
    ...table.placesFor(options.audiences),
    ...(capabilities && { capabilities }),
    ...(departments && { departments }),
    ...(roles && { roles }),
    ...(scopes && { scopes, agentScopes: scopes }),
  };
}

function parsePermissionTable({ permissions, issuer }: DeclaredProfileOptions): PermissionTable {
  return new Map(
    Object.entries(permissions).map(([scope, names]) => {
      const parsed = names.map(parsePermission).filter((name) => name !== undefined);
      if (parsed.length < names.length) throw new ProfileError("permission_malformed", issuer);
      return [scope, parsed];
    }),
  );
}

function readSubject(claims: JsonObject, expiresAt: number, reading: Reading): ProvedSubject | Refusal {
  const { options, table, places } = reading;
  if (!isParty(claims, "person", table) || isOfClient(claims)) return untrusted("subject", "party");
  const party = readParty(claims, { expiresAt, id: table.ids.subject, scopes: places.scopes }, reading);
  if (party instanceof Refusal) return party;
  const departments = readPlace(claims, places.departments);
  if (departments instanceof Refusal) return departments;
  const roles = readPlace(claims, places.roles);
  if (roles instanceof Refusal) return roles;
  const inner = readHops(claims, (act) => readHop(act, reading));
  if (inner instanceof Refusal) return inner;
  const origin = readOrigin(claims, reading);
  if (origin instanceof Refusal) return origin;
  return {
    subject: { ...party, departments, roles },
    inner,
    origin,
    parent: undefined,
    nextActors: {
      claim: ownMember(claims, "may_act"),
      names: "tokens",
      allowed: options.allowedActors,
      issuers: [options.issuer, ...table.actorIssuers(options.issuer), ...options.actorIssuers],
    },
  };
}

function readActor(claims: JsonObject, expiresAt: number, reading: Reading): Actor | Refusal {
  const { table, places } = reading;
  if (Object.hasOwn(claims, "act")) return untrusted("actor", "delegated");
  if (!isParty(claims, "agent", table)) return untrusted("actor", "party");
  const party = readParty(claims, { expiresAt, id: table.ids.actor, scopes: places.agentScopes }, reading);
  if (party instanceof Refusal) return party;
  const capabilities = readCapabilities(claims, places);
  if (capabilities instanceof Refusal) return capabilities;
  const type = readProfile(claims);
  return type instanceof Refusal ? type : { ...party, capabilities, type: type ?? "ai_agent" };
}

function isParty(claims: JsonObject, kind: PartyKind, { partyOf }: ProfileTable): boolean {
  return partyOf === undefined || partyOf(claims) === kind;
}

/** RFC 9068 §2.2: who asks for itself, by client credentials, is client and subject in one; a person never is (P8). */
function isOfClient(claims: JsonObject): boolean {
  const client = ownMember(claims, "client_id") ?? ownMember(claims, "azp");
  return client !== undefined && client === ownMember(claims, "sub");
}

interface PartyFacts {
  readonly id: PartyId;
  readonly issuer: Issuer;
  readonly claims: JsonObject;
  readonly expiresAt: number;
  readonly scopes: PermissionSet | undefined;
}

/** Of one kind of party: the claim that names it, and where its scopes stand. */
interface PartyPlaces {
  readonly expiresAt: number;
  readonly id: string;
  readonly scopes: ClaimPlace | undefined;
}

function readParty(
  claims: JsonObject,
  { expiresAt, id: name, scopes: place }: PartyPlaces,
  { options, permissions }: Reading,
): PartyFacts | Refusal {
  const id = parsePartyId(ownMember(claims, name));
  if (id === undefined || typeof ownMember(claims, "sub") !== "string") return Refusal.because("claim_malformed");
  const scopes = readScopes(claims, place, permissions);
  if (scopes instanceof Refusal) return scopes;
  // The chain is told apart from the claims: a rule that read `act` here would let an inner actor decide (P7).
  const { act: _chain, may_act: _next, ...own } = claims;
  return { id, issuer: options.issuer, claims: own, expiresAt, scopes };
}

/** Undefined when the token says nothing of scopes, which is never "all" (TT-5). */
function readScopes(
  claims: JsonObject,
  place: ClaimPlace | undefined,
  permissions: PermissionTable,
): PermissionSet | undefined | Refusal {
  const names = readPlace(claims, place);
  if (names instanceof Refusal) return names;
  return names.length === 0 ? undefined : ExactSet.of(names.flatMap((name) => permissions.get(name) ?? []));
}

function readCapabilities(claims: JsonObject, { capabilities }: Places): CapabilitySet | Refusal {
  const names = readPlace(claims, capabilities);
  if (names instanceof Refusal) return names;
  const parsed = names.map(parseCapability).filter((name): name is Capability => name !== undefined);
  return parsed.length < names.length ? Refusal.because("claim_malformed") : ExactSet.of(parsed);
}

/** An inner actor of which no issuer is said belongs to the token's (RFC 8693 §4.1), and is named as agents there are. */
function readHop(act: JsonObject, { options, table }: Reading): Hop | Refusal {
  const issuer = Object.hasOwn(act, "iss") ? parseIssuer(act["iss"]) : options.issuer;
  const id = parsePartyId(ownMember(act, issuer === options.issuer ? table.ids.actor : "sub"));
  return id === undefined || issuer === undefined ? Refusal.because("claim_malformed") : { id, issuer };
}

function readOrigin(claims: JsonObject, { options: { issuer }, chainSource }: Reading): ChainOrigin | Refusal {
  const value = chainSource === undefined ? undefined : readString(claims, chainSource);
  if (value instanceof Refusal) return value;
  if (value === "") return Refusal.because("claim_malformed");
  return chainSource === undefined || value === undefined
    ? { issuer, source: "decision", value: undefined }
    : { issuer, source: chainSource, value };
}
