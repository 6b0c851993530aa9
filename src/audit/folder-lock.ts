/**
 * A folder belongs to one process: two writers would fork the chain. The lock is SQLite's own lock on an empty file,
 * because the kernel releases it when the process dies however it dies, and it holds between containers that share a volume.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { unavailable } from "./audit-error.ts";

export interface FolderLock {
  release(): void;
}

export function lockFolder(folder: string): FolderLock {
  const database = openLockFile(folder);
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    throw unavailable("another process writes to this folder", cause);
  }
  return { release: () => database.close() };
}

function openLockFile(folder: string): DatabaseSync {
  try {
    return new DatabaseSync(join(folder, "lock"));
  } catch (cause) {
    throw unavailable("the folder cannot be locked", cause);
  }
}
