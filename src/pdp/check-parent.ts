/**
 * Part of step "check": what is asked lies within the grant that is shown. The grant is the permit of a hop (DESIGN §4),
 * so this is not left to policy, and a guard that objects as well does not hide that the ask itself is too wide.
 */
import type { Asked } from "../domain/asked.ts";
import type { AnyRequest } from "../domain/decision-request.ts";
import type { DelegationChain } from "../domain/delegation-chain.ts";
import { holds, onwardAudiences } from "../domain/parent-grant.ts";
import { Refusal } from "../domain/refusal.ts";

/** Undefined when nothing stands against it. */
export function checkParent(
  { audience }: AnyRequest,
  { parent, phase }: DelegationChain,
  asked: Asked,
): Refusal | undefined {
  // What a use takes of the grant is judged with the object that the call is about.
  if (parent === undefined || phase === "use") return undefined;
  if (audience !== undefined && !onwardAudiences(parent).includes(audience)) {
    return Refusal.because("audience_mismatch");
  }
  return holds(parent, asked) ? undefined : Refusal.because("parent_exceeded");
}
