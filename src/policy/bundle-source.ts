/** Where the bundle lies: an archive or a folder, read whole and named by the SHA-256 of what was read. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { parseRevision, type Revision } from "../domain/identifiers.ts";
import { BundleRejected } from "./bundle-rejected.ts";
import { policyLimits } from "./policy-limits.ts";
import { type BundleEntries, readArchive } from "./read-archive.ts";
import { readFolder, readRegularFile } from "./read-folder.ts";

export interface ReadBundle {
  readonly revision: Revision;
  /** Unpacks on the first call only: an unchanged bundle need not be unpacked again. */
  entries(): Promise<BundleEntries>;
}

/** Throws a BundleRejected. */
export async function readBundle(path: string): Promise<ReadBundle> {
  try {
    const stats = await stat(path);
    return stats.isDirectory() ? await fromFolder(path) : await fromArchive(path);
  } catch (cause) {
    if (cause instanceof BundleRejected) throw cause;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new BundleRejected(code === "ENOENT" ? "bundle_missing" : "bundle_unreadable", `reading failed: ${code}`, {
      cause,
    });
  }
}

async function fromArchive(path: string): Promise<ReadBundle> {
  const archive = await readRegularFile(path, policyLimits.bundleBytesMax);
  return { revision: revisionOf(archive), entries: () => readArchive(archive) };
}

async function fromFolder(path: string): Promise<ReadBundle> {
  const entries = await readFolder(path);
  const names = [...entries.keys()].sort();
  const listing = names.map((name) => `${JSON.stringify(name)} ${sha256(entries.get(name) ?? Buffer.alloc(0))}\n`);
  return { revision: revisionOf(Buffer.from(listing.join(""))), entries: () => Promise.resolve(entries) };
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function revisionOf(bytes: Buffer): Revision {
  const revision = parseRevision(sha256(bytes));
  if (revision === undefined) throw new BundleRejected("bundle_unreadable", "no revision");
  return revision;
}
