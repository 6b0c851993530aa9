/** When an issuer is asked for its keys, how long its answer counts, and that "could not tell" is never "invalid". */
import type { KeyObject } from "node:crypto";
import { assert, asyncProperty, constantFrom, array } from "fast-check";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Fault } from "../../src/domain/refusal.ts";
import type { FetchedKeySet, KeySetSource } from "../../src/identity/keys/fetch-key-set.ts";
import { FollowedKeys } from "../../src/identity/keys/followed-keys.ts";
import { KeyFetchError } from "../../src/identity/keys/key-fetch-error.ts";
import { parseKeySet } from "../../src/identity/keys/key-set.ts";
import { identityLimits as limits } from "../../src/identity/limits.ts";
import { createFakeIssuer, type FakeIssuer } from "../fakes/issuers.ts";
import { known, testTime } from "../fakes/path-ports.ts";
import { createRecordingAnnouncer } from "../fakes/recording-announcer.ts";

const times = { refreshSeconds: 300, staleSeconds: 3600 };
const first = createFakeIssuer("https://people.example", "first");
const second = createFakeIssuer("https://people.example", "second");
const stranger = createFakeIssuer("https://people.example", "stranger");

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: testTime * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** An issuer that publishes `keys`, or fails while `failing` is set, or does not answer until it is let go. */
class World {
  #sleptSeconds = 0;
  keys: readonly FakeIssuer[] = [first];
  maxAgeSeconds: number | undefined;
  failing: KeyFetchError | undefined;
  isHanging = false;
  /** A request is out that will not be answered. */
  isWaitedFor = false;
  isReloading = false;
  /** When the last token came. */
  askedAt = 0;
  /** What was asked and, unless it failed, answered. */
  readonly attempts: { readonly at: number; readonly isReload: boolean; kids: readonly string[] | undefined }[] = [];
  readonly announcer = createRecordingAnnouncer();
  readonly followed: FollowedKeys;

  constructor(options = times) {
    const clock = { read: () => ({ epochSeconds: Math.floor(this.now), isReliable: true }) };
    const source = { location: "https://people.example/keys", fetch: () => this.#fetch() };
    this.followed = new FollowedKeys("https://people.example", source, options, { clock, announcer: this.announcer });
    onTestFinished(() => this.followed.close());
  }

  get now(): number {
    return Date.now() / 1000 + this.#sleptSeconds;
  }

  get fetches(): number {
    return this.attempts.length;
  }

  find(issuer: FakeIssuer = first): KeyObject | undefined | Promise<KeyObject | undefined> {
    return this.followed.find(issuer.jwk.kid, "ES256", Math.floor(this.now));
  }

  /** `key`, `none` or the code of the fault. */
  ask(issuer: FakeIssuer = first): Promise<string> {
    return this.askFor(issuer.jwk.kid);
  }

  async askFor(keyId: string): Promise<string> {
    this.askedAt = this.now;
    try {
      const found = await this.followed.find(keyId, "ES256", Math.floor(this.now));
      return found === undefined ? "none" : "key";
    } catch (cause) {
      return cause instanceof Fault ? cause.code : "not a fault";
    }
  }

  async pass(seconds: number): Promise<void> {
    await settle();
    for (let second = 0; second < seconds; second += 1) {
      vi.advanceTimersByTime(1000);
      await settle();
    }
  }

  /** Time passes, and whatever would have happened in it does not: a machine that slept. */
  sleep(seconds: number): void {
    this.#sleptSeconds += seconds;
  }

  async #fetch(): Promise<FetchedKeySet> {
    const attempt: World["attempts"][number] = { at: this.now, isReload: this.isReloading, kids: undefined };
    this.attempts.push(attempt);
    this.isWaitedFor = this.isHanging;
    // Deaf as well: it would not even hear that nobody waits any longer.
    if (this.isHanging) await new Promise(() => {});
    if (this.failing !== undefined) throw this.failing;
    attempt.kids = this.keys.map(({ jwk }) => jwk.kid);
    const keys = known(parseKeySet({ keys: this.keys.map(({ jwk }) => ({ ...jwk })) }, "https://people.example"));
    return { keys, maxAgeSeconds: this.maxAgeSeconds };
  }
}

/** Everything here is settled by promises alone, a few dozen deep at most. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
}

async function started(options = times): Promise<World> {
  const world = new World(options);
  await world.followed.refresh();
  return world;
}

describe("a key that is there", () => {
  test("is found without waiting, also while the issuer is being asked", async () => {
    const world = await started();
    expect(world.find()).not.toBeInstanceOf(Promise);
    world.isHanging = true;
    await world.pass(300);
    expect(world.fetches).toBe(2);
    expect(world.find()).toMatchObject({ type: "public" });
  });

  test("is the same object for as long as the issuer publishes it, and another one if only its name stays", async () => {
    const world = await started();
    const key = await world.find();
    world.keys = [second, first];
    await world.pass(300);
    expect(await world.find()).toBe(key);
    world.keys = [createFakeIssuer("https://people.example", "first")];
    await world.pass(300);
    expect(await world.find()).not.toBe(key);
  });

  test("that the issuer takes back is refused after the refresh", async () => {
    const world = await started();
    await world.pass(10);
    world.keys = [second];
    expect(await world.ask()).toBe("key");
    await world.pass(290);
    expect(await world.ask()).toBe("none");
    expect(await world.ask(second)).toBe("key");
  });

  test("is refused at once where the issuer publishes none at all", async () => {
    const world = await started();
    world.keys = [];
    await world.pass(300);
    expect(await world.ask()).toBe("none");
    expect(world.followed.state()).toMatchObject({ keys: 0, failure: undefined });
  });
});

describe("the issuer is asked", () => {
  test("when a token comes before it was asked, once for all that wait", async () => {
    const world = new World();
    expect(await Promise.all(Array.from({ length: 50 }, () => world.ask()))).toEqual(
      Array.from({ length: 50 }, () => "key"),
    );
    expect(world.fetches).toBe(1);
  });

  test("at once for a new key, so that a rotation is no outage", async () => {
    const world = await started();
    await world.pass(30);
    world.keys = [second, first];
    expect(await Promise.all([world.ask(second), world.ask(second), world.ask(first)])).toEqual(["key", "key", "key"]);
    expect(world.fetches).toBe(2);
  });

  test("P19: for names that nobody knows once in thirty seconds, however many", async () => {
    const world = await started();
    for (let at = 0; at < 120; at += 1) {
      await world.pass(1);
      const strangers = Array.from({ length: 20 }, (_, each) => `${at}-${each}`);
      const found = await Promise.all(strangers.map((kid) => world.askFor(kid)));
      expect(new Set(found)).toEqual(new Set(["none"]));
    }
    expect(world.fetches).toBe(1 + 4);
  });

  test("P18: for tokens not at all while it fails; the background asks, ever more seldom", async () => {
    const world = await started();
    world.failing = new KeyFetchError("status_wrong", "500");
    await world.pass(300);
    const asked = world.fetches;
    const fetchedIn: number[] = [];
    for (let second = 1; second <= 150; second += 1) {
      const before = world.fetches;
      await world.pass(1);
      for (let at = 0; at < 20; at += 1) {
        expect(() => world.followed.find(`${second}-${at}`, "ES256", world.now)).toThrow(Fault);
      }
      if (world.fetches > before) fetchedIn.push(second);
    }
    expect(fetchedIn).toEqual([1, 3, 7, 15, 31, 61, 91, 121]);
    expect(world.fetches - asked).toBe(fetchedIn.length);
  });

  test.each<[string, number | undefined, number]>([
    ["says nothing", undefined, 300],
    ["says less", 60, 60],
    ["says more", 86_400, 300],
    ["says nothing at all is fresh", 0, 30],
  ])("before its keys get old: it %s", async (_name, maxAgeSeconds, after) => {
    const world = new World();
    world.maxAgeSeconds = maxAgeSeconds;
    await world.followed.refresh();
    await world.pass(after - 1);
    expect(world.fetches).toBe(1);
    await world.pass(1);
    expect(world.fetches).toBe(2);
  });

  test("first, when the background was late: no decision rests on keys that nobody looked after", async () => {
    const world = await started();
    world.keys = [second];
    world.sleep(306);
    expect(await world.ask()).toBe("none");
    expect(world.fetches).toBe(2);
  });

  test("by an operator at any time", async () => {
    const world = await started();
    world.keys = [second];
    await world.followed.refresh();
    expect(await world.ask()).toBe("none");
  });
});

describe("while the issuer does not answer rightly", () => {
  test("what it said last counts for the stated time, and then nobody can tell", async () => {
    const world = await started();
    world.failing = new KeyFetchError("unreachable", "ECONNREFUSED");
    await world.pass(3599);
    expect(await world.ask()).toBe("key");
    expect(world.find()).not.toBeInstanceOf(Promise);
    await world.pass(1);
    expect(await world.ask()).toBe("issuer_keys_unavailable");
    world.failing = undefined;
    await world.pass(30);
    expect(await world.ask()).toBe("key");
  });

  test("a key that nobody knows may be a new one: nobody can tell", async () => {
    const world = await started();
    expect(await world.ask(second)).toBe("none");
    world.failing = new KeyFetchError("keys_malformed");
    await world.pass(30);
    expect(await world.ask(second)).toBe("issuer_keys_unavailable");
    expect(await world.ask(first)).toBe("key");
  });

  test("nobody can tell anything before it answered once, and that does not wait", async () => {
    const world = new World();
    world.failing = new KeyFetchError("timed_out");
    expect(await world.ask()).toBe("issuer_keys_unavailable");
    expect(() => world.find()).toThrow(Fault);
    expect(world.fetches).toBe(1);
    world.failing = undefined;
    await world.pass(1);
    expect(world.find()).not.toBeInstanceOf(Promise);
  });

  test("it is given up after five seconds, and whoever waited is told", async () => {
    const world = new World();
    world.isHanging = true;
    const waiting = Promise.all([world.ask(), world.ask(second)]);
    await world.pass(5);
    expect(await waiting).toEqual(["issuer_keys_unavailable", "issuer_keys_unavailable"]);
    expect(world.followed.state().failure).toEqual({ code: "timed_out", detail: undefined, at: testTime + 5 });
  });

  test("it is announced once for each reason, and so is that it is over", async () => {
    const world = await started();
    world.failing = new KeyFetchError("status_wrong", "500");
    await world.pass(400);
    world.failing = new KeyFetchError("keys_malformed");
    await world.pass(100);
    world.failing = undefined;
    await world.pass(400);
    expect(world.announcer.events.map(({ event, detail }) => [event, detail["code"] ?? detail["keys"]])).toEqual([
      ["issuer_keys_activated", 1],
      ["issuer_keys_failed", "status_wrong"],
      ["issuer_keys_failed", "keys_malformed"],
      ["issuer_keys_activated", 1],
    ]);
  });
});

test("a change of keys is announced with what came and went", async () => {
  const world = await started();
  world.keys = [second];
  await world.pass(300);
  await world.pass(300);
  expect(world.announcer.events.map(({ detail }) => detail)).toEqual([
    { issuer: "https://people.example", keys: 1, added: 1, removed: 0 },
    { issuer: "https://people.example", keys: 1, added: 1, removed: 1 },
  ]);
});

describe("when it is closed", () => {
  test("it stops asking, also in the middle, and announces nothing more", async () => {
    const world = new World();
    world.isHanging = true;
    const waiting = world.ask();
    await world.followed.close();
    expect(await waiting).toBe("issuer_keys_unavailable");
    await world.pass(4000);
    await world.followed.refresh();
    expect(world.fetches).toBe(1);
    expect(world.announcer.events).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("an asking that is over holds nothing on to the one that goes on: its signal has been given", async () => {
  const signals: AbortSignal[] = [];
  const source: KeySetSource = {
    location: "https://people.example/keys",
    fetch: (signal) => {
      signals.push(signal);
      return signals.length === 1 ? Promise.reject(new Error("no")) : Promise.resolve({ keys: [], maxAgeSeconds: 60 });
    },
  };
  const clock = { read: () => ({ epochSeconds: testTime, isReliable: true }) };
  const world = { clock, announcer: createRecordingAnnouncer() };
  const followed = new FollowedKeys("https://people.example", source, times, world);
  onTestFinished(() => followed.close());
  await followed.refresh();
  await followed.refresh();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});

const shortTimes = { refreshSeconds: 60, staleSeconds: 120 };

/** Whatever happens in whatever order, against what the issuer was asked and answered. */
test("law: what is answered is what the issuer said last, for no longer than stated; and it is not asked more often", async () => {
  const steps = constantFrom("rotate", "take back", "fail", "heal", "hang", "flood", "reload", "1", "29", "61", "121");
  const seen = new Set<string>();
  await assert(
    asyncProperty(array(steps, { maxLength: 16 }), async (script) => {
      const world = await started(shortTimes);
      for (const step of script) {
        await take(step, world);
        for (const issuer of [first, second]) {
          const asking = world.ask(issuer).then((outcome) => ({ outcome, due: judge(world, issuer) }));
          if (world.isWaitedFor) await world.pass(6);
          const { outcome, due } = await asking;
          seen.add(outcome);
          expect(outcome).toBe(due);
        }
      }
      const gaps = world.attempts.slice(1).map(({ at, isReload }, before) => {
        const { at: last = 0, kids } = world.attempts[before] ?? {};
        return isReload || at - last >= (kids === undefined ? 1 : limits.keyCooldownSeconds);
      });
      expect(gaps).not.toContain(false);
      await world.followed.close();
    }),
    { numRuns: 200 },
  );
  expect([...seen].toSorted()).toEqual(["issuer_keys_unavailable", "key", "none"]);
});

/** What the last attempts come to for a token that came at `askedAt`. */
function judge({ attempts, askedAt }: World, issuer: FakeIssuer): string {
  const answered = attempts.findLast(({ kids }) => kids !== undefined);
  if (answered?.kids === undefined || askedAt >= answered.at + shortTimes.staleSeconds)
    return "issuer_keys_unavailable";
  if (answered.kids.includes(issuer.jwk.kid)) return "key";
  return answered === attempts.at(-1) ? "none" : "issuer_keys_unavailable";
}

async function take(step: string, world: World): Promise<void> {
  switch (step) {
    case "rotate":
      world.keys = [first, second];
      return;
    case "take back":
      world.keys = [second];
      return;
    case "fail":
      world.failing = new KeyFetchError("unreachable");
      return;
    case "hang":
      world.isHanging = true;
      return;
    case "heal":
      world.failing = undefined;
      world.isHanging = false;
      return;
    case "flood": {
      const strangers = Array.from({ length: 10 }, () => world.ask(stranger));
      await world.pass(6);
      await Promise.all(strangers);
      return;
    }
    case "reload": {
      world.isReloading = true;
      const done = world.followed.refresh();
      world.isReloading = false;
      await world.pass(6);
      return await done;
    }
    default:
      return await world.pass(Number(step));
  }
}
