/** A decision log in a folder of its own, with a clock that the test turns and nothing left behind. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { type AuditOptions, type AuditRoom, openDecisionLog } from "../../src/audit/index.ts";
import { parseObject, recordTime } from "./audit-records.ts";

export interface AuditWorld {
  /** Holds the log folder and, beside it, the audit key. */
  readonly root: string;
  readonly folder: string;
  readonly clock: { now: number; read(): { epochSeconds: number; isReliable: boolean } };
  /** Closed when the test ends, if it was not before. */
  open(changes?: Partial<AuditOptions>): Promise<AuditRoom>;
  /** The log's files as text, in order. */
  readFiles(): readonly string[];
  /** All whole lines, parsed. */
  readLines(): readonly JsonObject[];
}

export const testOptions = { durability: "process", rotateBytes: 1_000_000, checkpointEvery: 10 } as const;

export function createAuditWorld(): AuditWorld {
  const root = mkdtempSync(join(tmpdir(), "audit-"));
  const logs: AuditRoom[] = [];
  onTestFinished(async () => {
    await Promise.allSettled(logs.map((log) => log.close()));
    rmSync(root, { recursive: true, force: true });
  });
  const folder = join(root, "log");
  const clock = { now: recordTime, read: () => ({ epochSeconds: clock.now, isReliable: true }) };
  const readFiles = (): readonly string[] =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".jsonl"))
      .sort()
      .map((name) => readFileSync(join(folder, name), "utf8"));
  return {
    root,
    folder,
    clock,
    async open(changes = {}) {
      const log = await openDecisionLog({ ...testOptions, folder, ...changes }, { clock });
      logs.push(log);
      return log;
    },
    readFiles,
    readLines: () =>
      readFiles()
        .join("")
        .split("\n")
        .filter((line) => line !== "")
        .map(parseObject),
  };
}
