/** Group commit: what is answered is on the disk, and what the disk refused is not in the chain. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { verifyAuditFolder } from "../../src/audit/index.ts";
import { loadAuditKey } from "../../src/audit/audit-key.ts";
import { beginJournal } from "../../src/audit/begin-journal.ts";
import { DiskCommit } from "../../src/audit/commit.ts";
import type { Journal } from "../../src/audit/journal.ts";
import { limits } from "../../src/audit/limits.ts";
import { recoverFolder } from "../../src/audit/recover-folder.ts";
import { numbered, numbersOf } from "../fakes/audit-records.ts";
import { type AuditWorld, createAuditWorld } from "../fakes/audit-world.ts";

const unavailable = { code: "audit_unavailable" };

interface SlowDisk {
  readonly world: AuditWorld;
  readonly journal: Journal;
  readonly commit: DiskCommit;
  /** Each fsync waits for one of these: true lets it through to the real one, false is an I/O error. */
  readonly verdicts: ((isFine: boolean) => void)[];
  readonly nextSync: () => Promise<(isFine: boolean) => void>;
}

/** A real journal on a real file whose fsync the test answers for. */
async function openOnSlowDisk(): Promise<SlowDisk> {
  const world = createAuditWorld();
  mkdirSync(world.folder);
  const { folder, clock } = world;
  const key = loadAuditKey(join(world.root, "audit-key"), true);
  const terms = { folder, clock, key, rotateBytes: 1_000_000, checkpointEvery: 10 };
  const journal = beginJournal(terms, await recoverFolder(folder, terms.checkpointEvery));
  const realSync = journal.sync.bind(journal);
  const verdicts: ((isFine: boolean) => void)[] = [];
  const waiters: (() => void)[] = [];
  journal.sync = async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    verdicts.push(resolve);
    waiters.shift()?.();
    if (!(await promise)) throw Object.assign(new Error("injected"), { code: "EIO" });
    await realSync();
  };
  return {
    world,
    journal,
    verdicts,
    commit: new DiskCommit(journal, clock),
    nextSync: async () => {
      if (verdicts.length === 0) {
        await new Promise<void>((resolve) => {
          waiters.push(resolve);
        });
      }
      return verdicts.shift() ?? (() => undefined);
    },
  };
}

describe("records of one tick", () => {
  test("share one fsync, and none is answered before it", async () => {
    const { commit, nextSync, verdicts } = await openOnSlowDisk();
    const answered: number[] = [];
    const all = [1, 2, 3].map(async (number) => {
      await commit.record(numbered(number));
      answered.push(number);
    });
    const answer = await nextSync();
    const later = commit.record(numbered(4));
    expect(answered).toEqual([]);
    answer(true);
    await Promise.all(all);
    expect(answered).toEqual([1, 2, 3]);
    (await nextSync())(true);
    await later;
    expect(verdicts).toEqual([]);
  });

  test("that the disk refused are taken back, and those behind them follow the last one that it took", async () => {
    const { commit, nextSync, world, journal } = await openOnSlowDisk();
    const fine = commit.record(numbered(1));
    (await nextSync())(true);
    await fine;
    const refused = [2, 3].map((number) => commit.record(numbered(number)));
    const answer = await nextSync();
    const behind = commit.record(numbered(4));
    answer(false);
    for (const one of refused) await expect(one).rejects.toMatchObject(unavailable);
    (await nextSync())(true);
    await behind;
    expect(numbersOf(world.readLines())).toEqual([1, 4]);
    expect(world.readLines().find(({ event }) => event === "recovered")).toMatchObject({
      detail: { cause: "write_failed", why: "EIO", refused_records: 2 },
    });
    expect(journal.failing).toBeUndefined();
    const stopped = commit.stop();
    (await nextSync())(true);
    await stopped;
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, records: 3 });
  });
});

test("the queue is bounded: beyond it a record is refused at once", async () => {
  const { commit, nextSync } = await openOnSlowDisk();
  const waiting = Array.from({ length: limits.queuedRecordsMax }, (_, number) => commit.record(numbered(number)));
  expect(() => commit.record(numbered(-1))).toThrow(expect.objectContaining(unavailable));
  let isDone = false;
  const all = Promise.all(waiting).then(() => (isDone = true));
  // Ten batches of a thousand, each with one fsync.
  for (let batch = 0; batch < Math.ceil(limits.queuedRecordsMax / limits.batchRecordsMax); batch += 1) {
    (await nextSync())(true);
  }
  await all;
  expect(isDone).toBe(true);
});
