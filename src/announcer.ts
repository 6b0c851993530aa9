/** How events are told: to whoever reads the log lines, and on record. */
import type { EventRecord } from "./domain/record.ts";
import type { Announcer } from "./ports/announcer.ts";
import type { Clock } from "./ports/clock.ts";
import type { DecisionLog } from "./ports/decision-log.ts";
import type { Telemetry } from "./telemetry/index.ts";

/** An event that cannot be put on record is said in the log: it concerns no decision, and decisions deny by themselves. */
export function createAnnouncer(log: DecisionLog, { events }: Pick<Telemetry, "events">): Announcer {
  return {
    announce(event: EventRecord): void {
      events.announced(event);
      Promise.try(() => log.record(event)).catch((cause: unknown) => events.failed("event_record", cause));
    },
  };
}

/** Announces the start, and returns what announces the stop. */
export function announceLife(announcer: Announcer, detail: EventRecord["detail"], clock: Clock): () => void {
  const announce = (event: "started" | "stopped", about: EventRecord["detail"]): void =>
    announcer.announce({ type: "event", event, time: clock.read().epochSeconds, detail: about });
  announce("started", detail);
  return () => announce("stopped", {});
}
