/**
 * Counting on the hot path: plain numbers in preallocated arrays, one per closed label tuple. prom-client hashes its
 * labels on every call (about a microsecond each), so it sees only the sums, when somebody scrapes.
 */
import type { AnyDecision, Outcome } from "../domain/decision.ts";
import type { DoorName } from "../domain/decision-request.ts";
import { type DenialCode, faults, refusals } from "../domain/refusal.ts";
import { requestErrors, type RequestErrorCode } from "../domain/request-error.ts";
import { limits } from "./limits.ts";

/** A record, so that a new door does not compile until it is counted. */
const doorIndex: Readonly<Record<DoorName, number>> = {
  authorize: 0,
  token: 1,
  cli: 2,
  ext_authz: 3,
  ext_authz_opa: 4,
};
const doors = Object.keys(doorIndex);

/** Every way a decision can end: `[outcome, code]`. */
const endings: readonly (readonly [Outcome, string])[] = [
  ["allow", "none"],
  ["approval_required", "none"],
  ...[...Object.keys(refusals), ...Object.keys(faults)].map((code) => ["deny", code] as const),
];
const denialIndex = new Map(endings.map(([outcome, code], at) => [outcome === "deny" ? code : outcome, at]));

export interface Sum<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number;
}

export class DecisionTally {
  readonly #counts = new Float64Array(doors.length * endings.length);
  readonly #opened = new Set<string>();

  /** From now on the door has its series, also those at zero: a counter that first appears at 1 hides it from `increase()`. */
  open(door: string): void {
    this.#opened.add(door);
  }

  add(door: DoorName, decision: AnyDecision): void {
    const at = doorIndex[door] * endings.length + endingIndex(decision);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  sums(): Sum<"door" | "outcome" | "code">[] {
    return doors.flatMap((door, row) => {
      const counts = this.#counts.subarray(row * endings.length, (row + 1) * endings.length);
      if (!this.#opened.has(door) && counts.every((count) => count === 0)) return [];
      return endings.map(([outcome, code], at) => ({ labels: { door, outcome, code }, value: counts[at] ?? 0 }));
    });
  }
}

function endingIndex(decision: AnyDecision): number {
  switch (decision.outcome) {
    case "allow":
      return 0;
    case "approval_required":
      return 1;
    case "deny":
      return indexOfDenial(decision.code);
  }
}

function indexOfDenial(code: DenialCode): number {
  return denialIndex.get(code) ?? endings.length - 1;
}

/** Requests that a listener turned away. Only listeners that were opened are names; anything else is `other`. */
export class TurnedAwayTally {
  readonly #listeners = new Map<string, Tally<string>>();

  open(listener: string): Tally<string> {
    const known = this.#listeners.get(listener);
    if (known !== undefined) return known;
    const opened = new Tally(Object.keys(requestErrors));
    this.#listeners.set(listener, opened);
    return opened;
  }

  add(listener: string, code: RequestErrorCode): void {
    (this.#listeners.get(listener) ?? this.open("other")).add(code);
  }

  sums(): Sum<"listener" | "code">[] {
    return [...this.#listeners].flatMap(([listener, tally]) =>
      tally.entries().map(([code, value]) => ({ labels: { listener, code }, value })),
    );
  }
}

/** How often each of a closed list of things happened. */
export class Tally<Name extends string> {
  readonly #counts: Map<Name, number>;

  constructor(names: readonly Name[]) {
    this.#counts = new Map(names.map((name) => [name, 0]));
  }

  add(name: Name): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  entries(): (readonly [Name, number])[] {
    return [...this.#counts];
  }
}

/** One latency distribution: a count per bucket and the sum of all. */
export class LatencyTally {
  /** One more than there are bounds: the last holds what is above them all. */
  readonly counts = new Float64Array(limits.latencyBuckets.length + 1);
  sumSeconds = 0;

  add(milliseconds: number): void {
    const seconds = milliseconds / 1000;
    let at = 0;
    while (seconds > (limits.latencyBuckets[at] ?? Infinity)) at += 1;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sumSeconds += seconds;
  }
}
