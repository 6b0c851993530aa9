/** Acceptance: kill -9 under load, 20 times: every answered record is in a chain that verifies. */
import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { verifyAuditFolder } from "../../src/audit/index.ts";
import { numbersOf } from "../fakes/audit-records.ts";
import { createAuditWorld } from "../fakes/audit-world.ts";
import { ChildLines, killAfterLines } from "../fakes/child-lines.ts";

const writer = fileURLToPath(new URL("../fakes/writer-process.ts", import.meta.url));

/** A torn write(2) is rare on a healthy disk, so every fourth death gets the one that was in flight. */
function tearNextLine(folder: string, round: number): boolean {
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .sort()
    .at(-1);
  if (round % 4 !== 0 || newest === undefined) return false;
  appendFileSync(join(folder, newest), '{"writer":"0123456789abcdef0123456789abcdef","seq":7,"prev":"');
  return true;
}

test.each([
  // The full count of the acceptance line; each kind of death at a rotation has a test of its own in recovery.test.ts.
  ["process", 20, 100],
  ["disk", 8, 40],
] as const)(
  "killed %s writers lose no answered record, and what was half-written is kept and reported",
  async (durability, rounds, linesMax) => {
    const world = createAuditWorld();
    const answered: number[] = [];
    let torn = 0;
    for (let round = 0; round < rounds; round += 1) {
      const child = new ChildLines(process.execPath, [writer, world.root, durability, "500000"]);
      expect(await child.hear()).toBe("open");
      child.say(`stream ${round * 1_000_000 + 1}`);
      const said = await killAfterLines(child, 1 + Math.floor(Math.random() * linesMax));
      answered.push(...said.map(Number));
      torn += tearNextLine(world.folder, round) ? 1 : 0;
    }
    const log = await world.open();
    await log.close();
    const report = await verifyAuditFolder(world.folder);
    expect(report).toMatchObject({ isIntact: true, findings: [], halfWrittenBytes: 0, recoveries: rounds });
    const lines = world.readLines();
    const recorded = new Set(numbersOf(lines));
    expect(answered.filter((number) => !recorded.has(number))).toEqual([]);
    expect(answered.length).toBeGreaterThanOrEqual(rounds);

    const cut = lines.filter((line) => line["event"] === "recovered" && JSON.stringify(line).includes("half_written"));
    expect(cut.length).toBeGreaterThanOrEqual(torn);
    // Torn the same way twice, the bytes are kept once.
    expect(readdirSync(world.folder).filter((name) => name.endsWith(".partial")).length).toBeGreaterThan(0);
    console.log(
      `${durability}: ${rounds} kills, ${answered.length} answered, none lost of ${report.lines} lines in ` +
        `${report.files} files, ${cut.length} half-written and kept`,
    );
  },
  120_000,
);
