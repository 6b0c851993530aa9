/** An announcer that keeps what it was told, and lets a test wait for the next event instead of for time. */
import type { EventRecord } from "../../src/domain/record.ts";
import type { Announcer } from "../../src/ports/announcer.ts";

export interface RecordingAnnouncer extends Announcer {
  readonly events: readonly EventRecord[];
  /** Resolves as soon as `count` events have been announced, also when they were before the call. */
  reached(count: number): Promise<void>;
}

export function createRecordingAnnouncer(): RecordingAnnouncer {
  const events: EventRecord[] = [];
  const waiting = new Set<() => void>();
  return {
    events,
    announce: (event) => {
      events.push(event);
      for (const look of waiting) look();
    },
    reached: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (events.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
