import type { EventRecord } from "../domain/record.ts";

/** Tells of something that changed what decisions mean: it goes on record and to telemetry. Never throws. */
export interface Announcer {
  announce(event: EventRecord): void;
}
