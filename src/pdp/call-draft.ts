/** What is known of a decision about a held call while it is being made, and how it goes on record. */
import type { CallQuestion } from "../domain/call-question.ts";
import type { Deny, Outcome } from "../domain/decision.ts";
import type { PolicyReference } from "../domain/grant.ts";
import type { DecisionId } from "../domain/identifiers.ts";
import type { DecisionRecord } from "../domain/record.ts";
import type { DenialCode, FaultCode, Reason } from "../domain/refusal.ts";
import type { ClockReading } from "../ports/clock.ts";
import { type EndableDraft, faultReason } from "./draft.ts";

interface AskedPolicy {
  readonly reference: PolicyReference;
  readonly entrypoint: string;
}

export class CallDraft implements EndableDraft {
  readonly request: CallQuestion;
  readonly decisionId: DecisionId;
  readonly reading: ClockReading;
  policy: AskedPolicy | undefined;

  constructor(request: CallQuestion, decisionId: DecisionId, reading: ClockReading) {
    this.request = request;
    this.decisionId = decisionId;
    this.reading = reading;
  }

  deny(code: DenialCode, reasons: readonly Reason[]): Deny {
    return { outcome: "deny", decisionId: this.decisionId, policy: this.policy?.reference, code, reasons };
  }

  denyFault(code: FaultCode): Deny {
    return this.deny(code, [faultReason(code)]);
  }

  /** The input is left out: headers and bodies are the caller's, and hold its secrets. */
  renderEnded(outcome: Outcome, reasons: readonly Reason[], code?: DenialCode): DecisionRecord {
    const { origin, http } = this.request;
    return {
      type: "decision",
      decision_id: this.decisionId,
      time: this.reading.epochSeconds,
      door: origin.door,
      listener: origin.listener,
      gateway: origin.gateway,
      outcome,
      ...(code === undefined ? {} : { code }),
      reasons,
      ...(this.policy === undefined ? {} : { policy: this.policy.reference, entrypoint: this.policy.entrypoint }),
      ...(http === undefined ? {} : { http }),
    };
  }

  renderFault(code: FaultCode): DecisionRecord {
    return this.renderEnded("deny", [faultReason(code)], code);
  }
}
