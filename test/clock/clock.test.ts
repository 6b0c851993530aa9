import fc from "fast-check";
import { expect, test } from "vitest";
import { createClock } from "../../src/clock/index.ts";

const start = 1_781_000_000_000;

function watched(notBefore?: number) {
  const time = { wallMilliseconds: start, monotonicMilliseconds: 0 };
  const clock = createClock(
    { stepBackToleratedSeconds: 5 },
    { wall: () => time.wallMilliseconds, monotonic: () => time.monotonicMilliseconds },
  );
  if (notBefore !== undefined) clock.noteCertain(notBefore);
  const pass = (wall: number, monotonic = wall) => {
    time.wallMilliseconds += wall;
    time.monotonicMilliseconds += monotonic;
    return clock.read();
  };
  return { clock, pass };
}

test("time that passes evenly is reliable", () => {
  const { clock, pass } = watched();
  expect(clock.read()).toEqual({ epochSeconds: 1_781_000_000, isReliable: true });
  expect(pass(61_500)).toEqual({ epochSeconds: 1_781_000_061, isReliable: true });
});

test("a step back of more than five seconds is unreliable until time has caught up", () => {
  const { clock, pass } = watched();
  clock.read();
  expect(pass(-5_100, 0).isReliable).toBe(false);
  expect(pass(2_000).isReliable).toBe(false);
  expect(pass(6_000, 0).isReliable).toBe(true);
});

test("a small step back is tolerated and never makes a later decision earlier", () => {
  const { clock, pass } = watched();
  const before = clock.read().epochSeconds;
  expect(pass(-4_000, 0)).toEqual({ epochSeconds: before, isReliable: true });
});

test("small steps back do not add up to a large one", () => {
  const { clock, pass } = watched();
  clock.read();
  expect(pass(-3_000, 0).isReliable).toBe(true);
  expect(pass(-3_000, 0).isReliable).toBe(false);
});

test("a clock that is slewed for months stays reliable", () => {
  const { clock, pass } = watched();
  clock.read();
  for (let day = 0; day < 90; day += 1) expect(pass(86_400_000 - 20_000, 86_400_000).isReliable).toBe(true);
});

test("a suspended machine whose wall clock jumped ahead stays reliable", () => {
  const { clock, pass } = watched();
  clock.read();
  expect(pass(3_600_000, 10)).toEqual({ epochSeconds: 1_781_003_600, isReliable: true });
});

test("what is already on record bounds the first reading after a restart", () => {
  expect(watched(1_781_000_006).clock.read().isReliable).toBe(false);
  expect(watched(1_781_000_005).clock.read().isReliable).toBe(true);
});

test("law: reliable readings never decrease", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -20_000, max: 20_000 }), fc.integer({ min: 0, max: 20_000 }))),
      (steps) => {
        const { pass } = watched();
        let newest = 0;
        for (const [wall, monotonic] of steps) {
          const reading = pass(wall, monotonic);
          if (!reading.isReliable) continue;
          expect(reading.epochSeconds).toBeGreaterThanOrEqual(newest);
          newest = reading.epochSeconds;
        }
      },
    ),
  );
});
