/** Which key signs and which keys are published, as laws over any history of the key file. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseKeyId } from "../../src/domain/identifiers.ts";
import { KeySchedule, publishLeadSeconds, retentionSeconds } from "../../src/tokens/key-schedule.ts";
import type { SigningKey } from "../../src/tokens/signing-key.ts";
import { known } from "../fakes/path-ports.ts";

const terms = { jwksCacheSeconds: 300, clockLeewaySeconds: 5 };
const lead = publishLeadSeconds(terms);
const tokenLife = 300 + terms.clockLeewaySeconds;

function keyOf(name: string, activateAt: number): SigningKey {
  const kid = known(parseKeyId(name));
  const publicJwk = { kty: "EC", kid, alg: "ES256", use: "sig", crv: "P-256", x: "x", y: "y" } as const;
  return { kid, activateAt, publicJwk, encodedHeader: "", sign: () => "" };
}

const kids = (keys: readonly { readonly key: SigningKey }[]): string[] => keys.map(({ key }) => key.kid);

test("the lead is longer than the JWKS may be kept, and the retention longer than a token lives", () => {
  expect(lead).toBeGreaterThan(terms.jwksCacheSeconds);
  expect(retentionSeconds(terms)).toBeGreaterThan(tokenLife);
});

describe("a planned rotation", () => {
  const [first, second] = [keyOf("first", 0), keyOf("second", 2_000)];
  const schedule = KeySchedule.empty(terms).replacedBy([first], 1_000).replacedBy([second, first], 1_100);

  test("publishes the next key at once and lets it sign at its time", () => {
    expect(kids(schedule.published(1_100))).toEqual(["first", "second"]);
    expect(schedule.active(1_999)?.key.kid).toBe("first");
    expect(schedule.active(2_000)?.key.kid).toBe("second");
  });

  test("publishes the old key until its last token is dead everywhere, and then no more", () => {
    const end = 2_000 + retentionSeconds(terms);
    expect(kids(schedule.published(2_000 + tokenLife))).toEqual(["first", "second"]);
    expect(kids(schedule.published(end - 1))).toEqual(["first", "second"]);
    expect(kids(schedule.published(end))).toEqual(["second"]);
  });
});

describe("a key that comes too late to be known everywhere", () => {
  const first = keyOf("first", 0);
  const before = KeySchedule.empty(terms).replacedBy([first], 1_000);

  test.each([
    ["its time is already past", 900],
    ["its time is now", 1_100],
    ["its time is sooner than caches end", 1_100 + lead - 1],
  ])("waits for them when %s", (_what, activateAt) => {
    const schedule = before.replacedBy([first, keyOf("late", activateAt)], 1_100);
    expect(kids(schedule.published(1_100))).toEqual(["first", "late"]);
    expect(schedule.active(1_100 + lead - 1)?.key.kid).toBe("first");
    expect(schedule.active(1_100 + lead)?.key.kid).toBe("late");
  });

  test("signs at once when it is the only one", () => {
    expect(before.replacedBy([keyOf("only", 900)], 1_100).active(1_100)?.key.kid).toBe("only");
  });

  test("never signs when an older one than the active key is slipped in", () => {
    const schedule = KeySchedule.empty(terms).replacedBy([keyOf("newer", 500)], 1_000);
    const withOlder = schedule.replacedBy([keyOf("newer", 500), keyOf("older", 400)], 1_100);
    expect(withOlder.active(1_100 + lead * 10)?.key.kid).toBe("newer");
  });
});

describe("a key that leaves the file", () => {
  const [first, second] = [keyOf("first", 0), keyOf("second", 500)];

  test("signs no more at once, and stays published while a token of its may live", () => {
    const schedule = KeySchedule.empty(terms).replacedBy([first], 1_000).replacedBy([second], 1_100);
    expect(schedule.active(1_100)?.key.kid).toBe("second");
    expect(kids(schedule.published(1_100 + tokenLife))).toEqual(["first", "second"]);
    expect(kids(schedule.published(1_100 + retentionSeconds(terms)))).toEqual(["second"]);
  });

  test("is gone at once when it never signed", () => {
    const next = keyOf("next", 5_000);
    const schedule = KeySchedule.empty(terms).replacedBy([first, next], 1_000).replacedBy([first], 1_100);
    expect(kids(schedule.published(1_100))).toEqual(["first"]);
  });

  test("may come back", () => {
    const schedule = KeySchedule.empty(terms)
      .replacedBy([first, second], 1_000)
      .replacedBy([first], 1_100)
      .replacedBy([first, second], 1_200);
    expect(schedule.active(1_200)?.key.kid).toBe("second");
  });

  test("does not stay longer for having been removed late", () => {
    const schedule = KeySchedule.empty(terms).replacedBy([first, second], 500);
    const end = 500 + retentionSeconds(terms);
    expect(kids(schedule.replacedBy([second], end - 1).published(end))).toEqual(["second"]);
  });
});

test("nothing signs before the first key's time, and it does not wait beyond it", () => {
  const schedule = KeySchedule.empty(terms).replacedBy([keyOf("future", 1_010)], 1_000);
  expect(schedule.active(1_009)).toBeUndefined();
  expect(kids(schedule.published(1_000))).toEqual(["future"]);
  expect(schedule.active(1_010)?.key.kid).toBe("future");
});

test("a restart does not step back to an older key", () => {
  const restarted = KeySchedule.empty(terms).replacedBy([keyOf("first", 0), keyOf("second", 2_000)], 2_001);
  expect(restarted.active(2_001)?.key.kid).toBe("second");
  expect(kids(restarted.published(2_001))).toEqual(["first", "second"]);
});

/** A file that only ever gains keys, and drops those that no longer sign: what a careful operator does, at any times. */
interface Change {
  readonly after: number;
  readonly activateAfter: number;
  readonly dropsOldest: boolean;
}
const changes = fc.array(
  fc.record({ after: fc.nat(2_000), activateAfter: fc.integer({ min: -500, max: 1_500 }), dropsOldest: fc.boolean() }),
  { minLength: 1, maxLength: 5 },
);

interface Seen {
  readonly at: number;
  readonly schedule: KeySchedule;
}

/** What one replica goes through when it sees each change of the file `lag` seconds late. */
function live(history: readonly Change[], lags: readonly number[]): (time: number) => KeySchedule {
  let written = 10_000;
  let file = [keyOf("k0", 0)];
  const seen: Seen[] = [{ at: 0, schedule: KeySchedule.empty(terms).replacedBy(file, 0) }];
  for (const [index, change] of history.entries()) {
    written += change.after + 61;
    const newest = Math.max(...file.map(({ activateAt }) => activateAt));
    const activateAt = Math.max(newest + 1, written + change.activateAfter);
    // Dropped only when its successor signs at every replica.
    const isFollowed = (file[1]?.activateAt ?? Infinity) + lead * 2 < written && sinceSeen(seen, written) > lead * 2;
    file = [...(change.dropsOldest && isFollowed ? file.slice(1) : file), keyOf(`k${index + 1}`, activateAt)];
    const at = written + (lags[index % lags.length] ?? 0);
    seen.push({ at, schedule: known(seen.at(-1)).schedule.replacedBy(file, at) });
  }
  return (time) => known(seen.findLast(({ at }) => at <= time)).schedule;
}

const sinceSeen = (seen: readonly Seen[], now: number): number => now - known(seen.at(-1)).at;
const lags = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 5 });
const instants = fc.integer({ min: 10_000, max: 30_000 });

describe("for any history of the file, seen by two replicas up to a minute apart", () => {
  test("there is always a key that signs, and it is published", () => {
    fc.assert(
      fc.property(changes, lags, instants, (history, lag, now) => {
        const schedule = live(history, lag)(now);
        const active = known(schedule.active(now));
        expect(kids(schedule.published(now))).toContain(active.key.kid);
      }),
    );
  });

  test("a token that one signs verifies with what the other publishes, from the oldest cached JWKS to its last second", () => {
    let cross = 0;
    fc.assert(
      fc.property(changes, lags, lags, instants, (history, lagOfOne, lagOfOther, now) => {
        const kid = known(live(history, lagOfOne)(now).active(now)).key.kid;
        const other = live(history, lagOfOther);
        for (let time = now - terms.jwksCacheSeconds; time < now + tokenLife; time += 13) {
          expect(kids(other(time).published(time)), `at ${time - now} s`).toContain(kid);
        }
        if (kid !== "k0") cross += 1;
      }),
      { numRuns: 500 },
    );
    expect(cross).toBeGreaterThan(100);
  });

  test("keys that are long dead are not published for ever", () => {
    fc.assert(
      fc.property(changes, lags, (history, lag) => {
        const late = 100_000;
        expect(live(history, lag)(late).published(late).length).toBe(1);
      }),
    );
  });
});
