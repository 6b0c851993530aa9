/** What the process tells about itself: metrics for Prometheus, one log line per event. It watches and never decides. */
import type { Writable } from "node:stream";
import type { AuditRecord } from "../domain/record.ts";
import type { Fault, FaultCode } from "../domain/refusal.ts";
import type { DecisionLog } from "../ports/decision-log.ts";
import type { Observer } from "../ports/observer.ts";
import { createEvents, type Events } from "./events.ts";
import { limits } from "./limits.ts";
import { createLineWriter, type Level } from "./line-writer.ts";
import { createMetrics, type MetricSources, Tallies } from "./metrics.ts";

export interface TelemetryOptions {
  readonly log: {
    /** `debug` writes a line per decision, without claims; `off` writes nothing. */
    readonly level: Level | "off";
  };
}

export interface TelemetryWorld extends MetricSources {
  /** Where log lines go: standard error. */
  readonly stream: Writable;
  /** Values that must never be seen in a line (credentials), removed verbatim. */
  readonly secrets: readonly string[];
}

export interface Telemetry {
  readonly observer: Observer;
  readonly events: Events;
  /** The same log, with what it takes and what it fails to take counted. */
  readonly countRecords: (log: DecisionLog) => DecisionLog;
  /** What Prometheus scrapes. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

export function createTelemetry(options: TelemetryOptions, world: TelemetryWorld): Telemetry {
  const tallies = new Tallies();
  const registry = createMetrics(tallies, world);
  const lines = createEvents(
    createLineWriter({ level: options.log.level, secrets: world.secrets, stream: world.stream }),
  );
  const events: Events = {
    ...lines,
    listening: (listener) => {
      tallies.turnedAway.open(listener.name);
      for (const door of listener.doors) tallies.decisions.open(door);
      lines.listening(listener);
    },
  };
  return {
    observer: createObserver(tallies, events),
    events,
    countRecords: (log) => countRecords(log, tallies),
    metrics: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

const now = (): number => performance.now();

function createObserver(tallies: Tallies, events: Events): Observer {
  const seldom = new Map<FaultCode, { at: number; leftOut: number }>();
  return {
    now,
    tookStep: (step, milliseconds) => {
      tallies.steps.get(step)?.add(milliseconds);
      if (step === "mint") tallies.minted.add("token");
    },
    decided: (request, decision, milliseconds) => {
      tallies.decisions.add(request.origin.door, decision);
      tallies.whole.add(milliseconds);
      if (events.writesDecisions) events.decided(request, decision, milliseconds);
    },
    /** Under load a broken disk faults thousands of times a second: one line tells it, the counters tell how often. */
    faulted: (fault: Fault) => {
      const last = seldom.get(fault.code);
      if (last !== undefined && now() - last.at < limits.faultLineMilliseconds) {
        last.leftOut += 1;
        tallies.faultLinesLeftOut.add("line");
        return;
      }
      seldom.set(fault.code, { at: now(), leftOut: 0 });
      events.faulted(fault, last?.leftOut ?? 0);
    },
    turnedAway: (listener, code) => tallies.turnedAway.add(listener, code),
  };
}

function countRecords(log: DecisionLog, tallies: Tallies): DecisionLog {
  const took = (entry: AuditRecord): void => tallies.recorded.add(entry.type);
  const failed = (entry: AuditRecord): void => tallies.unrecorded.add(entry.type);
  return {
    record: (entry) => {
      let pending: void | Promise<void>;
      try {
        pending = log.record(entry);
      } catch (cause) {
        failed(entry);
        throw cause;
      }
      if (pending === undefined) return took(entry);
      return pending.then(
        () => took(entry),
        (cause: unknown) => {
          failed(entry);
          throw cause;
        },
      );
    },
  };
}
