/**
 * Entries → another's Envoy authorization policy that may judge held calls. It was not written for Chaperone, so neither
 * its layout nor its data is held to our contract; it must be built for its rule, find every built-in, and come back.
 */
import { type CallVerdict, parseCallVerdict, unsaidAt } from "../domain/call-verdict.ts";
import type { PolicyReference } from "../domain/grant.ts";
import type { JsonObject } from "../domain/json.ts";
import { Fault, Refusal, refusals } from "../domain/refusal.ts";
import type { CallPolicySnapshot } from "../ports/policy-engine.ts";
import { type Candidate, holdShortly, openBundle, startEvaluator, type Trial } from "./activate-bundle.ts";
import { BrokenOff, type Evaluator, inTime } from "./active-bundle.ts";

/** Throws a BundleRejected. */
export async function activateCallPolicy(
  candidate: Candidate,
  trial: Trial,
  entrypoint: string,
): Promise<CallPolicySnapshot> {
  const { wasm, dataText } = await openBundle(candidate, trial, entrypoint);
  const module = await trial.modules.compile(wasm);
  const evaluator = holdShortly("bundle_samples_failed", "loading the data and answering an empty call", () => {
    const started = startEvaluator({ module, dataText, entrypoint, offer: "call" });
    tryOnce(started, trial.now);
    return started;
  });
  const reference: PolicyReference = { id: candidate.id, revision: candidate.revision };
  const { deadlineMilliseconds } = trial;
  return {
    reference,
    entrypoint,
    judge: (input, time) => inTime(deadlineMilliseconds, () => judge(evaluator, input, time)),
  };
}

/** What it says to nothing is its own affair; that it says it in time is not. */
function tryOnce(evaluator: Evaluator, now: number): void {
  try {
    evaluator.ask("{}", now);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
  }
}

/** What is said but cannot be carried out is no fault: a client can bring it about, and a gateway may let faults through. */
function judge(evaluator: Evaluator, input: JsonObject, time: number): CallVerdict | Refusal {
  const verdict = parseCallVerdict(ask(evaluator, input, time));
  if (!("wrongAt" in verdict)) return verdict;
  const { wrongAt } = verdict;
  if (unsaidAt.has(wrongAt)) throw new Fault("policy_fault", `the verdict is wrong at ${wrongAt}`);
  const code = "obligation_unenforceable";
  return Refusal.because(code, [{ code, message: `${refusals[code]} The verdict is wrong at ${wrongAt}.` }]);
}

/** A client's input can break an evaluation off where the plugin's would go on: that is ours, and no word of the policy's. */
function ask(evaluator: Evaluator, input: JsonObject, time: number): unknown {
  try {
    return evaluator.ask(JSON.stringify(input), time);
  } catch (cause) {
    if (cause instanceof BrokenOff) throw new Fault("internal_fault", cause.detail);
    throw cause;
  }
}
