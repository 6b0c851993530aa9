import type { ShownTokenType } from "../domain/evidence.ts";
import type { Issuer, PartyId } from "../domain/identifiers.ts";
import type { PublishedKeys } from "../ports/published-keys.ts";
import type { KeysOptions, OpenKeys } from "./keys/key-sources.ts";
import type { SignatureAlgorithm } from "./keys/signature-algorithm.ts";
import type { TokenKind } from "./read-token.ts";
import type { WorkloadOptions } from "./workloads.ts";

/** What separates names in one string; an array's elements are one each. */
export type Separator = "space" | "comma" | "space_or_comma" | "none";

/** How a gateway's decoded claims are read (DESIGN §6 "Claims"). */
export interface GatewayClaimsOptions {
  readonly kind: "gateway-claims";
  /** What separates capabilities in one string; departments and roles are never split. */
  readonly capabilitySeparators: Separator;
  /** Issuers that the gateway may vouch for by naming them in `iss`; otherwise claims belong to the gateway. */
  readonly vouchedIssuers: readonly Issuer[];
  /** Our own issuer: claims that name it must come as a token. */
  readonly ownIssuer: Issuer;
  /** Tolerance on `exp` and `nbf`, seconds, at most 30. */
  readonly leewaySeconds: number;
  /** Absent: none is listed. */
  readonly workloads?: readonly WorkloadOptions[];
}

/** Whose tokens are evidence. */
export interface TokensOptions {
  readonly kind: "tokens";
  /** One profile for each issuer; a token of any other issuer is refused. */
  readonly issuers: readonly ProfileOptions[];
  /** Our own issuer and its keys, for the profile `chaperone`; no other profile may be of it. */
  readonly own: { readonly issuer: Issuer; readonly keys: PublishedKeys };
  /** Absent: none is listed. */
  readonly workloads?: readonly WorkloadOptions[];
  /** Absent: only `static` keys can be opened. */
  readonly openKeys?: OpenKeys;
}

/** Role tokens, shown at the resource that they are for. */
export interface RoleTokenOptions {
  readonly kind: "role-token";
  readonly own: TokensOptions["own"];
  /** Other Chaperones whose role tokens count; none may have our own name. */
  readonly issuers: readonly { readonly issuer: Issuer; readonly keys: KeysOptions }[];
  /** Absent: only `static` keys can be opened. */
  readonly openKeys?: OpenKeys;
  /** At most 5. */
  readonly leewaySeconds: number;
}

export type EvidenceOptions = GatewayClaimsOptions | TokensOptions | RoleTokenOptions;

/** Where a list of names stands in a token. */
export interface ClaimPlace {
  /** Member by member from the outside: `["realm_access", "roles"]`. */
  readonly path: readonly string[];
  readonly separator: Separator;
}

export interface NamedActor {
  readonly issuer: Issuer;
  readonly id: PartyId;
}

/** The products whose tokens are known by a table; `oidc` knows JWTs as OpenID Connect and RFC 9068 have them. */
export type ProductKind = "oidc" | "keycloak" | "vault" | "entra" | "auth0" | "cognito";

/** An issuer of JWTs; what is undefined here is as its product's table has it. */
export interface DeclaredProfileOptions {
  readonly kind: ProductKind;
  /** Byte for byte as in `iss`. */
  readonly issuer: Issuer;
  readonly keys: KeysOptions;
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Which header `typ` is accepted for a token shown as this; empty: never. */
  readonly kinds: { readonly [Type in ShownTokenType]?: readonly TokenKind[] | undefined };
  /** `aud` must be exactly one of these. */
  readonly audiences: readonly string[];
  /** `accept`: one of `audiences` among others will do, and the token can be replayed at those others. */
  readonly multipleAudiences: "refuse" | "accept";
  /** Clients to which the token may have been issued (`client_id`, else `azp`); empty: any. Needed where `typ` says little (P3). */
  readonly clients: readonly string[];
  readonly vouchesFor: "subjects" | "actors" | "both";
  /** Where neither this nor the table says it, the issuer says nothing of it. */
  readonly capabilities: ClaimPlace | undefined;
  readonly departments: ClaimPlace | undefined;
  readonly roles: ClaimPlace | undefined;
  readonly scopes: ClaimPlace | undefined;
  /** The permissions that each scope allows; a scope that is not listed allows none. */
  readonly permissions: Readonly<Record<string, readonly string[]>>;
  /** The claim that names the chain's beginning, such as `sid`; where there is none, each decision begins a chain. */
  readonly chainSource: string | undefined;
  /** Who may act for its subjects when a token has no `may_act`. Empty: nobody. */
  readonly allowedActors: readonly NamedActor[];
  /** Beside its own, whose actors a `may_act` without `iss` may mean. */
  readonly actorIssuers: readonly Issuer[];
  /** Tolerance on `exp`, `nbf` and `iat`, seconds, at most 30. */
  readonly leewaySeconds: number;
  /** From `iat` to `exp`, at most a day. */
  readonly lifetimeSecondsMax: number;
}

/** Our own role tokens, shown to be exchanged onward. */
export interface ChaperoneProfileOptions {
  readonly kind: "chaperone";
  /** At most 5. */
  readonly leewaySeconds: number;
}

export type ProfileOptions = DeclaredProfileOptions | ChaperoneProfileOptions;
