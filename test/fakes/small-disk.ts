/** A real filesystem of a few pages, full when it is full. Needs the right to mount, which a container's root may lack. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export interface SmallDisk {
  readonly path: string;
  /** From now on nothing can be written, not even through files that are open. */
  remountReadOnly(): void;
}

/** Undefined when this process may not mount. Call before opening anything in it: it is unmounted when the test ends. */
export function mountSmallDisk(sizeBytes: number): SmallDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), "small-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    rmdirSync(path);
    return undefined;
  }
  onTestFinished(() => {
    execFileSync("umount", ["-l", path]);
    rmdirSync(path);
  });
  return { path, remountReadOnly: () => void execFileSync("mount", ["-o", "remount,ro", path], { stdio: "ignore" }) };
}

export const noMount = "this process may not mount a filesystem; the file size limit below tests the same path";
