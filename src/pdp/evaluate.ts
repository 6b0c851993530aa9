/** Step "evaluate": what the policy says, and whether it says so because of an inner actor. */
import type { Asked } from "../domain/asked.ts";
import type { AnyRequest } from "../domain/decision-request.ts";
import type { DelegationChain } from "../domain/delegation-chain.ts";
import { renderPolicyInput } from "../domain/policy-input.ts";
import { Refusal } from "../domain/refusal.ts";
import { type AllowVerdict, isWithin, type OtherVerdict, type Verdict } from "../domain/verdict.ts";
import type { PolicySnapshot } from "../ports/policy-engine.ts";
import type { StandingChain } from "./check-standing.ts";

export interface Question {
  readonly policy: PolicySnapshot;
  readonly request: AnyRequest;
  readonly standing: StandingChain;
  readonly asked: Asked;
  /** Epoch seconds. */
  readonly time: number;
}

export type ApprovalVerdict = OtherVerdict & { readonly outcome: "approval_required" };

export function evaluate(question: Question): AllowVerdict | ApprovalVerdict | Refusal {
  const verdict = askPolicy(question, question.standing.chain);
  switch (verdict.outcome) {
    case "deny":
      return Refusal.because("policy_denied", verdict.reasons);
    case "approval_required":
      return standsAlone(question, verdict)
        ? { outcome: "approval_required", reasons: verdict.reasons }
        : Refusal.because("inner_actor_decisive");
    case "allow":
      return standsAlone(question, verdict) ? verdict : Refusal.because("inner_actor_decisive");
  }
}

/** Inner actors may cause a deny, never an allow nor the chance of one, and never more than without them (P7). */
function standsAlone(question: Question, verdict: Verdict): boolean {
  const { chain } = question.standing;
  if (chain.inner.length === 0) return true;
  const alone = askPolicy(question, chain.withoutInner());
  return verdict.outcome === "allow" ? alone.outcome === "allow" && isWithin(verdict, alone) : alone.outcome !== "deny";
}

function askPolicy({ policy, request, asked, time }: Question, chain: DelegationChain): Verdict {
  return policy.evaluate(renderPolicyInput(request, chain, asked, time));
}
