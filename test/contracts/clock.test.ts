/** The promise of the Clock port, kept by the clock that is shipped, on the real time source. */
import { expect, test } from "vitest";
import { createClock } from "../../src/clock/index.ts";

test("a reading is whole epoch seconds of now", () => {
  const { epochSeconds, isReliable } = createClock({ stepBackToleratedSeconds: 5 }).read();
  expect(isReliable).toBe(true);
  expect(Number.isSafeInteger(epochSeconds)).toBe(true);
  expect(Math.abs(epochSeconds - Date.now() / 1000)).toBeLessThan(2);
});

test("ten thousand readings never decrease and never throw", () => {
  const clock = createClock({ stepBackToleratedSeconds: 5 });
  const readings = Array.from({ length: 10_000 }, () => clock.read().epochSeconds);
  expect(readings).toEqual(readings.toSorted((left, right) => left - right));
});
