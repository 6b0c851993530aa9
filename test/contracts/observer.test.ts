/** The promise of the Observer port: it watches every decision, decides none, and shows no token or claim. */
import { describe, expect, test } from "vitest";
import { Fault } from "../../src/domain/refusal.ts";
import { decide } from "../../src/pdp/decide.ts";
import { type Observer, steps } from "../../src/ports/observer.ts";
import { createFakePolicy, createFakeWorld } from "../fakes/path-ports.ts";
import { namedInput, requestOf } from "../fakes/requests.ts";
import { createTelemetryWorld } from "../telemetry/world.ts";

const observers: Readonly<Record<string, () => Observer>> = {
  "that of telemetry": () => createTelemetryWorld().telemetry.observer,
  "the fake": () => createFakeWorld().observer,
};

describe.each(Object.entries(observers))("%s", (_name, create) => {
  test("changes nothing about a decision", async () => {
    const watched = await decide(requestOf(namedInput), createFakeWorld({ observer: create() }));
    const unwatched = await decide(requestOf(namedInput), createFakeWorld());
    expect(watched).toEqual(unwatched);
  });

  test("gives a clock that never runs backwards", () => {
    const observer = create();
    const readings = Array.from({ length: 1000 }, () => observer.now());
    expect(readings).toEqual(readings.toSorted((left, right) => left - right));
  });

  test("never throws, whatever it is shown", () => {
    const observer = create();
    for (const step of steps) observer.tookStep(step, Number.NaN);
    observer.faulted(new Fault("internal_fault", "on purpose", { cause: { toString: 7 } }));
    observer.turnedAway("a listener that nobody opened", "busy");
    expect(steps.length).toBeGreaterThan(5);
  });
});

test("what telemetry shows of a decision holds neither token nor claim", async () => {
  const world = createTelemetryWorld();
  await decide(requestOf(namedInput), createFakeWorld({ observer: world.telemetry.observer }));
  const policy = createFakePolicy(() => "no verdict");
  await decide(requestOf(namedInput), createFakeWorld({ observer: world.telemetry.observer, policy }));
  const { body } = await world.telemetry.metrics();
  const shown = [body, ...world.lines()].join("\n");
  expect(shown).toContain("policy_fault");
  for (const secret of ["signed.by.fake", "alice", "travel-agent", "Operations", "Director"]) {
    expect(shown).not.toContain(secret);
  }
});
