/**
 * Part of step "attenuate": what the target will really grant, and that it is what was asked, within the role, the
 * ceiling that policy declared and the grant it derives from. A wider answer is refused, never cut.
 */
import { type Asked, permissionsAsked } from "../domain/asked.ts";
import type { DelegationChain } from "../domain/delegation-chain.ts";
import type { PermissionSet } from "../domain/exact-set.ts";
import type { Audience } from "../domain/identifiers.ts";
import { holds, onwardAudiences, type Permitted } from "../domain/parent-grant.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Role } from "../domain/role-catalogue.ts";
import type { AllowVerdict } from "../domain/verdict.ts";

export interface CoverQuestion {
  readonly verdict: AllowVerdict;
  readonly audience: Audience | undefined;
  readonly chain: DelegationChain;
  readonly asked: Asked;
}

export function checkCover({ verdict, audience, chain, asked }: CoverQuestion, role: Role): Permitted | Refusal {
  if (audience !== undefined && audience !== role.audience) return Refusal.because("audience_mismatch");
  if (!role.permissions.covers(verdict.permissions)) return Refusal.because("permission_not_covered");
  const isWhole = role.enforcedBy === "role";
  const granted = isWhole ? role.permissions : verdict.permissions;
  if (!granted.covers(permissionsAsked(asked))) return Refusal.because("asked_not_granted");
  if (isWhole && asked.details.length > 0) return Refusal.because("constraint_unenforceable");
  const minted = isWhole ? { permissions: granted, details: [] } : tieStrings(granted, asked);
  if (!isUnderCeiling(verdict, chain, granted)) return Refusal.because("ceiling_exceeded");
  return isWithinParent(chain, minted, role) ? minted : Refusal.because("parent_exceeded");
}

function isWithinParent({ parent }: DelegationChain, minted: Permitted, { audience }: Role): boolean {
  return parent === undefined || (onwardAudiences(parent).includes(audience) && holds(parent, minted));
}

/** A permission that is asked only with strings attached stands only in its detail (DESIGN §5). */
function tieStrings(granted: PermissionSet, { permissions, details }: Asked): Permitted {
  let free = granted;
  for (const detail of details) free = free.without(detail.permissions.without(permissions));
  return { permissions: free, details };
}

/** Under `scopes` a party whose scopes are unknown has none (TT-5). */
function isUnderCeiling(verdict: AllowVerdict, chain: DelegationChain, granted: PermissionSet): boolean {
  switch (verdict.ceiling) {
    case "catalogue":
      return true;
    case "scopes":
      return [chain.subject.scopes, chain.actor.scopes].every((scopes) => scopes?.covers(granted) === true);
  }
}
