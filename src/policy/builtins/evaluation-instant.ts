/** What one evaluation holds still for its built-ins: the clock reading and every answer that may not change within it. */
import type { RegoValue } from "./rego-value.ts";

export interface EvaluationInstant {
  /** The decision's one clock reading; `time.now_ns()` is this. */
  epochSeconds: number;
  /** Answers of `rand.intn` and `uuid.rfc4122` in this evaluation, by built-in and arguments. */
  readonly remembered: Map<string, RegoValue>;
}

export function createEvaluationInstant(epochSeconds = 0): EvaluationInstant {
  return { epochSeconds, remembered: new Map() };
}

/** To be called before every evaluation; nothing of the evaluation before survives it. */
export function beginEvaluation(instant: EvaluationInstant, epochSeconds: number): void {
  instant.epochSeconds = epochSeconds;
  instant.remembered.clear();
}
