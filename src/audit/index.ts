/** The decision log: one hash chain per writer in a folder of JSON lines, sealed by signed checkpoints (docs/audit.md). */
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Clock } from "../ports/clock.ts";
import { unavailable } from "./audit-error.ts";
import { loadAuditKey } from "./audit-key.ts";
import type { AuditOptions, AuditRoom } from "./audit-room.ts";
import { beginJournal } from "./begin-journal.ts";
import { lockFolder } from "./folder-lock.ts";
import type { Journal } from "./journal.ts";
import { OpenLog } from "./open-log.ts";
import { recoverFolder } from "./recover-folder.ts";
import { syncFolder } from "./sync-folder.ts";
import { type Commit, DiskCommit, ProcessCommit } from "./commit.ts";

export { withholdTokens } from "./withhold-tokens.ts";
export { type AuditOptions, type AuditRoom, durabilities } from "./audit-room.ts";
export { parseAuditPublicKey } from "./audit-key.ts";
export { type AuditReport, blindSpots, type Finding, findings } from "./audit-report.ts";
export { type AuditHead, parseHead, renderHead } from "./checkpoint.ts";
export { verifyAuditFolder, type VerifyOptions } from "./verify.ts";

export async function openDecisionLog(options: AuditOptions, world: { readonly clock: Clock }): Promise<AuditRoom> {
  const folder = resolve(options.folder);
  const key = loadAuditKey(options.keyFile ?? join(dirname(folder), "audit-key"), options.keyFile === undefined);
  await makeFolder(folder);
  const lock = lockFolder(folder);
  try {
    const found = await recoverFolder(folder, options.checkpointEvery);
    const journal = beginJournal({ ...options, folder, key, clock: world.clock }, found);
    const commit = createCommit(options.durability, journal, world.clock);
    return new OpenLog({ folder, publicKey: key.publicKey, journal, found, lock, commit });
  } catch (cause) {
    lock.release();
    throw unavailable("the decision log cannot be opened", cause);
  }
}

/** Its name is on the disk before anything in it is promised to be. */
async function makeFolder(folder: string): Promise<void> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await syncFolder(dirname(folder));
  } catch (cause) {
    throw unavailable("the folder of the decision log cannot be made", cause);
  }
}

function createCommit(durability: AuditOptions["durability"], journal: Journal, clock: Clock): Commit {
  switch (durability) {
    case "process":
      return new ProcessCommit(journal);
    case "disk":
      return new DiskCommit(journal, clock);
  }
}
