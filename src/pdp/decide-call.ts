/**
 * The short path: another's policy decides about a held call, and the sidecar verifies nobody, grants nothing and has
 * nothing that could sign. Like every decision it takes one reading of clock and policy, is on record before it is
 * answered, and is a recorded deny when anything is not as it must be.
 */
import type { CallQuestion } from "../domain/call-question.ts";
import type { AllowedCall, CallDecision } from "../domain/decision.ts";
import { Fault, Refusal, refusals } from "../domain/refusal.ts";
import type { CallPolicyEngine } from "../ports/policy-engine.ts";
import { CallDraft } from "./call-draft.ts";
import { conclude, stopwatch } from "./decide.ts";
import type { PathPorts } from "./path-ports.ts";

/** No minter, no ledger, no verifier. */
export interface CallPorts extends Pick<PathPorts, "clock" | "identifiers" | "log" | "observer"> {
  readonly policy: CallPolicyEngine;
}

/** Never rejects. What it answers is on record, except a deny because the record cannot be written. */
export function decideCall(question: CallQuestion, ports: CallPorts): Promise<CallDecision> {
  const draft = new CallDraft(question, ports.identifiers.decisionId(), ports.clock.read());
  return conclude(draft, ports, () => walk(draft, ports));
}

async function walk(draft: CallDraft, ports: CallPorts): Promise<CallDecision> {
  const { request, decisionId, reading } = draft;
  const took = stopwatch(ports);
  if (!reading.isReliable) throw new Fault("clock_unreliable", "wall time stepped back");
  const policy = ports.policy.snapshot(reading.epochSeconds);
  draft.policy = policy;

  const verdict = policy.judge(request.input, reading.epochSeconds);
  took("evaluate");
  if (verdict instanceof Refusal) {
    await ports.log.record(draft.renderEnded("deny", verdict.reasons, verdict.code));
    took("record");
    return draft.deny(verdict.code, verdict.reasons);
  }
  if (!verdict.allowed) {
    const code = "policy_denied";
    const reasons = [{ code, message: refusals[code] }];
    await ports.log.record(draft.renderEnded("deny", reasons, code));
    took("record");
    return { ...draft.deny(code, reasons), refusal: verdict.refusal };
  }

  await ports.log.record(draft.renderEnded("allow", []));
  took("record");
  const allowed: AllowedCall = {
    outcome: "allow",
    decisionId,
    policy: policy.reference,
    reasons: [],
    changes: verdict.changes,
  };
  return allowed;
}
