/**
 * One builder at a time across processes. The holder touches its file while it works, so a lock that outlived its
 * process is recognised by age; a process id would lie across containers that share a cache folder. Should two waiters
 * ever break one stale lock in the same instant, the cost is a second build, not a wrong binary.
 */
import { open, rm, stat, utimes } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { limits } from "./limits.ts";

/** Resolves with the release function, or with undefined as soon as `isDone` says that nobody needs the lock any more. */
export async function acquireLock(
  path: string,
  isDone: () => Promise<boolean>,
  waited: (seconds: number) => void,
): Promise<(() => Promise<void>) | undefined> {
  const startedAt = Date.now();
  while (!(await isDone())) {
    if (await createExclusively(path)) return holdLock(path);
    await breakStaleLock(path);
    waited((Date.now() - startedAt) / 1000);
    await sleep(limits.lockPollSeconds * 1000);
  }
  return undefined;
}

function holdLock(path: string): () => Promise<void> {
  const touching = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {
      // The lock's folder was removed under us; releasing it will be no harder for that.
    });
  }, limits.lockPollSeconds * 1000);
  touching.unref();
  return async () => {
    clearInterval(touching);
    await rm(path, { force: true });
  };
}

/** Of several waiters only the one that creates the second file may remove the first, and it looks again before. */
async function breakStaleLock(path: string): Promise<void> {
  const breaking = `${path}.breaking`;
  if (!(await isStale(path))) return;
  if (await isStale(breaking)) await rm(breaking, { force: true });
  if (!(await createExclusively(breaking))) return;
  try {
    if (await isStale(path)) await rm(path, { force: true });
  } finally {
    await rm(breaking, { force: true });
  }
}

async function isStale(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > limits.lockStaleSeconds * 1000;
}

async function createExclusively(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx")).close();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
