/**
 * The system clock, watched: wall time that steps back by more than the tolerance, against monotonic time or against
 * what is already on record, makes every lifetime doubtful, so readings turn unreliable until time has caught up (DESIGN §5).
 */
import type { Clock, ClockReading } from "../ports/clock.ts";

export interface ClockOptions {
  readonly stepBackToleratedSeconds: number;
}

export interface WatchedClock extends Clock {
  /** A moment, in epoch seconds, that is certain to have passed: the newest one on record from an earlier run. */
  noteCertain(epochSeconds: number): void;
}

export interface TimeSource {
  /** Epoch milliseconds. */
  wall(): number;
  /** Milliseconds since any fixed moment; never decreases. */
  monotonic(): number;
}

export const systemTime: TimeSource = { wall: () => Date.now(), monotonic: () => performance.now() };

/** 500 parts per million: what NTP corrects by at most without a step (adjtimex). */
const slewedAtMost = 0.0005;

export function createClock(options: ClockOptions, time: TimeSource = systemTime): WatchedClock {
  const toleratedMilliseconds = options.stepBackToleratedSeconds * 1000;
  // The latest moment that is certain to have passed: on record, or seen here and carried on by monotonic time. It is
  // carried on a little slowly, because clocks are slewed that much; without it months of slewing would add up to a step.
  const passedSince = (at: number, monotonic: number): number => (monotonic - at) * (1 - slewedAtMost);
  let certain = 0;
  let certainAt = time.monotonic();
  let newestSeconds = 0;
  return {
    noteCertain(epochSeconds: number): void {
      const monotonic = time.monotonic();
      certain = Math.max(certain + passedSince(certainAt, monotonic), epochSeconds * 1000);
      certainAt = monotonic;
    },
    read(): ClockReading {
      const wall = time.wall();
      const monotonic = time.monotonic();
      const expected = certain + passedSince(certainAt, monotonic);
      const isReliable = wall >= expected - toleratedMilliseconds;
      if (isReliable && wall > expected) {
        certain = wall;
        certainAt = monotonic;
      }
      // A small step back is tolerated but never shown: one decision later is never one second earlier.
      newestSeconds = Math.max(newestSeconds, Math.floor(wall / 1000));
      return { epochSeconds: isReliable ? newestSeconds : Math.floor(wall / 1000), isReliable };
    },
  };
}
