/** A bundle that may decide: rules, data, catalogue and revision that belong together, and how one verdict is asked. */
import type { PolicyReference } from "../domain/grant.ts";
import type { PolicyInput } from "../domain/policy-input.ts";
import { Fault } from "../domain/refusal.ts";
import type { RoleCatalogue } from "../domain/role-catalogue.ts";
import { parseVerdict, type Verdict } from "../domain/verdict.ts";
import type { PolicySnapshot } from "../ports/policy-engine.ts";
import { type BuiltinOffer, EvaluationError, PolicyInstance, UnansweredError } from "./policy-instance.ts";

/** What makes an instance: a compiled module and the data that goes into it. */
export interface Program {
  readonly module: WebAssembly.Module;
  readonly dataText: string;
  /** The rule that is asked; absent: `chaperone/decision`. */
  readonly entrypoint?: string;
  /** The built-ins that it finds; absent: those of the sidecar's own policy. */
  readonly offer?: BuiltinOffer;
}

/** Throws an EvaluationError for a module that is not what `opa build -t wasm` makes. */
export function instantiate({ module, dataText, entrypoint, offer }: Program): PolicyInstance {
  return new PolicyInstance(module, dataText, entrypoint, offer);
}

/** The evaluation broke off, so the policy said nothing at all, not even that it has nothing to say. */
export class BrokenOff extends Fault {}

/** Asks one program, through one instance at a time. */
export class Evaluator {
  readonly #program: Program;
  #instance: PolicyInstance | undefined;

  /** `instance` is of this program and has never thrown. */
  constructor(program: Program, instance: PolicyInstance) {
    this.#program = program;
    this.#instance = instance;
  }

  /** `inputText` is JSON. Throws a Fault `policy_fault` for anything that is not exactly one verdict. */
  evaluate(inputText: string, epochSeconds: number): Verdict {
    const verdict = parseVerdict(this.ask(inputText, epochSeconds));
    if ("wrongAt" in verdict) throw new Fault("policy_fault", `the verdict is wrong at ${verdict.wrongAt}`);
    return verdict;
  }

  /** What the rule says, whatever that is. Throws a Fault `policy_fault` when it says nothing, or more than one thing. */
  ask(inputText: string, epochSeconds: number): unknown {
    const results = this.#run(inputText, epochSeconds);
    if (!Array.isArray(results) || results.length !== 1) {
      throw new Fault("policy_fault", "the decision is undefined or has more than one value");
    }
    const only: unknown = results[0];
    return typeof only === "object" && only !== null && "result" in only ? only.result : undefined;
  }

  #run(inputText: string, epochSeconds: number): unknown {
    const ready = this.#instance;
    this.#instance = undefined;
    try {
      const instance = ready ?? instantiate(this.#program);
      const results = instance.evaluate(inputText, epochSeconds);
      this.#instance = instance;
      return results;
    } catch (cause) {
      this.#instance = cause instanceof UnansweredError ? ready : this.#renewed();
      throw new BrokenOff("policy_fault", describe(cause));
    }
  }

  /** Made before it is asked: an evaluation has a deadline, and loading much data may take longer. */
  #renewed(): PolicyInstance | undefined {
    try {
      return instantiate(this.#program);
    } catch {
      return undefined;
    }
  }
}

/** Only what cannot quote an input: the message of another error may hold a claim. */
function describe(cause: unknown): string {
  if (cause instanceof EvaluationError) return cause.message;
  return cause instanceof Error ? `the evaluation threw a ${cause.name}` : "the evaluation threw";
}

export interface ActiveBundleParts {
  readonly reference: PolicyReference;
  readonly catalogue: RoleCatalogue;
  readonly evaluator: Evaluator;
  readonly deadlineMilliseconds: number;
}

export class ActiveBundle implements PolicySnapshot {
  readonly reference: PolicyReference;
  readonly catalogue: RoleCatalogue;
  readonly #evaluator: Evaluator;
  readonly #deadlineMilliseconds: number;

  constructor({ reference, catalogue, evaluator, deadlineMilliseconds }: ActiveBundleParts) {
    this.reference = reference;
    this.catalogue = catalogue;
    this.#evaluator = evaluator;
    this.#deadlineMilliseconds = deadlineMilliseconds;
  }

  evaluate(input: PolicyInput): Verdict {
    return inTime(this.#deadlineMilliseconds, () => this.#evaluator.evaluate(JSON.stringify(input), input.time));
  }
}

/** Nothing can interrupt an evaluation; one that came late is not used, and the watchdog ends what never comes. */
export function inTime<Verdict>(deadlineMilliseconds: number, evaluate: () => Verdict): Verdict {
  const startedAt = performance.now();
  const verdict = evaluate();
  if (performance.now() - startedAt > deadlineMilliseconds) {
    throw new Fault("policy_deadline", `the evaluation took longer than ${deadlineMilliseconds} ms`);
  }
  return verdict;
}
