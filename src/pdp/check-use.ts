/**
 * Step "attenuate" for a use: the call takes what the shown token holds and nothing more. The token is the bound, policy
 * may only say no, and both must cover all that the call needs.
 */
import { permissionsAsked } from "../domain/asked.ts";
import type { UsedGrant } from "../domain/decision.ts";
import type { Resource } from "../domain/decision-request.ts";
import type { Subject } from "../domain/delegation-chain.ts";
import type { PermissionSet } from "../domain/exact-set.ts";
import type { NamedParty } from "../domain/grant.ts";
import type { Permission } from "../domain/identifiers.ts";
import type { ParentGrant } from "../domain/parent-grant.ts";
import { Refusal, type RefusalCode } from "../domain/refusal.ts";
import type { Allowed } from "./attenuate.ts";
import type { PathPorts } from "./path-ports.ts";

export function checkUse(allowed: Allowed, ports: PathPorts): UsedGrant | Refusal {
  const { chain, chainId } = allowed.standing;
  const { parent, subject, actor } = chain;
  if (parent === undefined || !isNamed(subject) || !isNamed(actor)) return Refusal.because("evidence_not_accepted");
  const permissions = permissionsAsked(allowed.asked);
  const problem =
    checkVerdict(allowed, permissions, parent) ??
    findUnheld(permissions, parent, allowed.request.resource) ??
    checkStrings(allowed, ports);
  if (problem !== undefined) return Refusal.because(problem);
  return { id: parent.id, chainId, subject, actor, audience: parent.audience, permissions };
}

/** What policy said is about this token's audience, and covers the call. */
function checkVerdict(
  { verdict, policy, request }: Allowed,
  permissions: PermissionSet,
  parent: ParentGrant,
): RefusalCode | undefined {
  const role = policy.catalogue.get(verdict.role);
  if (role === undefined) return "role_unknown";
  const audiences = [role.audience, request.audience ?? parent.audience];
  if (audiences.some((audience) => audience !== parent.audience)) return "audience_mismatch";
  if (!role.permissions.covers(permissions)) return "permission_not_covered";
  return verdict.permissions.covers(permissions) ? undefined : "asked_not_granted";
}

function checkStrings({ verdict }: Allowed, { ledger }: PathPorts): RefusalCode | undefined {
  if (verdict.limits.length > 0 && !ledger.countsUses) return "limit_unenforceable";
  return verdict.obligations.length > 0 ? "obligation_unenforceable" : undefined;
}

function findUnheld(
  permissions: PermissionSet,
  parent: ParentGrant,
  resource: Resource | undefined,
): RefusalCode | undefined {
  const problems = permissions.toArray().map((permission) => checkHeld(permission, parent, resource));
  return problems.find((problem) => problem !== undefined);
}

function isNamed(party: Pick<Subject, "id" | "issuer">): party is NamedParty & Pick<Subject, "id" | "issuer"> {
  return party.id !== undefined;
}

/** Held without strings, or tied to the very object that the call is about. How much a call takes is not known here. */
function checkHeld(
  permission: Permission,
  parent: ParentGrant,
  resource: Resource | undefined,
): RefusalCode | undefined {
  if (parent.permissions.has(permission)) return undefined;
  const tied = parent.details.filter((detail) => detail.permissions.has(permission));
  const near = tied.filter(({ identifier }) => identifier === undefined || identifier === resource?.id);
  if (near.length === 0) return "parent_exceeded";
  return near.some(({ constraints }) => constraints.size === 0) ? undefined : "constraint_unenforceable";
}
