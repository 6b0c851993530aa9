/** Acceptance: a disk that is full or read-only denies `audit_unavailable`, tears nothing, and heals without a restart. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadAuditKey } from "../../src/audit/audit-key.ts";
import { beginJournal } from "../../src/audit/begin-journal.ts";
import { recoverFolder } from "../../src/audit/recover-folder.ts";
import { verifyAuditFolder } from "../../src/audit/index.ts";
import { isJsonArray, isJsonObject } from "../../src/domain/json.ts";
import { numbered, numbersOf, parseObject } from "../fakes/audit-records.ts";
import { createAuditWorld } from "../fakes/audit-world.ts";
import { ChildLines } from "../fakes/child-lines.ts";
import { mountSmallDisk, noMount } from "../fakes/small-disk.ts";

const unavailable = { code: "audit_unavailable" };

/** Resolves with the numbers that were answered and those that were refused. */
async function attempt(record: (number: number) => unknown, numbers: readonly number[]) {
  const answered: number[] = [];
  const refused: number[] = [];
  for (const number of numbers) {
    try {
      await record(number);
      answered.push(number);
    } catch (fault) {
      expect(fault).toMatchObject(unavailable);
      refused.push(number);
    }
  }
  return { answered, refused };
}

const upTo = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe.each(["process", "disk"] as const)("durability %s on a filesystem that is full", (durability) => {
  test("refuses, leaves whole lines, and records again as soon as there is room", async (context) => {
    const disk = mountSmallDisk(65_536);
    if (disk === undefined) return context.skip(noMount);
    const world = createAuditWorld();
    const folder = join(disk.path, "log");
    const filler = join(disk.path, "filler");
    writeFileSync(filler, "x".repeat(24_576));
    const log = await world.open({ folder, durability });
    const record = (number: number) => log.record(numbered(number, "y".repeat(700)));

    const first = await attempt(record, upTo(1, 80));
    expect(first.refused.length).toBeGreaterThan(20);
    expect(log.state().failing).toMatchObject({ refusedRecords: first.refused.length });
    const text = readFileSync(join(folder, "audit-00000001.jsonl"), "utf8");
    expect(text.endsWith("}\n")).toBe(true);
    expect(statSync(join(folder, "audit-00000001.jsonl")).size).toBeLessThan(65_536);
    expect(await verifyAuditFolder(folder)).toMatchObject({ isIntact: true, halfWrittenBytes: 0 });

    rmSync(filler);
    const second = await attempt(record, upTo(81, 90));
    expect(second.refused).toEqual([]);
    expect(log.state().failing).toBeUndefined();
    await log.close();
    const lines = readFileSync(join(folder, "audit-00000001.jsonl"), "utf8").trimEnd().split("\n").map(parseObject);
    expect(numbersOf(lines)).toEqual([...first.answered, ...second.answered]);
    const recovered = lines.filter(({ event }) => event === "recovered");
    expect(recovered.at(-1)).toMatchObject({ detail: { cause: "write_failed" } });
    const told = recovered.map(({ detail }) => (isJsonObject(detail) ? Number(detail["refused_records"]) : 0));
    expect(told.reduce((sum, count) => sum + count, 0)).toBe(first.refused.length);
    expect(await verifyAuditFolder(folder)).toMatchObject({ isIntact: true, findings: [] });
  });
});

test("a file that the system forbids to grow is cut back to whole lines, and goes on when it may grow again", async () => {
  const world = createAuditWorld();
  const writer = fileURLToPath(new URL("../fakes/writer-process.ts", import.meta.url));
  // The soft limit only: the parent raises it again, as somebody who makes room.
  const child = new ChildLines("prlimit", ["--fsize=5000:", process.execPath, writer, world.root, "process"]);
  expect(await child.hear(), "prlimit (util-linux) starts the writer").toBe("open");
  const write = async (count: number) => {
    child.say(`write ${count}`);
    const { answered, refused } = parseObject((await child.hear()) ?? "");
    return isJsonArray(answered) && isJsonArray(refused) ? { answered, refused } : { answered: [], refused: [] };
  };
  const before = await write(30);
  expect(before.answered.length).toBeGreaterThan(3);
  expect(before.refused.length).toBeGreaterThan(3);
  expect(new Set(before.refused)).toEqual(new Set(["audit_unavailable"]));
  expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, halfWrittenBytes: 0 });

  execFileSync("prlimit", [`--pid=${child.pid}`, "--fsize=unlimited:"]);
  const after = await write(5);
  expect(after.refused).toEqual([]);
  child.say("close");
  await child.ended();
  expect(numbersOf(world.readLines())).toEqual([...before.answered, ...after.answered]);
  expect(world.readLines().find(({ event }) => event === "recovered")).toMatchObject({
    detail: { cause: "write_failed", refused_records: before.refused.length },
  });
  expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, endsWithStop: true });
});

function chattr(flag: "+i" | "-i", file: string): void {
  execFileSync("chattr", [flag, file], { stdio: "ignore" });
}

const noChattr = "needs chattr +i, which this filesystem or user lacks; the file size limit tests the same path";

test("a file whose torn end cannot be cut yet is not rotated away, so that the end is never left in it", async (context) => {
  const world = createAuditWorld();
  mkdirSync(world.folder);
  const { folder, clock } = world;
  const key = loadAuditKey(join(world.root, "audit-key"), true);
  const journal = beginJournal(
    { folder, clock, key, rotateBytes: 1, checkpointEvery: 1 },
    await recoverFolder(folder, 1),
  );
  // Its checkpoint comes with it, so that a rotation would have nothing left to write into this file.
  journal.append([JSON.stringify(numbered(0))]);
  const mark = journal.mark();
  journal.append([JSON.stringify(numbered(1))]);
  const file = join(folder, "audit-00000001.jsonl");
  try {
    chattr("+i", file);
  } catch {
    return context.skip(noChattr);
  }
  try {
    journal.retract(mark);
    expect(journal.rotateWhenFull()).toBe(false);
    expect(journal.rotationFailing).toContain("EPERM");
  } finally {
    chattr("-i", file);
  }
  clock.now += 1;
  expect(journal.rotateWhenFull()).toBe(true);
  journal.append([JSON.stringify(numbered(2))]);
  await journal.close();
  expect(numbersOf(world.readLines())).toEqual([0, 2]);
  expect(await verifyAuditFolder(folder)).toMatchObject({ isIntact: true, files: 2 });
});

describe("a folder that cannot be written", () => {
  test("on a read-only filesystem refuses the opening", async (context) => {
    const disk = mountSmallDisk(65_536);
    if (disk === undefined) return context.skip(noMount);
    const world = createAuditWorld();
    const folder = join(disk.path, "log");
    await (await world.open({ folder })).close();
    disk.remountReadOnly();
    await expect(world.open({ folder })).rejects.toMatchObject(unavailable);
    await expect(world.open({ folder: join(disk.path, "other") })).rejects.toMatchObject(unavailable);
  });

  test("whose place is taken by a file refuses the opening", async () => {
    const world = createAuditWorld();
    writeFileSync(world.folder, "");
    await expect(world.open()).rejects.toMatchObject(unavailable);
  });

  test("that became immutable under a running log refuses each record until it is writable again", async (context) => {
    const world = createAuditWorld();
    const log = await world.open();
    await log.record(numbered(1));
    const file = join(world.folder, "audit-00000001.jsonl");
    const setImmutable = (flag: "+i" | "-i"): void => chattr(flag, file);
    try {
      setImmutable("+i");
    } catch {
      return context.skip(
        "needs chattr +i, which this filesystem or user lacks; the file size limit tests the same path",
      );
    }
    try {
      const { refused } = await attempt((number) => log.record(numbered(number)), [2, 3]);
      expect(refused).toEqual([2, 3]);
      expect(log.state().failing).toMatchObject({
        why: "cut audit-00000001.jsonl back to whole lines: EPERM",
        refusedRecords: 2,
      });
    } finally {
      setImmutable("-i");
    }
    await log.record(numbered(4));
    await log.close();
    expect(numbersOf(world.readLines())).toEqual([1, 4]);
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, recoveries: 1 });
  });
});

test("a stop on a full disk says that the end is not sealed, and gives the folder up", async (context) => {
  const disk = mountSmallDisk(65_536);
  if (disk === undefined) return context.skip(noMount);
  const world = createAuditWorld();
  const folder = join(disk.path, "log");
  const log = await world.open({ folder });
  await attempt((number) => log.record(numbered(number, "y".repeat(3_000))), upTo(1, 30));
  await attempt((number) => log.record(numbered(number)), upTo(31, 60));
  await expect(log.close()).rejects.toMatchObject(unavailable);
  expect(await verifyAuditFolder(folder)).toMatchObject({ isIntact: true, endsWithStop: false });
  // The next process opens it, still full, and refuses for itself.
  const next = await world.open({ folder });
  expect(next.state()).toMatchObject({ recovered: [{ cause: "unclean_stop" }] });
  expect(next.state().failing).toBeDefined();
});
