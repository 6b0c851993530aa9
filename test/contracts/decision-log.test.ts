/** The promise of the DecisionLog port, kept at every durability. */
import { describe, expect, test } from "vitest";
import { durabilities, verifyAuditFolder } from "../../src/audit/index.ts";
import { numbered, numbersOf } from "../fakes/audit-records.ts";
import { createAuditWorld } from "../fakes/audit-world.ts";

test("the suite sees the durabilities", () => {
  expect(durabilities.length).toBeGreaterThan(0);
});

describe.each(durabilities)("a decision log of durability %s", (durability) => {
  test("has the record in the file when it answers", async () => {
    const world = createAuditWorld();
    const log = await world.open({ durability });
    for (let number = 1; number <= 5; number += 1) {
      await log.record(numbered(number));
      expect(numbersOf(world.readLines()).at(-1)).toBe(number);
    }
  });

  test("keeps the order of the calls, however many wait at once", async () => {
    const world = createAuditWorld();
    const log = await world.open({ durability, rotateBytes: 30_000 });
    const numbers = Array.from({ length: 1_500 }, (_, index) => index);
    await Promise.all(numbers.map(async (number) => log.record(numbered(number))));
    expect(numbersOf(world.readLines())).toEqual(numbers);
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true });
  });

  test("keeps what the caller changes afterwards out of the record", async () => {
    const world = createAuditWorld();
    const log = await world.open({ durability });
    const detail: Record<string, string | number> = { number: 1 };
    const answered = log.record({ type: "event", event: "policy_activated", time: 1, detail });
    detail["number"] = 2;
    await answered;
    expect(numbersOf(world.readLines())).toEqual([1]);
  });

  test("throws or rejects with audit_unavailable when it cannot record, and never answers", async () => {
    const world = createAuditWorld();
    const log = await world.open({ durability });
    await log.close();
    await expect(Promise.try(() => log.record(numbered(1)))).rejects.toMatchObject({ code: "audit_unavailable" });
    expect(numbersOf(world.readLines())).toEqual([]);
  });

  test("puts on record all that was asked before it is closed", async () => {
    const world = createAuditWorld();
    const log = await world.open({ durability });
    const answers = [1, 2, 3].map(async (number) => log.record(numbered(number)));
    await log.close();
    await Promise.all(answers);
    expect(numbersOf(world.readLines())).toEqual([1, 2, 3]);
    expect(world.readLines().at(-1)).toMatchObject({ type: "checkpoint", reason: "stop" });
  });
});
