import { createHash } from "node:crypto";
import { appendFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { verifyAuditFolder } from "../../src/audit/index.ts";
import { numbered, numbersOf } from "../fakes/audit-records.ts";
import { type AuditWorld, createAuditWorld } from "../fakes/audit-world.ts";

/** A log whose process was killed: so many records in files of about four, and no checkpoint of a stop. */
async function killedLog(records = 10): Promise<AuditWorld> {
  const world = createAuditWorld();
  const log = await world.open({ rotateBytes: 1_500, checkpointEvery: 5 });
  for (let number = 1; number <= records; number += 1) await log.record(numbered(number));
  await log.close();
  const newest = newestFile(world);
  const lines = readFileSync(newest, "utf8").trimEnd().split("\n");
  writeFileSync(newest, lines.slice(0, -1).join("\n") + "\n");
  return world;
}

function newestFile(world: AuditWorld): string {
  const name = readdirSync(world.folder)
    .filter((one) => one.endsWith(".jsonl"))
    .sort()
    .at(-1);
  return join(world.folder, name ?? "?");
}

const digestOf = (bytes: string): string => createHash("sha256").update(bytes).digest("hex");

describe("a half-written end", () => {
  test.each([
    ["the beginning of a line", '{"writer":"01'],
    ["a line that lacks only its newline", '{"writer":"0123456789abcdef0123456789abcdef","seq":99,"prev":"00"}'],
    ["what a power cut leaves of a block", "\0".repeat(5_000)],
    ["a whole line whose bytes are wrong", "nonsense\n"],
  ])("is cut, kept and reported: %s", async (_what, torn) => {
    const world = await killedLog();
    appendFileSync(newestFile(world), torn);
    const log = await world.open();
    const cause = torn.endsWith("\n") ? "broken" : "half_written";
    const digest = digestOf(torn);
    expect(log.state().recovered[0]).toMatchObject({ cause, cutBytes: torn.length, cutDigest: digest });
    expect(readFileSync(join(world.folder, log.state().recovered[0]?.keptAs ?? ""), "utf8")).toBe(torn);
    expect(world.readLines().at(-1)).toMatchObject({
      event: "recovered",
      detail: { cause, cut_bytes: torn.length, cut_sha256: digest },
    });
    await log.record(numbered(11));
    await log.close();
    expect(numbersOf(world.readLines())).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, recoveries: 1 });
  });

  test("of every length of the last line leaves a chain that verifies", async () => {
    const world = await killedLog(3);
    const newest = newestFile(world);
    const whole = readFileSync(newest);
    const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (let size = lastLine; size < whole.length; size += 7) {
      writeFileSync(newest, whole);
      truncateSync(newest, size);
      const log = await world.open();
      await log.close();
      expect(await verifyAuditFolder(world.folder), `cut at ${size}`).toMatchObject({ isIntact: true, recoveries: 1 });
    }
  });

  // A rotation is: seal the old file, create the next, write its first line. A process can die behind each of these.
  test.each([
    ["before the next file was created", undefined],
    ["before the next file's first line was written", ""],
    ["in the middle of the next file's first line", '{"writer":"0123'],
  ])("of a rotation that died %s is rotated anew", async (_when, begun) => {
    const world = createAuditWorld();
    const log = await world.open({ rotateBytes: 1 });
    await log.record(numbered(1));
    await log.close();
    const next = newestFile(world);
    rmSync(next);
    if (begun !== undefined) writeFileSync(next, begun);
    const reopened = await world.open({ rotateBytes: 1 });
    expect(reopened.state().recovered).toMatchObject([{ cutBytes: begun?.length ?? 0 }]);
    await reopened.record(numbered(2));
    await reopened.close();
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, recoveries: 1 });
    expect(numbersOf(world.readLines())).toEqual([2]);
  });

  test("of a folder's very first line begins the chain anew", async () => {
    const world = createAuditWorld();
    await (await world.open()).close();
    truncateSync(newestFile(world), 30);
    const log = await world.open();
    await log.record(numbered(1));
    await log.close();
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, records: 2, recoveries: 1 });
  });
});

test("a process that did not stop in order is on record, with how much nothing vouches for", async () => {
  const world = await killedLog();
  const log = await world.open();
  const unsealed = world.readLines().at(-1);
  expect(unsealed).toMatchObject({ event: "recovered", detail: { cause: "unclean_stop", cut_bytes: 0 } });
  expect(log.state().recovered[0]?.cause).toBe("unclean_stop");
});

describe("anything else that is broken stops the opening and names its place", () => {
  const edits: readonly [string, (world: AuditWorld) => void, RegExp][] = [
    [
      "a changed record before the last",
      (world) =>
        edit(newestFile(world), (lines) => lines.map((line, at) => (at === 1 ? line.replace("text", "tExt") : line))),
      /line 2 \(sequence \d+\) is broken/,
    ],
    [
      "a removed record before the last",
      (world) => edit(newestFile(world), (lines) => lines.filter((_line, at) => at !== 1)),
      /line 2 \(sequence \d+\) does not follow/,
    ],
    [
      "a missing first line",
      (world) => edit(newestFile(world), (lines) => lines.slice(1)),
      /line 1 .* does not follow/,
    ],
    [
      "a missing file",
      (world) => rmSync(join(world.folder, "audit-00000002.jsonl")),
      /audit-00000002\.jsonl is missing/,
    ],
    [
      "a predecessor that was cut",
      (world) => edit(join(world.folder, "audit-00000001.jsonl"), (lines) => lines.slice(0, -1)),
      /audit-0000000(1\.jsonl is broken|2\.jsonl does not follow)/,
    ],
  ];

  function edit(path: string, change: (lines: string[]) => readonly string[]): void {
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    writeFileSync(path, change(lines).join("\n") + "\n");
  }

  test.each(edits)("%s", async (what, tamper, why) => {
    // Two files, or three where the middle one is taken away.
    const world = createAuditWorld();
    const log = await world.open({ rotateBytes: 3_000 });
    const files = what === "a missing file" ? 3 : 2;
    for (let number = 1; world.readFiles().length < files || number % 4 !== 0; number += 1)
      await log.record(numbered(number));
    await log.record(numbered(100));
    await log.record(numbered(101));
    await log.close();
    tamper(world);
    await expect(world.open()).rejects.toMatchObject({ code: "audit_unavailable" });
    await expect(world.open()).rejects.toThrow(why);
    expect(readdirSync(world.folder).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });
});
