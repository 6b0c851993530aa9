/**
 * Every metric of Chaperone, declared once, with labels from closed lists only. docs/metrics.md lists them and
 * test/telemetry keeps the two in step.
 */
import { collectDefaultMetrics, Counter, Gauge, type Metric, Registry } from "prom-client";
import type { AuditRecord } from "../domain/record.ts";
import { type Step, steps } from "../ports/observer.ts";
import type { IssuerKeysState } from "../ports/issuer-keys-status.ts";
import type { BundleRejectionCode, PolicyState } from "../ports/policy-status.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { limits } from "./limits.ts";
import { DecisionTally, LatencyTally, type Sum, Tally, TurnedAwayTally } from "./tallies.ts";

const recordTypes: Readonly<Record<AuditRecord["type"], true>> = { decision: true, mint_failed: true, event: true };

/** A record, so that a new code does not compile until it is counted. */
const rejectionCodes: Readonly<Record<BundleRejectionCode, true>> = {
  bundle_missing: true,
  bundle_unreadable: true,
  bundle_too_large: true,
  bundle_entry_refused: true,
  bundle_signature_wrong: true,
  bundle_entrypoint_missing: true,
  bundle_layout_wrong: true,
  bundle_catalogue_wrong: true,
  bundle_builtin_missing: true,
  bundle_samples_failed: true,
};

/** What the hot path writes to. */
export class Tallies {
  readonly decisions = new DecisionTally();
  readonly whole = new LatencyTally();
  readonly steps: ReadonlyMap<Step, LatencyTally> = new Map(steps.map((step) => [step, new LatencyTally()]));
  readonly turnedAway = new TurnedAwayTally();
  readonly minted = new Tally(["token"]);
  readonly recorded = new Tally(Object.keys(recordTypes));
  readonly unrecorded = new Tally(Object.keys(recordTypes));
  readonly faultLinesLeftOut = new Tally(["line"]);
}

/** What is asked when somebody scrapes. */
export interface MetricSources {
  readonly version: string;
  /** Undefined before there is a policy room to ask. */
  readonly policyState: () => PolicyState | undefined;
  /** Of the configured issuers whose keys are fetched. */
  readonly issuerKeys: () => readonly IssuerKeysState[];
  /** Epoch seconds. */
  readonly now: () => number;
}

export function createMetrics(tallies: Tallies, sources: MetricSources): Registry {
  const registry = new Registry();
  for (const metric of pathMetrics(tallies)) registry.registerMetric(metric);
  for (const metric of recordMetrics(tallies)) registry.registerMetric(metric);
  for (const metric of policyMetrics(sources)) registry.registerMetric(metric);
  for (const metric of issuerMetrics(sources)) registry.registerMetric(metric);
  registry.registerMetric(buildInfo(sources.version));
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: limits.lagLookMilliseconds });
  return registry;
}

function pathMetrics(tallies: Tallies): Metric[] {
  return [
    counter({
      name: "chaperone_decisions_total",
      help: "Decisions, by the door they came through, how they ended and why.",
      labels: ["door", "outcome", "code"],
      sums: () => tallies.decisions.sums(),
    }),
    new LatencyHistogram({
      name: "chaperone_decision_duration_seconds",
      help: "How long whole decisions took, from the parsed request to the answer.",
      tallies: new Map([["", tallies.whole]]),
    }),
    new LatencyHistogram({
      name: "chaperone_decision_step_duration_seconds",
      help: "How long each step of the path took.",
      tallies: tallies.steps,
    }),
    counter({
      name: "chaperone_requests_turned_away_total",
      help: "Requests that a listener answered with a 4xx before anything was decided.",
      labels: ["listener", "code"],
      sums: () => tallies.turnedAway.sums(),
    }),
    counter({
      name: "chaperone_tokens_minted_total",
      help: "Role tokens that were signed.",
      labels: [],
      sums: () => tallies.minted.entries().map(([, value]) => ({ labels: {}, value })),
    }),
  ];
}

function recordMetrics(tallies: Tallies): Metric[] {
  return [
    counter({
      name: "chaperone_audit_records_total",
      help: "Records that the decision log accepted as durably as it is configured.",
      labels: ["type"],
      sums: () => tallies.recorded.entries().map(([type, value]) => ({ labels: { type }, value })),
    }),
    counter({
      name: "chaperone_audit_failures_total",
      help: "Records that the decision log could not take; a decision among them was denied.",
      labels: ["type"],
      sums: () => tallies.unrecorded.entries().map(([type, value]) => ({ labels: { type }, value })),
    }),
    counter({
      name: "chaperone_fault_lines_left_out_total",
      help: "Log lines about faults that were left out because the same fault had just been logged.",
      labels: [],
      sums: () => tallies.faultLinesLeftOut.entries().map(([, value]) => ({ labels: {}, value })),
    }),
  ];
}

function policyMetrics({ policyState, now }: MetricSources): Metric[] {
  return [
    gauge({
      name: "chaperone_policy_info",
      help: "Always 1; the labels tell the policy that decides. No series while none is active.",
      labels: ["id", "revision"],
      sums: () => {
        const active = policyState()?.active;
        return active === undefined ? [] : [{ labels: { id: active.id, revision: active.revision }, value: 1 }];
      },
    }),
    gauge({
      name: "chaperone_policy_age_seconds",
      help: "Time since the active policy was activated. No series while none is active.",
      labels: [],
      sums: () => {
        const activatedAt = policyState()?.activatedAt;
        return activatedAt === undefined ? [] : [{ labels: {}, value: Math.max(0, now() - activatedAt) }];
      },
    }),
    gauge({
      name: "chaperone_policy_rejected",
      help: "1 while the newest bundle that was seen is refused for this reason.",
      labels: ["code"],
      sums: () => {
        const rejected = policyState()?.rejection?.code;
        return Object.keys(rejectionCodes).map((code) => ({ labels: { code }, value: code === rejected ? 1 : 0 }));
      },
    }),
  ];
}

function issuerMetrics({ issuerKeys, now }: MetricSources): Metric[] {
  return [
    gauge({
      name: "chaperone_issuer_keys_age_seconds",
      help: "Time since the issuer's keys were last asked for with success. No series before that.",
      labels: ["issuer"],
      sums: () =>
        issuerKeys().flatMap(({ issuer, confirmedAt }) =>
          confirmedAt === undefined ? [] : { labels: { issuer }, value: Math.max(0, now() - confirmedAt) },
        ),
    }),
    gauge({
      name: "chaperone_issuer_keys_failing",
      help: "1 while the issuer's keys cannot be fetched, else 0.",
      labels: ["issuer"],
      sums: () =>
        issuerKeys().map(({ issuer, failure }) => ({ labels: { issuer }, value: failure === undefined ? 0 : 1 })),
    }),
  ];
}

function buildInfo(version: string): Metric {
  return gauge({
    name: "chaperone_build_info",
    help: "Always 1; the label tells the version that runs.",
    labels: ["version"],
    sums: () => [{ labels: { version }, value: 1 }],
  });
}

interface RenderedMetric<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  readonly sums: () => readonly Sum<Label>[];
}

function counter<Label extends string>({ name, help, labels, sums }: RenderedMetric<Label>): Metric {
  return new Counter<string>({
    name,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      for (const { labels, value } of sums()) this.inc({ ...labels }, value);
    },
  });
}

/** Rebuilt on every scrape, so that a revision that no longer decides leaves no series behind. */
function gauge<Label extends string>({ name, help, labels, sums }: RenderedMetric<Label>): Metric {
  return new Gauge<string>({
    name,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      if (labels.length === 0) this.remove();
      for (const { labels, value } of sums()) this.set({ ...labels }, value);
    },
  });
}
