/**
 * The claims of a role token (DESIGN §5, RFC 9068): what the grant says and nothing else. No attribute of a
 * party, no prompt and no incoming token has a way in, because a grant holds none.
 */
import { renderDetail } from "../domain/authorization-detail.ts";
import { bounds } from "../domain/bounds.ts";
import { type Grant, isSealed, type NamedParty } from "../domain/grant.ts";
import type { Audience, ChainId, DecisionId, GrantId, Issuer, RoleName, TokenId } from "../domain/identifiers.ts";
import type { JsonObject } from "../domain/json.ts";
import { Fault } from "../domain/refusal.ts";

/** RFC 8693 §4.1: the current actor outermost, the earliest innermost. */
export interface ActorClaim {
  readonly iss: string;
  readonly sub: string;
  readonly sub_profile?: string;
  readonly act?: ActorClaim;
}

interface NextActor {
  readonly iss: string;
  readonly sub: string;
}

export interface RoleTokenClaims {
  readonly iss: Issuer;
  readonly aud: Audience;
  readonly sub: string;
  readonly sub_id: { readonly format: "iss_sub"; readonly iss: string; readonly sub: string };
  readonly client_id: string;
  readonly act: ActorClaim;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly jti: TokenId;
  readonly txn: ChainId;
  readonly scope: string;
  readonly roles?: readonly RoleName[];
  /** Permissions with strings attached, which stand only here. Absent rather than empty. */
  readonly authorization_details?: readonly JsonObject[];
  /** The one party that may act next; several stand in `delegation.may_act` (TX-23). */
  readonly may_act?: NextActor;
  readonly delegation: DelegationClaim;
  readonly policy: { readonly id: string; readonly revision: string };
  readonly decision_id: DecisionId;
}

/** Ours and versioned, instead of one claim of each draft's own. */
export interface DelegationClaim {
  readonly v: 1;
  readonly grant_id: GrantId;
  /** Grant ids, root first, without this one. */
  readonly lineage: readonly GrantId[];
  readonly depth: number;
  readonly max_depth: number;
  /** Present whenever a next hop is allowed; where to. */
  readonly audiences?: readonly Audience[];
  readonly may_act?: readonly NextActor[];
}

/** Throws a Fault `mint_failed` for a grant whose times or depth no token may carry; attenuation never makes one. */
export function renderClaims(grant: Grant, issuer: Issuer, jti: TokenId): RoleTokenClaims {
  assertMintable(grant);
  const mayAct = grant.delegation?.mayAct.map(({ issuer: iss, id: sub }): NextActor => ({ iss, sub })) ?? [];
  const [onlyNext] = mayAct;
  return {
    iss: issuer,
    aud: grant.audience,
    sub: grant.subject.id,
    sub_id: { format: "iss_sub", iss: grant.subject.issuer, sub: grant.subject.id },
    client_id: grant.clientId,
    act: renderActor(grant),
    iat: grant.issuedAt,
    nbf: grant.issuedAt,
    exp: grant.expiresAt,
    jti,
    txn: grant.chainId,
    scope: grant.permissions.toArray().join(" "),
    ...(grant.details.length === 0
      ? {}
      : { authorization_details: grant.details.map((detail) => renderDetail(detail, grant.audience)) }),
    ...(grant.isRoleNamed ? { roles: [grant.role] } : {}),
    ...(onlyNext !== undefined && mayAct.length === 1 ? { may_act: onlyNext } : {}),
    delegation: renderDelegation(grant, mayAct),
    policy: { id: grant.policy.id, revision: grant.policy.revision },
    decision_id: grant.decisionId,
  };
}

function renderActor({ actor, inner }: Grant): ActorClaim {
  let innermost: ActorClaim | undefined;
  for (const hop of inner) innermost = withInner({ id: hop.id, issuer: hop.issuer }, innermost);
  return {
    ...withInner(actor, undefined),
    sub_profile: actor.type,
    ...(innermost === undefined ? {} : { act: innermost }),
  };
}

function withInner(party: NamedParty, act: ActorClaim | undefined): ActorClaim {
  const named = { iss: party.issuer, sub: party.id };
  return act === undefined ? named : { ...named, act };
}

function renderDelegation(grant: Grant, mayAct: readonly NextActor[]): DelegationClaim {
  return {
    v: 1,
    grant_id: grant.id,
    lineage: grant.lineage,
    depth: grant.depth,
    max_depth: grant.depthMax,
    ...(grant.delegation === undefined ? {} : { audiences: grant.delegation.audiences }),
    ...(mayAct.length > 1 ? { may_act: mayAct } : {}),
  };
}

function assertMintable(grant: Grant): void {
  if (!isSealed(grant)) throw new Fault("mint_failed", "the grant was not made by attenuation");
  const { issuedAt, expiresAt, depth, depthMax } = grant;
  const lifetime = expiresAt - issuedAt;
  if (!Number.isSafeInteger(issuedAt) || !Number.isSafeInteger(expiresAt) || issuedAt < 0) {
    throw new Fault("mint_failed", "a time of the grant is not whole");
  }
  if (lifetime < 1 || lifetime > bounds.lifetimeSecondsMax) {
    throw new Fault("mint_failed", "the grant's lifetime is out of bounds");
  }
  if (depth !== grant.inner.length + 1 || depth > depthMax || depthMax > bounds.chainDepthMax) {
    throw new Fault("mint_failed", "the grant's depth is not that of its chain");
  }
  if (grant.permissions.size === 0 && grant.details.length === 0)
    throw new Fault("mint_failed", "the grant holds no permission");
}
