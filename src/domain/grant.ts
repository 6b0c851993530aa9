/** What is left after attenuation: exactly what the token will say, with its place in the delegation tree. */
import type { AuthorizationDetail } from "./authorization-detail.ts";
import type { PermissionSet } from "./exact-set.ts";
import type {
  Audience,
  ChainId,
  DecisionId,
  GatewayName,
  GrantId,
  Issuer,
  PartyId,
  Revision,
  RoleName,
} from "./identifiers.ts";
import type { Hop } from "./delegation-chain.ts";
import type { DelegationTerms } from "./verdict.ts";

export interface NamedParty {
  readonly id: PartyId | `urn:chaperone:unnamed:${string}`;
  readonly issuer: Issuer;
}

export interface GrantTerms {
  readonly id: GrantId;
  readonly chainId: ChainId;
  readonly decisionId: DecisionId;
  readonly subject: NamedParty;
  readonly actor: NamedParty & { readonly type: string };
  /** Inner actors, root first. */
  readonly inner: readonly Hop[];
  readonly clientId: PartyId | GatewayName;
  readonly audience: Audience;
  readonly role: RoleName;
  /** True when the target may read the role's name: the token then carries `roles`. */
  readonly isRoleNamed: boolean;
  readonly permissions: PermissionSet;
  /** Permissions with strings attached: they stand here only, never in `permissions`. */
  readonly details: readonly AuthorizationDetail[];
  /** Grant ids, root first, without this one. */
  readonly lineage: readonly GrantId[];
  readonly depth: number;
  readonly depthMax: number;
  readonly delegation: DelegationTerms | undefined;
  /** Epoch seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly policy: PolicyReference;
}

export interface PolicyReference {
  readonly id: string;
  readonly revision: Revision;
}

const made: unique symbol = Symbol("made by attenuate");

/** Made by {@link sealGrant} alone, which only `pdp/attenuate.ts` calls (the house test holds it to that). */
export type Grant = GrantTerms & { readonly [made]: true };

export function sealGrant(terms: GrantTerms): Grant {
  const grant: Grant = { ...terms, [made]: true };
  sealed.add(grant);
  return grant;
}

/** The type can be copied by a spread, the proof cannot: a changed copy of a grant is no grant. */
export function isSealed(grant: Grant): boolean {
  return sealed.has(grant);
}

const sealed = new WeakSet<Grant>();
