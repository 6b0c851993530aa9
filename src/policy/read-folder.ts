/**
 * A bundle from a folder as `opa build` lays it out. Symbolic links are followed while they stay inside the folder
 * (a ConfigMap mount is made of them); one that leaves it, a loop, or anything but files and folders refuses the bundle.
 */
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { BundleRejected } from "./bundle-rejected.ts";
import { normaliseEntryName } from "./entry-name.ts";
import { policyLimits } from "./policy-limits.ts";
import type { BundleEntries } from "./read-archive.ts";

export async function readFolder(path: string): Promise<BundleEntries> {
  const root = await atomicRoot(await realpath(path));
  for (let attempt = 1; attempt <= policyLimits.readAttemptsMax; attempt += 1) {
    const before = await list(root);
    const entries = new Map<string, Buffer>();
    for (const [name, file] of before) entries.set(name, await readRegularFile(file.path, policyLimits.entryBytesMax));
    if (isSame(before, await list(root))) return entries;
  }
  throw new BundleRejected("bundle_unreadable", "the folder keeps changing while it is read");
}

/** Changes whenever a file of the folder does, or is another. */
export async function stampFolder(path: string): Promise<string> {
  const listing = await list(await atomicRoot(await realpath(path)));
  return [...listing].map(([name, { path: real, stamp }]) => `${name} ${real} ${stamp}`).join("\n");
}

/** Kubelet replaces a whole mount at once by turning its `..data` link: reading behind that link sees one state. */
async function atomicRoot(root: string): Promise<string> {
  const data = await realpath(join(root, "..data")).catch(() => undefined);
  return data?.startsWith(root + sep) === true ? data : root;
}

interface ListedFile {
  readonly path: string;
  readonly size: number;
  readonly stamp: string;
}
type Listing = ReadonlyMap<string, ListedFile>;

async function list(root: string): Promise<Listing> {
  const listing = new Map<string, ListedFile>();
  await listInto(listing, root, { real: root, name: "", within: [] });
  const total = listing.values().reduce((sum, { size }) => sum + size, 0);
  if (total > policyLimits.unpackedBytesMax) throw new BundleRejected("bundle_too_large", "the folder is too large");
  return listing;
}

interface Folder {
  readonly real: string;
  readonly name: string;
  /** Real paths of the folders around it. */
  readonly within: readonly string[];
}

async function listInto(listing: Map<string, ListedFile>, root: string, folder: Folder): Promise<void> {
  for (const child of await readdir(folder.real)) {
    // Kubelet's own (`..data`, `..2026_01_01`); no bundle entry may begin so.
    if (child.startsWith("..")) continue;
    const name = normaliseEntryName(join(folder.name, child));
    const real = await realpath(join(folder.real, child));
    if (!real.startsWith(root + sep))
      throw new BundleRejected("bundle_entry_refused", `${name} leads out of the folder`);
    const stats = await lstat(real);
    if (stats.isDirectory()) {
      const within = [...folder.within, folder.real];
      if (within.includes(real)) throw new BundleRejected("bundle_entry_refused", `${name} is a loop`);
      await listInto(listing, root, { real, name, within });
      continue;
    }
    if (!stats.isFile()) throw new BundleRejected("bundle_entry_refused", `${name} is not a file`);
    listing.set(name, { path: real, size: stats.size, stamp: stampOf(stats) });
    checkSizes(listing, name, stats.size);
  }
}

function checkSizes(listing: Listing, name: string, size: number): void {
  if (listing.size > policyLimits.entriesMax) throw new BundleRejected("bundle_too_large", "too many entries");
  if (size > policyLimits.entryBytesMax) throw new BundleRejected("bundle_too_large", `${name} is too large`);
}

/** What differs when a file was changed or replaced. */
export function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [ino, size, mtimeMs, ctimeMs].join(" ");
}

function isSame(one: Listing, other: Listing): boolean {
  return one.size === other.size && [...one].every(([name, { stamp }]) => other.get(name)?.stamp === stamp);
}

/** Never waits on a pipe or a device, and never reads more than `bytesMax`. */
export async function readRegularFile(path: string, bytesMax: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return await readWithin(file, bytesMax);
  } finally {
    await file.close();
  }
}

async function readWithin(file: FileHandle, bytesMax: number): Promise<Buffer> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new BundleRejected("bundle_entry_refused", "not a regular file");
  if (stats.size > bytesMax) throw new BundleRejected("bundle_too_large", "a file is larger than is allowed");
  const bytes = Buffer.alloc(stats.size);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}
