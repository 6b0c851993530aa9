/** `time.*`: instants are integers of nanoseconds since the epoch, beyond 2^53, so they are bigints here. */
import type { EvaluationInstant } from "./evaluation-instant.ts";
import type { BuiltinFamily } from "./family.ts";

const nanosecondsPerSecond = 1_000_000_000n;

export function createTimeBuiltins(instant: EvaluationInstant): BuiltinFamily {
  return {
    "time.now_ns": () => BigInt(instant.epochSeconds) * nanosecondsPerSecond,
  };
}
