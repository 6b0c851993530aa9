import type { CallQuestion } from "../domain/call-question.ts";
import type { AnyDecision } from "../domain/decision.ts";
import type { AnyRequest } from "../domain/decision-request.ts";
import type { Fault } from "../domain/refusal.ts";
import type { RequestErrorCode } from "../domain/request-error.ts";

/** The steps of the path; a metric label. */
export const steps = ["verify", "check", "evaluate", "attenuate", "record", "mint"] as const;
export type Step = (typeof steps)[number];

/** Watches, never decides. No method throws, and none sees a token or a claim. */
export interface Observer {
  /** A monotonic reading in milliseconds. */
  now(): number;
  tookStep(step: Step, milliseconds: number): void;
  decided(request: AnyRequest | CallQuestion, decision: AnyDecision, milliseconds: number): void;
  faulted(fault: Fault): void;
  /** A listener answered a request with a 4xx; nothing was decided. */
  turnedAway(listener: string, code: RequestErrorCode): void;
}
