/**
 * A bundle is asked before it is trusted: its own samples must be answered as they say, and nobody may be allowed for
 * asking nothing.
 */
import { Fault } from "../domain/refusal.ts";
import { isJsonObject, type Json, type JsonObject, ownMember, unknownMember } from "../domain/json.ts";
import type { Evaluator } from "./active-bundle.ts";
import { BundleRejected } from "./bundle-rejected.ts";
import { policyLimits } from "./policy-limits.ts";

const outcomes = ["allow", "deny", "approval_required"];

/** `now` (epoch seconds) is the time of samples that state none. */
export function checkSamples(evaluator: Evaluator, samples: Json | undefined, now: number): void {
  for (const [name, input] of Object.entries(emptyRequests(now))) {
    const answer = ask(evaluator, input, now);
    if (answer === "allow") throw failed(`${name} is allowed`);
  }
  for (const phase of ["issue", "delegate", "use"]) {
    const answer = ask(evaluator, wellFormed(phase, now), now);
    if (answer !== "deny" && answer !== "approval_required") throw failed(`an empty request in ${phase}: ${answer}`);
  }
  if (samples !== undefined) checkOwn(evaluator, samples, now);
}

function checkOwn(evaluator: Evaluator, samples: Json, now: number): void {
  if (!isJsonObject(samples)) throw failed("data.chaperone.samples is not an object");
  const entries = Object.entries(samples);
  if (entries.length > policyLimits.samplesMax) throw failed("too many samples");
  for (const [name, sample] of entries) {
    if (!isJsonObject(sample) || unknownMember(sample, ["input", "outcome", "title", "description"]) !== undefined) {
      throw failed(`the sample ${name} is not an input and an outcome`);
    }
    const { input, outcome } = sample;
    if (!isJsonObject(input) || typeof outcome !== "string" || !outcomes.includes(outcome)) {
      throw failed(`the sample ${name} is not an input and an outcome`);
    }
    const answer = ask(evaluator, input, now);
    if (answer !== outcome) throw failed(`the sample ${name} says ${outcome}, the policy ${answer}`);
  }
}

function ask(evaluator: Evaluator, input: Json, now: number): string {
  const time = isJsonObject(input) ? ownMember(input, "time") : undefined;
  try {
    return evaluator.evaluate(JSON.stringify(input), typeof time === "number" ? time : now).outcome;
  } catch (cause) {
    if (cause instanceof Fault) return `${cause.code} (${cause.detail})`;
    throw cause;
  }
}

/** What is not even a request: a fault is a good answer too. */
function emptyRequests(now: number): Readonly<Record<string, Json>> {
  const { subject: _subject, actor: _actor, ...nobody } = wellFormed("issue", now);
  return {
    "an empty object": {},
    "a list": [],
    "a string": "",
    null: null,
    zero: 0,
    false: false,
    "a request of nobody": nobody,
    "a request without a phase": wellFormed("", now),
  };
}

/** A request as the path renders it, in which nobody is named and nothing is asked. */
function wellFormed(phase: string, now: number): JsonObject {
  return {
    phase,
    subject: { issuer: "urn:chaperone:gateway", claims: {}, departments: [], roles: [] },
    actor: { issuer: "urn:chaperone:gateway", claims: {}, capabilities: [], type: "ai_agent" },
    chain: [],
    asked: { capabilities: [], permissions: [] },
    context: {},
    time: now,
  };
}

function failed(detail: string): BundleRejected {
  return new BundleRejected("bundle_samples_failed", detail);
}
