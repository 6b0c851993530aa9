import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDecisionLog, parseAuditPublicKey, verifyAuditFolder } from "../../src/audit/index.ts";
import { limits } from "../../src/audit/limits.ts";
import { numbered, numbersOf, parseObject } from "../fakes/audit-records.ts";
import { createAuditWorld, testOptions } from "../fakes/audit-world.ts";

const unavailable = { code: "audit_unavailable" };

describe("a record", () => {
  test("stands in the file when the call returns, with the hash of its exact bytes and of the line before", async () => {
    const world = createAuditWorld();
    const log = await world.open();
    await log.record(numbered(1, "ünïcode \u2028 \u{1f680}"));
    const [header = "", line = ""] = (world.readFiles()[0] ?? "").split("\n");
    const covered = line.slice(0, line.indexOf(',"hash":"'));
    const digest = createHash("sha256").update(covered, "utf8").digest("hex");
    expect(JSON.parse(line)).toMatchObject({ seq: 2, hash: digest, type: "event", detail: { number: 1 } });
    const { writer, hash: prev } = parseObject(header);
    expect(parseObject(header)).toMatchObject({ seq: 1, prev: "0".repeat(64), type: "file", file: 1 });
    expect(JSON.parse(line)).toMatchObject({ prev, writer });
  });

  test("follows the last one of the process before, in the same chain", async () => {
    const world = createAuditWorld();
    const first = await world.open();
    await first.record(numbered(1));
    await first.close();
    const second = await world.open();
    await second.record(numbered(2));
    expect(second.state().writer).toBe(first.state().writer);
    expect(second.state().recovered).toEqual([]);
    expect(numbersOf(world.readLines())).toEqual([1, 2]);
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, findings: [], records: 2 });
  });

  test("shows in the file what would hide in a name or turn it round, and reads back to the same name", async () => {
    const world = createAuditWorld();
    const log = await world.open();
    const names = ["ali\u202ece", "ali\u200bce", "ali\u00adce", "ali\u007fce", "Zoë"];
    for (const [at, name] of names.entries()) await log.record(numbered(at + 1, name));
    const text = world.readFiles()[0] ?? "";
    expect(text).not.toMatch(/[\u007f\u00ad\u200b\u202e]/);
    expect(text).toContain("Zoë");
    for (const name of names)
      expect(
        world
          .readLines()
          .map((line) => JSON.stringify(line))
          .join(),
      ).toContain(name);
    await log.close();
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, records: 5 });
  });

  test("that is longer than any real one is refused, and the log goes on", async () => {
    const world = createAuditWorld();
    const log = await world.open();
    expect(() => log.record(numbered(1, "x".repeat(limits.recordLengthMax)))).toThrow(
      expect.objectContaining(unavailable),
    );
    await log.record(numbered(2));
    expect(numbersOf(world.readLines())).toEqual([2]);
  });

  test("is refused after the log was closed", async () => {
    const world = createAuditWorld();
    const log = await world.open();
    await log.close();
    expect(() => log.record(numbered(1))).toThrow(expect.objectContaining(unavailable));
  });
});

describe("a checkpoint", () => {
  test("comes after so many lines at the latest, and one seals the end", async () => {
    const world = createAuditWorld();
    const log = await world.open({ checkpointEvery: 4 });
    for (let number = 1; number <= 10; number += 1) await log.record(numbered(number));
    await log.close();
    const types = world.readLines().map(({ type, reason }) => (type === "checkpoint" ? reason : type));
    const event = "event";
    expect(types).toEqual([
      "file",
      event,
      event,
      event,
      "interval",
      event,
      event,
      event,
      event,
      "interval",
      event,
      event,
      event,
      "stop",
    ]);
    const key = readFileSync(join(world.root, "audit-key.pub"), "utf8");
    const report = await verifyAuditFolder(world.folder, { publicKeys: [parseAuditPublicKey(key) ?? ""] });
    expect(report).toMatchObject({ isIntact: true, endsWithStop: true, unsealedLines: 0, sealedTo: log.head() });
  });

  test("is still due when the process that owed it was killed", async () => {
    const world = createAuditWorld();
    const log = await world.open({ checkpointEvery: 4 });
    for (let number = 1; number <= 5; number += 1) await log.record(numbered(number));
    await log.close();
    // The stop checkpoint never came.
    const [text = ""] = world.readFiles();
    writeFileSync(join(world.folder, "audit-00000001.jsonl"), text.split("\n").slice(0, 7).join("\n") + "\n");
    const next = await world.open({ checkpointEvery: 100 });
    for (let number = 6; number <= 10; number += 1) await next.record(numbered(number));
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, findings: [] });
  });
});

describe("the audit key", () => {
  test("is made beside the folder, for its owner alone", async () => {
    const world = createAuditWorld();
    await world.open();
    expect(statSync(join(world.root, "audit-key")).mode & 0o777).toBe(0o600);
    expect(statSync(world.folder).mode & 0o777).toBe(0o700);
  });

  test("that is configured and missing, or is no Ed25519 key, stops the opening and is never replaced", async () => {
    const world = createAuditWorld();
    const keyFile = join(world.root, "elsewhere");
    await expect(world.open({ keyFile })).rejects.toMatchObject(unavailable);
    writeFileSync(keyFile, "not a key");
    await expect(world.open({ keyFile })).rejects.toMatchObject(unavailable);
    expect(readFileSync(keyFile, "utf8")).toBe("not a key");
    expect(existsSync(join(world.root, "audit-key"))).toBe(false);
  });
});

test("a lost audit key is replaced, the chain goes on, and the old key shows since when", async () => {
  const world = createAuditWorld();
  const first = await world.open();
  await first.close();
  rmSync(join(world.root, "audit-key"));
  const second = await world.open();
  await second.close();
  const keys = [first.state().publicKey, second.state().publicKey];
  expect(await verifyAuditFolder(world.folder, { publicKeys: keys })).toMatchObject({
    isIntact: true,
    publicKeys: keys,
  });
  const withOld = await verifyAuditFolder(world.folder, { publicKeys: keys.slice(0, 1) });
  expect(withOld.findings).toMatchObject([{ code: "key_unknown", sequence: second.head()?.sequence }]);
  expect(withOld.sealedTo).toEqual(first.head());
});

describe("a folder", () => {
  test("belongs to one process: a second opening is refused until the first is closed", async () => {
    const world = createAuditWorld();
    const first = await world.open();
    await expect(world.open()).rejects.toMatchObject(unavailable);
    await first.close();
    await expect(world.open()).resolves.toBeDefined();
  });

  test("tells the newest time on record, and none when it is new", async () => {
    const world = createAuditWorld();
    const first = await world.open();
    expect(first.lastRecordedTime).toBeUndefined();
    world.clock.now += 500;
    await first.record({ ...numbered(1), time: world.clock.now });
    await first.close();
    world.clock.now -= 900;
    expect((await world.open()).lastRecordedTime).toBe(world.clock.now + 900);
  });
});

describe("rotation", () => {
  async function fill(changes: object, records = 40) {
    const world = createAuditWorld();
    const log = await world.open({ rotateBytes: 4_000, ...changes });
    for (let number = 1; number <= records; number += 1) await log.record(numbered(number));
    return { world, log };
  }

  test("links each file to the one before, closes it with a checkpoint and loses nothing", async () => {
    const { world, log } = await fill({});
    await log.close();
    const files = world.readFiles();
    expect(files.length).toBeGreaterThan(2);
    for (const text of files.slice(0, -1)) {
      expect(JSON.parse(text.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ type: "checkpoint" });
    }
    expect(numbersOf(world.readLines())).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, files: files.length });
  });

  test("deletes nothing unless told to, and then only what the chain says was deleted", async () => {
    const { world, log } = await fill({ filesKeptMax: 2 });
    await log.close();
    expect(world.readFiles()).toHaveLength(2);
    const report = await verifyAuditFolder(world.folder);
    expect(report).toMatchObject({ isIntact: true, findings: [] });
    expect(report.firstSequence).toBeGreaterThan(1);
    expect(report.blindSpots).toContain("beginning_deleted");
    const reopened = await world.open({ filesKeptMax: 2 });
    await reopened.record(numbered(41));
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true });
  });

  test("right after a start with another interval keeps the promise of the last checkpoint", async () => {
    const world = createAuditWorld();
    const first = await world.open({ checkpointEvery: 3 });
    await first.close();
    const second = await world.open({ checkpointEvery: 50, rotateBytes: 1 });
    for (let number = 1; number <= 3; number += 1) await second.record(numbered(number));
    await second.close();
    const third = await world.open({ checkpointEvery: 50 });
    for (let number = 4; number <= 70; number += 1) await third.record(numbered(number));
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, findings: [] });
  });

  test("that fails loses nothing: the file at hand goes on growing until one succeeds", async () => {
    const world = createAuditWorld();
    const log = await world.open({ rotateBytes: 1_000 });
    const inTheWay = join(world.folder, "audit-00000002.jsonl");
    mkdirSync(inTheWay);
    for (let number = 1; number <= 10; number += 1) await log.record(numbered(number));
    expect(log.state()).toMatchObject({ rotationFailing: "EISDIR", failing: undefined, file: "audit-00000001.jsonl" });
    rmdirSync(inTheWay);
    world.clock.now += 1;
    await log.record(numbered(11));
    expect(log.state()).toMatchObject({ rotationFailing: undefined, file: "audit-00000002.jsonl" });
    await log.close();
    expect(numbersOf(world.readLines())).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true });
  });
});

test("an unreliable clock does not stop the record", async () => {
  const world = createAuditWorld();
  const clock = { read: () => ({ epochSeconds: 1, isReliable: false }) };
  const log = await openDecisionLog({ ...testOptions, folder: world.folder }, { clock });
  await log.record(numbered(1));
  await log.close();
  expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true });
});
