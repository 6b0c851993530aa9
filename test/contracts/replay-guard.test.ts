/** The promise of the ReplayGuard port, kept by every registered kind. */
import { describe, expect, test } from "vitest";
import { parseIssuer } from "../../src/domain/identifiers.ts";
import { replayGuards } from "../../src/ledger/index.ts";
import type { AssertionUse } from "../../src/ports/replay-guard.ts";
import { known, testTime } from "../fakes/path-ports.ts";

const [a, b] = [known(parseIssuer("client-a")), known(parseIssuer("client-b"))];
const useOf = (changes: Partial<AssertionUse> = {}): AssertionUse => ({
  issuer: a,
  id: "once",
  issuedAt: testTime + 1,
  expiresAt: testTime + 60,
  ...changes,
});

describe.each(Object.entries(replayGuards))("a replay guard of kind %s", (_kind, create) => {
  const at = (time: { now: number }) => ({ read: () => ({ epochSeconds: time.now, isReliable: true }) });
  const createGuard = () => create({ clock: at({ now: testTime }) });

  test("says yes the first time and no ever after", async () => {
    const guard = createGuard();
    const answers: boolean[] = [];
    for (let time = 0; time < 3; time += 1) answers.push(await guard.isFirstUse(useOf()));
    expect(answers).toEqual([true, false, false]);
  });

  test("keeps issuers and ids apart, however they are put together", async () => {
    const guard = createGuard();
    for (const use of [useOf(), useOf({ issuer: b }), useOf({ id: "twice" }), useOf({ id: 'once"]' })]) {
      expect(await guard.isFirstUse(use)).toBe(true);
    }
  });

  test("says no to what was issued before it began, or in the same second", async () => {
    const guard = createGuard();
    expect(await guard.isFirstUse(useOf({ issuedAt: testTime - 1 }))).toBe(false);
    expect(await guard.isFirstUse(useOf({ issuedAt: testTime }))).toBe(false);
    expect(await guard.isFirstUse(useOf())).toBe(true);
  });

  test("of many at once with one id, says yes to one", async () => {
    const guard = createGuard();
    const answers = await Promise.all(Array.from({ length: 50 }, async () => await guard.isFirstUse(useOf())));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  test("holds a bounded number, forgets only what expired, and cannot tell when it is full", async () => {
    const time = { now: testTime };
    const guard = create({ clock: at(time), usesMax: 3 });
    await guard.isFirstUse(useOf());
    await guard.isFirstUse(useOf({ id: "later", expiresAt: testTime + 600 }));
    const third = async () => await guard.isFirstUse(useOf({ id: "third", expiresAt: testTime + 600 }));
    await expect(third()).rejects.toMatchObject({ code: "ledger_unavailable" });
    time.now = testTime + 200;
    expect(await third()).toBe(true);
    expect(await guard.isFirstUse(useOf({ id: "later", expiresAt: testTime + 600 }))).toBe(false);
  });

  test("goes on telling for others when one issuer shows as many as it can, and for all within its bound", async () => {
    const guard = create({ clock: at({ now: testTime }), usesMax: 60 });
    /** How many were taken until it could not tell. */
    const exhaust = async (issuer: AssertionUse["issuer"]): Promise<number> => {
      for (let taken = 0; ; taken += 1) {
        const [asked] = await Promise.allSettled([
          Promise.try(() => guard.isFirstUse(useOf({ issuer, id: `${taken}` }))),
        ]);
        if (asked.status === "rejected") return taken;
      }
    };
    const shares = [await exhaust(a), await exhaust(b), await exhaust(known(parseIssuer("client-c")))];
    expect(shares).toEqual([30, 15, 8]);
  });
});
