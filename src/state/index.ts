/**
 * The state folder belongs to one process. The lock is the operating system's own (an SQLite file held under an
 * exclusive lock), so a killed owner leaves nothing behind to judge, and a live one is respected across containers.
 */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export type StateErrorCode = "state_folder_in_use" | "state_folder_unusable";

export class StateError extends Error {
  readonly code: StateErrorCode;
  constructor(code: StateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StateError";
    this.code = code;
  }
}

export interface StateFolder {
  readonly path: string;
  /** Gives the folder up. */
  close(): void;
}

/** Creates the folder (0700) when it is missing and takes it. Throws a {@link StateError} when another process has it. */
export function openStateFolder(path: string): StateFolder {
  const lock = openLockFile(path);
  try {
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    throw isBusy(cause)
      ? new StateError("state_folder_in_use", `another process owns the state folder ${path}`, { cause })
      : unusable(path, cause);
  }
  return { path, close: () => lock.close() };
}

function openLockFile(path: string): DatabaseSync {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const file = join(path, "lock");
    const lock = new DatabaseSync(file, { timeout: 0 });
    chmodSync(file, 0o600);
    return lock;
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function unusable(path: string, cause: unknown): StateError {
  const why = cause instanceof Error ? cause.message : "unknown error";
  return new StateError("state_folder_unusable", `the state folder ${path} cannot be used: ${why}`, { cause });
}

/** SQLITE_BUSY is 5; extended codes keep it in the low byte. */
function isBusy(cause: unknown): boolean {
  return (
    cause instanceof Error && "errcode" in cause && typeof cause.errcode === "number" && (cause.errcode & 0xff) === 5
  );
}
