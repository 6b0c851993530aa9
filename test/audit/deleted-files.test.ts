/** Files that were taken away, and somebody without the audit key who writes that the log itself deleted them. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type AuditReport, verifyAuditFolder } from "../../src/audit/index.ts";
import { type ChainedLine, parseLine } from "../../src/audit/chained-line.ts";
import { numbered } from "../fakes/audit-records.ts";
import { type AuditWorld, createAuditWorld } from "../fakes/audit-world.ts";
import { rechain } from "../fakes/forged-lines.ts";

const fileOf = (number: number): string => `audit-${String(number).padStart(8, "0")}.jsonl`;

const codesOf = ({ findings }: AuditReport): readonly string[] => findings.map(({ code }) => code);

function linesOf(world: AuditWorld, file: string): ChainedLine[] {
  const lines = readFileSync(join(world.folder, file), "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const parsed = parseLine(Buffer.from(line));
    if (typeof parsed === "string") throw new TypeError(parsed);
    return parsed;
  });
}

describe("files taken away from the beginning", () => {
  test("are missed though the header of the newest file, which nothing seals yet, calls them deleted by the log", async () => {
    const world = createAuditWorld();
    const log = await world.open({ rotateBytes: 4_000, checkpointEvery: 100 });
    for (let number = 1; number <= 40; number += 1) await log.record(numbered(number, "x".repeat(200)));
    const { publicKey, head } = log.state();
    await log.close();
    const files = readdirSync(world.folder).filter((name) => name.endsWith(".jsonl"));
    const newest = files.length;
    expect(newest).toBeGreaterThan(2);
    const last = linesOf(world, fileOf(newest - 1)).at(-1);
    if (last === undefined || head === undefined) throw new TypeError("nothing was written");
    expect(last.type).toBe("checkpoint");
    const header = { type: "file", format: 1, file: newest, oldest: newest - 1, time: 1, next_within: 100 };
    writeFileSync(join(world.folder, fileOf(newest)), rechain(last.writer, last, [header, numbered(1)]));
    for (let number = 1; number < newest - 1; number += 1) rmSync(join(world.folder, fileOf(number)));
    const report = await verifyAuditFolder(world.folder, { publicKeys: [publicKey], head: last });
    expect(report.isHeadConfirmed).toBe(true);
    expect(codesOf(report)).toEqual(["file_missing"]);
  });

  test("are no finding when the log deleted them itself, at any moment and also without a key", async () => {
    const world = createAuditWorld();
    const log = await world.open({ rotateBytes: 2_000, checkpointEvery: 1_000, filesKeptMax: 2 });
    for (let number = 1; number <= 60; number += 1) {
      await log.record(numbered(number, "x".repeat(200)));
      expect(codesOf(await verifyAuditFolder(world.folder))).toEqual([]);
    }
    const report = await verifyAuditFolder(world.folder, { publicKeys: [log.state().publicKey] });
    expect(report).toMatchObject({ isIntact: true, files: 2 });
    expect(report.firstSequence).toBeGreaterThan(1);
  });
});
