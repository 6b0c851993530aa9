/** One bundle active at a time, replaced only by a better one, under the feet of nobody. */
import { mkdir, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Fault } from "../../src/domain/refusal.ts";
import { createPolicyRoom, type PolicyOptions, type PolicyRoom } from "../../src/policy/index.ts";
import type { PolicySnapshot } from "../../src/ports/policy-engine.ts";
import { testTime } from "../fakes/path-ports.ts";
import { createRecordingAnnouncer, type RecordingAnnouncer } from "../fakes/recording-announcer.ts";
import { bookFlight, buildTiny, optionsFor, temporaryFolder, unpackTo, withMarker } from "./workshop.ts";

interface Scene {
  readonly room: PolicyRoom;
  readonly announcer: RecordingAnnouncer;
  readonly clock: { now: number };
}

async function open(path: string, changes: Partial<PolicyOptions> = {}): Promise<Scene> {
  const announcer = createRecordingAnnouncer();
  const clock = { now: testTime };
  const world = { announcer, clock: { read: () => ({ epochSeconds: clock.now, isReliable: true }) } };
  const room = await createPolicyRoom(optionsFor(path, changes), world);
  onTestFinished(() => room.close());
  return { room, announcer, clock };
}

let built: Promise<readonly [Buffer, Buffer]> | undefined;
/** Two bundles whose reasons say which they are. */
const bundles = (): Promise<readonly [one: Buffer, two: Buffer]> =>
  (built ??= Promise.all([buildTiny(withMarker('"one"')), buildTiny(withMarker('"two"'))]));

function markerOf(snapshot: PolicySnapshot): string | undefined {
  return snapshot.evaluate(bookFlight).reasons[0]?.message;
}

/** As a careful publisher writes: whole, then in place. */
async function publish(path: string, bytes: Buffer | string): Promise<void> {
  await writeFile(`${path}.new`, bytes);
  await rename(`${path}.new`, path);
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return "no fault";
  } catch (cause) {
    return cause instanceof Fault ? cause.code : String(cause);
  }
}

describe("a room without a usable bundle", () => {
  test("opens, is not ready, and says why", async () => {
    const { room, announcer } = await open(join(await temporaryFolder(), "none.tar.gz"));
    expect(codeOf(() => room.snapshot(bookFlight.time))).toBe("policy_not_ready");
    expect(room.state()).toEqual({
      active: undefined,
      activatedAt: undefined,
      rejection: { code: "bundle_missing", detail: "reading failed: ENOENT", at: testTime },
    });
    expect(announcer.events.map(({ event }) => event)).toEqual(["policy_refused"]);
  });

  test("becomes ready when the bundle comes", async () => {
    const path = join(await temporaryFolder(), "bundle.tar.gz");
    const { room } = await open(path);
    await publish(path, (await bundles())[0]);
    await room.reload();
    expect(room.state().rejection).toBeUndefined();
    expect(markerOf(room.snapshot(bookFlight.time))).toBe("one");
  });
});

describe("a reload", () => {
  test("activates the new bundle, and a snapshot that was taken before keeps deciding as before", async () => {
    const [one, two] = await bundles();
    const path = join(await temporaryFolder(), "bundle.tar.gz");
    await publish(path, one);
    const { room, announcer, clock } = await open(path);
    const before = room.snapshot(bookFlight.time);
    await publish(path, two);
    clock.now += 7;
    await room.reload();
    expect(room.state().activatedAt).toBe(testTime + 7);
    expect([markerOf(before), markerOf(room.snapshot(bookFlight.time)), markerOf(before)]).toEqual([
      "one",
      "two",
      "one",
    ]);
    expect(before.reference.revision).not.toBe(room.snapshot(bookFlight.time).reference.revision);
    expect(announcer.events.map(({ event, detail }) => [event, detail["revision"]])).toEqual([
      ["policy_activated", before.reference.revision],
      ["policy_activated", room.snapshot(bookFlight.time).reference.revision],
    ]);
  });

  test.each([
    ["a broken archive", "bundle_unreadable", "no archive"],
    ["nothing", "bundle_missing", undefined],
  ] as const)("that finds %s changes nothing but the state, and is announced once", async (_what, code, content) => {
    const [one] = await bundles();
    const path = join(await temporaryFolder(), "bundle.tar.gz");
    await publish(path, one);
    const { room, announcer } = await open(path);
    const { active, activatedAt } = room.state();
    if (content === undefined) await unlink(path);
    else await publish(path, content);
    await room.reload();
    await room.reload();
    expect(room.state()).toEqual({
      active,
      activatedAt,
      rejection: { code, detail: room.state().rejection?.detail, at: testTime },
    });
    expect(markerOf(room.snapshot(bookFlight.time))).toBe("one");
    expect(announcer.events.map(({ event }) => event)).toEqual(["policy_activated", "policy_refused"]);
    await publish(path, one);
    await room.reload();
    expect(room.state()).toEqual({ active, activatedAt, rejection: undefined });
  });

  test("under load: no evaluation fails, and every one is of the revision that it names", async () => {
    const [one, two] = await bundles();
    const path = join(await temporaryFolder(), "bundle.tar.gz");
    await publish(path, one);
    const { room } = await open(path);
    const markers = new Map([[room.snapshot(bookFlight.time).reference.revision, "one"]]);
    await publish(path, two);
    await room.reload();
    markers.set(room.snapshot(bookFlight.time).reference.revision, "two");
    const seen: string[] = [];
    const held: PolicySnapshot[] = [];
    const done = new AbortController();
    const asking = (async () => {
      while (!done.signal.aborted) {
        held.push(room.snapshot(bookFlight.time));
        for (const asked of [held.at(-1)!, held[Math.floor(held.length / 2)]!]) {
          expect(markerOf(asked)).toBe(markers.get(asked.reference.revision));
          seen.push(asked.reference.revision);
        }
        await new Promise(setImmediate);
      }
    })();
    for (let round = 0; round < 12; round += 1) {
      await publish(path, round % 3 === 2 ? "broken" : round % 2 === 0 ? one : two);
      await Promise.all(Array.from({ length: 20 }, () => room.reload()));
    }
    done.abort();
    await asking;
    expect(new Set(seen).size).toBe(2);
    expect(seen.length).toBeGreaterThan(20);
  });

  test("that is asked for during another sees what was there when it was asked for", async () => {
    const [one, two] = await bundles();
    const path = join(await temporaryFolder(), "bundle.tar.gz");
    await publish(path, one);
    const { room } = await open(path);
    const first = room.reload();
    await publish(path, two);
    await room.reload();
    await first;
    expect(markerOf(room.snapshot(bookFlight.time))).toBe("two");
  });

  test("after closing activates nothing, and the active bundle still answers", async () => {
    const [one, two] = await bundles();
    const path = join(await temporaryFolder(), "bundle.tar.gz");
    await publish(path, one);
    const { room } = await open(path);
    await room.close();
    await publish(path, two);
    await room.reload();
    expect(markerOf(room.snapshot(bookFlight.time))).toBe("one");
  });
});

describe("a watched source", () => {
  test.each([
    ["replaced by a rename", publish],
    ["written in place", (path: string, bytes: Buffer | string) => writeFile(path, bytes)],
    [
      "deleted and written again",
      async (path: string, bytes: Buffer | string) => {
        await unlink(path);
        await writeFile(path, bytes);
      },
    ],
  ])("that is %s is followed", async (_how, write) => {
    const [one, two] = await bundles();
    const path = join(await temporaryFolder(), "bundle.tar.gz");
    await publish(path, one);
    const { room, announcer } = await open(path, { watch: true });
    await write(path, two);
    while (markerOf(room.snapshot(bookFlight.time)) !== "two") await announcer.reached(announcer.events.length + 1);
    expect(room.state().rejection).toBeUndefined();
  });

  test("that appears after the start is followed", async () => {
    const path = join(await temporaryFolder(), "bundle.tar.gz");
    const { room, announcer } = await open(path, { watch: true });
    await publish(path, (await bundles())[0]);
    await announcer.reached(2);
    expect(markerOf(room.snapshot(bookFlight.time))).toBe("one");
  });

  test("that is a ConfigMap's file is followed when the mount turns", async () => {
    const mount = await temporaryFolder();
    const turn = async (state: string, bytes: Buffer): Promise<void> => {
      await mkdir(join(mount, state));
      await writeFile(join(mount, state, "bundle.tar.gz"), bytes);
      await symlink(state, join(mount, "..data_tmp"));
      await rename(join(mount, "..data_tmp"), join(mount, "..data"));
    };
    const [one, two] = await bundles();
    await turn("..one", one);
    await symlink("..data/bundle.tar.gz", join(mount, "bundle.tar.gz"));
    const { room, announcer } = await open(join(mount, "bundle.tar.gz"), { watch: true });
    expect(markerOf(room.snapshot(bookFlight.time))).toBe("one");
    await turn("..two", two);
    await rm(join(mount, "..one"), { recursive: true });
    await announcer.reached(2);
    expect(markerOf(room.snapshot(bookFlight.time))).toBe("two");
  });

  test("that is a folder is followed when its files are", async () => {
    const folder = join(await temporaryFolder(), "bundle");
    const [one, two] = await bundles();
    await unpackTo(folder, one);
    const { room, announcer } = await open(folder, { watch: true });
    expect(markerOf(room.snapshot(bookFlight.time))).toBe("one");
    await unpackTo(folder, two);
    while (markerOf(room.snapshot(bookFlight.time)) !== "two") await announcer.reached(announcer.events.length + 1);
    expect(room.state().rejection).toBeUndefined();
  });
});

describe("a bundle's age", () => {
  test("counts from when it was last seen to be the newest; too old, it does not decide", async () => {
    const path = join(await temporaryFolder(), "bundle.tar.gz");
    await publish(path, (await bundles())[0]);
    const { room, clock } = await open(path, { maxAgeSeconds: 60 });
    clock.now += 60;
    expect(codeOf(() => room.snapshot(clock.now))).toBe("no fault");
    clock.now += 1;
    expect(codeOf(() => room.snapshot(clock.now))).toBe("policy_stale");
    await room.reload();
    expect(codeOf(() => room.snapshot(clock.now))).toBe("no fault");
    await publish(path, "broken");
    clock.now += 40;
    await room.reload();
    expect(codeOf(() => room.snapshot(clock.now))).toBe("no fault");
    clock.now += 40;
    await room.reload();
    expect(codeOf(() => room.snapshot(clock.now))).toBe("policy_stale");
  });

  test("does not matter when no limit is configured", async () => {
    const path = join(await temporaryFolder(), "bundle.tar.gz");
    await publish(path, (await bundles())[0]);
    const { room, clock } = await open(path);
    clock.now += 1_000_000_000;
    expect(codeOf(() => room.snapshot(clock.now))).toBe("no fault");
  });
});
