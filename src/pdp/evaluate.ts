/** Step "evaluate": what the policy says, and whether it says so because of an inner actor. */
import type { Asked } from "../domain/asked.ts";
import type { DecisionRequest } from "../domain/decision-request.ts";
import type { DelegationChain } from "../domain/delegation-chain.ts";
import { renderPolicyInput } from "../domain/policy-input.ts";
import { Refusal } from "../domain/refusal.ts";
import { type AllowVerdict, isWithin, type OtherVerdict, type Verdict } from "../domain/verdict.ts";
import type { PolicySnapshot } from "../ports/policy-engine.ts";
import type { StandingChain } from "./check-standing.ts";

export interface Question {
  readonly policy: PolicySnapshot;
  readonly request: DecisionRequest;
  readonly standing: StandingChain;
  readonly asked: Asked;
  /** Epoch seconds. */
  readonly time: number;
}

export type ApprovalVerdict = OtherVerdict & { readonly outcome: "approval_required" };

export function evaluate(question: Question): AllowVerdict | ApprovalVerdict | Refusal {
  const { chain } = question.standing;
  const verdict = askPolicy(question, chain);
  switch (verdict.outcome) {
    case "deny":
      return Refusal.because("policy_denied", verdict.reasons);
    case "approval_required":
      return { outcome: "approval_required", reasons: verdict.reasons };
    case "allow":
      return chain.inner.length === 0 ? verdict : withoutInnerAuthority(question, verdict);
  }
}

/** Inner actors may cause a deny, never an allow, and never more than would be granted without them (P7). */
function withoutInnerAuthority(question: Question, verdict: AllowVerdict): AllowVerdict | Refusal {
  const alone = askPolicy(question, question.standing.chain.withoutInner());
  return alone.outcome === "allow" && isWithin(verdict, alone) ? verdict : Refusal.because("inner_actor_decisive");
}

function askPolicy({ policy, request, asked, time }: Question, chain: DelegationChain): Verdict {
  return policy.evaluate(renderPolicyInput(request, chain, asked, time));
}
