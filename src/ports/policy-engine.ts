import type { CallVerdict } from "../domain/call-verdict.ts";
import type { PolicyReference } from "../domain/grant.ts";
import type { JsonObject } from "../domain/json.ts";
import type { PolicyInput } from "../domain/policy-input.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { RoleCatalogue } from "../domain/role-catalogue.ts";
import type { Verdict } from "../domain/verdict.ts";

/** One bundle as it was when the decision began: rules, data, catalogue and revision belong together. */
export interface PolicySnapshot {
  readonly reference: PolicyReference;
  readonly catalogue: RoleCatalogue;
  /**
   * What this bundle says about the input; synchronous, no I/O. `time.now_ns()` inside it is `input.time`.
   * Throws a Fault: `policy_fault` for anything that is not exactly a verdict, `policy_deadline` when it took too long.
   * May be called more than once for one decision, and after a newer bundle became active.
   */
  evaluate(input: PolicyInput): Verdict;
}

export interface PolicyEngine {
  /** The active bundle; `now` is the decision's own clock reading, epoch seconds. Throws a Fault: `policy_not_ready` when none is, `policy_stale` when it is too old to be trusted. */
  snapshot(now: number): PolicySnapshot;
}

/** Another's Envoy authorization policy, as it was when the decision began. */
export interface CallPolicySnapshot {
  readonly reference: PolicyReference;
  /** The rule that is asked, like `envoy/authz/allow`. */
  readonly entrypoint: string;
  /**
   * What it says about a held call; `time`, epoch seconds, is what `time.now_ns()` returns. Throws like
   * {@link PolicySnapshot.evaluate}, and an undefined rule is a `policy_fault`; `internal_fault` when the evaluation broke off.
   * A Refusal: it says yes or no, and cannot be carried out as it says.
   */
  judge(input: JsonObject, time: number): CallVerdict | Refusal;
}

export interface CallPolicyEngine {
  /** Throws like {@link PolicyEngine.snapshot}. */
  snapshot(now: number): CallPolicySnapshot;
}
