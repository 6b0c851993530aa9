/**
 * Step "attenuate": from what policy said to what is left. These checks are the sidecar's own and hold
 * whatever policy says (DESIGN §4): catalogue, audience, cover, ceiling, lifetime, limits, obligations.
 */
import type { Asked } from "../domain/asked.ts";
import type { AnyRequest } from "../domain/decision-request.ts";
import type { DelegationChain } from "../domain/delegation-chain.ts";
import { clientOf } from "../domain/evidence.ts";
import { type Grant, type GrantTerms, type NamedParty, sealGrant } from "../domain/grant.ts";
import { onwardAudiences } from "../domain/parent-grant.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Role } from "../domain/role-catalogue.ts";
import type { AllowVerdict } from "../domain/verdict.ts";
import type { PolicySnapshot } from "../ports/policy-engine.ts";
import { checkCover } from "./check-cover.ts";
import type { StandingChain } from "./check-standing.ts";
import type { Draft } from "./draft.ts";
import type { PathPorts } from "./path-ports.ts";

/** What the steps before have established. */
export interface Allowed {
  readonly verdict: AllowVerdict;
  readonly policy: PolicySnapshot;
  readonly request: AnyRequest;
  readonly standing: StandingChain;
  readonly asked: Asked;
}

export function attenuate(allowed: Allowed, draft: Draft, ports: PathPorts): Grant | Refusal {
  const { verdict, policy, request, standing, asked } = allowed;
  const { chain, chainId } = standing;
  // A token that is shown for use is never one to mint from; `decide` keeps the two apart, and so does this.
  if (chain.phase === "use") return Refusal.because("evidence_not_accepted");
  const role = policy.catalogue.get(verdict.role);
  if (role === undefined) return Refusal.because("role_unknown");
  const minted = checkCover({ verdict, audience: request.audience, chain, asked }, role);
  if (minted instanceof Refusal) return minted;
  if (!isOnwardWithin(verdict, chain)) return Refusal.because("parent_exceeded");
  if (verdict.limits.length > 0 && !ports.ledger.countsUses) return Refusal.because("limit_unenforceable");
  // The registry of obligations that a door can enforce is empty so far, so none can be.
  if (verdict.obligations.length > 0) return Refusal.because("obligation_unenforceable");
  const expiresAt = earliestEnd(allowed, role, draft.reading.epochSeconds, ports.rules.lifetimeSecondsMax);
  if (expiresAt <= draft.reading.epochSeconds) return Refusal.because("lifetime_exhausted");
  return sealGrant({
    ...renderParties(chain, draft),
    id: ports.identifiers.grantId(),
    chainId,
    decisionId: draft.decisionId,
    audience: role.audience,
    role: role.name,
    isRoleNamed: minted.permissions.equals(role.permissions),
    permissions: minted.permissions,
    details: minted.details,
    ...renderPlace(verdict, chain, ports.rules.depthMax),
    issuedAt: draft.reading.epochSeconds,
    expiresAt,
    policy: policy.reference,
  });
}

/** Epoch seconds; whole, because a fractional `exp` is trouble at other people's verifiers. */
function earliestEnd({ verdict, standing }: Allowed, role: Role, now: number, lifetimeSecondsMax: number): number {
  const lifetime = Math.min(verdict.ttlSeconds, role.lifetimeSecondsMax, lifetimeSecondsMax);
  return Math.floor(Math.min(now + lifetime, standing.chain.expiresAt));
}

function renderParties(
  chain: DelegationChain,
  { decisionId, request }: Draft,
): Pick<GrantTerms, "subject" | "actor" | "inner" | "clientId"> {
  const unnamed = (party: "subject" | "actor"): NamedParty["id"] => `urn:chaperone:unnamed:${decisionId}:${party}`;
  const { subject, actor, inner } = chain;
  const { evidence, origin } = request;
  return {
    subject: { id: subject.id ?? unnamed("subject"), issuer: subject.issuer },
    actor: { id: actor.id ?? unnamed("actor"), issuer: actor.issuer, type: actor.type },
    inner,
    // RFC 8693 §4.3: who asked. Where a gateway asks for its agent, that is the agent.
    clientId: clientOf(evidence)?.id ?? actor.id ?? origin.gateway,
  };
}

/** A child may declare no audience for the next hop that its parent may not go to itself. */
function isOnwardWithin({ delegation }: AllowVerdict, { parent }: DelegationChain): boolean {
  if (delegation === undefined || parent === undefined) return true;
  return delegation.audiences.every((audience) => onwardAudiences(parent).includes(audience));
}

/** The grant's place in the delegation tree. With an unnamed party it is a leaf, whatever policy says. */
function renderPlace(
  verdict: AllowVerdict,
  chain: DelegationChain,
  depthMax: number,
): Pick<GrantTerms, "lineage" | "depth" | "depthMax" | "delegation"> {
  const depth = chain.inner.length + 1;
  const delegation = chain.isNamed ? verdict.delegation : undefined;
  const allowed =
    delegation === undefined ? depth : Math.min(delegation.depthMax, chain.parent?.depthMax ?? depthMax, depthMax);
  const isLeaf = delegation === undefined || allowed <= depth;
  const lineage = chain.parent === undefined ? [] : [...chain.parent.lineage, chain.parent.id];
  return { lineage, depth, depthMax: Math.max(depth, allowed), delegation: isLeaf ? undefined : delegation };
}
