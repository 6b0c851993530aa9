/** What a process takes over unsealed from the one before it, and soon seals with the log's own key. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { verifyAuditFolder } from "../../src/audit/index.ts";
import { beforeFirst } from "../../src/audit/chained-line.ts";
import { numbered } from "../fakes/audit-records.ts";
import { type AuditWorld, createAuditWorld } from "../fakes/audit-world.ts";
import { rechain } from "../fakes/forged-lines.ts";

const firstFile = "audit-00000001.jsonl";

async function recordSome(world: AuditWorld, changes: Parameters<AuditWorld["open"]>[0], records: number) {
  const log = await world.open(changes);
  for (let number = 1; number <= records; number += 1) await log.record(numbered(number));
  return log;
}

describe("a log rewritten without a checkpoint, while no process writes to it", () => {
  async function rewrite(world: AuditWorld, records: number, promise: number): Promise<void> {
    const log = await recordSome(world, {}, 3);
    await log.close();
    const header = { type: "file", format: 1, file: 1, oldest: 1, time: 1, next_within: promise };
    const forged = Array.from({ length: records }, (_, index) => numbered(1_000 + index));
    writeFileSync(join(world.folder, firstFile), rechain(log.state().writer, beforeFirst, [header, ...forged]));
  }

  test("is not taken over and sealed with the log's own key, whatever its own header promises", async () => {
    const world = createAuditWorld();
    await rewrite(world, 30, 1_000_000);
    await expect(world.open({ checkpointEvery: 10 })).rejects.toMatchObject({ code: "audit_unavailable" });
  });

  test("is taken over when it is no longer than what a crash leaves unsealed, and the chain says how long", async () => {
    const world = createAuditWorld();
    await rewrite(world, 9, 10);
    await (await world.open({ checkpointEvery: 10 })).close();
    const recovered = world.readLines().find(({ event }) => event === "recovered");
    expect(recovered).toMatchObject({ detail: { cause: "unclean_stop", unsealed_lines: 10 } });
  });

  test("puts off no checkpoint of the process that takes it over, whatever its header promises", async () => {
    const world = createAuditWorld();
    await rewrite(world, 5, 1_000_000);
    const log = await world.open({ checkpointEvery: 10 });
    for (let number = 1; number <= 10; number += 1) await log.record(numbered(number));
    expect(log.head()).toBeDefined();
  });

  test("a log that was killed under a longer interval opens under a shorter one: its last checkpoint promised that", async () => {
    const world = createAuditWorld();
    await (await recordSome(world, { checkpointEvery: 50 }, 3)).close();
    const [header = "", ...rest] = world.readFiles().join("").split("\n");
    await (await recordSome(world, { checkpointEvery: 50 }, 30)).close();
    const file = join(world.folder, firstFile);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect([header, rest.length]).toEqual([lines[0], 5]);
    writeFileSync(file, `${lines.slice(0, -1).join("\n")}\n`);
    await (await world.open({ checkpointEvery: 10 })).close();
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, endsWithStop: true });
  });
});
