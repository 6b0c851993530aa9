import type { PolicyReference } from "../domain/grant.ts";
import type { PolicyInput } from "../domain/policy-input.ts";
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
