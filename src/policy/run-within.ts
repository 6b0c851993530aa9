/** Runs synchronous work that may never end, and ends it: V8 can interrupt a script that was started with a timeout. */
import { runInNewContext } from "node:vm";

export class OutOfTimeError extends Error {
  override readonly name = "OutOfTimeError";
}

/**
 * What `run` returns; what it throws is passed on. Interrupts WASM as well, and leaves what it was using in no known
 * state. Costs milliseconds and starts a thread, so it is for activations and never for a decision.
 */
export function runWithin<T>(milliseconds: number, run: () => T): T {
  const results: T[] = [];
  try {
    runInNewContext("run()", { run: () => void results.push(run()) }, { timeout: milliseconds });
  } catch (cause) {
    if (!isTimeout(cause)) throw cause;
    throw new OutOfTimeError(`took longer than ${milliseconds} ms`, { cause });
  }
  for (const result of results) return result;
  throw new TypeError("nothing was run");
}

/** The error belongs to the script's own context, so it is no instance of this one's `Error`. */
function isTimeout(cause: unknown): boolean {
  return (
    typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
  );
}
