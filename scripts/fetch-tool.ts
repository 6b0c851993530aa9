/**
 * Tools that only tests and the bench need, made once in the user's cache folder, where a second clone finds them.
 * Whole or not at all: a tool is made in a folder of its own and moved into place when it is complete.
 */
import { access, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { acquireLock } from "../src/toolchain/exclusive-lock.ts";
import { runCommand } from "../src/toolchain/run-command.ts";

export interface Tool {
  /** The folder in the cache is named by both. */
  readonly name: string;
  readonly version: string;
  /** Fills the empty folder; throws when it cannot. */
  readonly make: (folder: string) => Promise<void>;
}

/** The absolute path of the tool's folder. Concurrent calls, also of other processes, make it once. */
export async function fetchTool({ name, version, make }: Tool): Promise<string> {
  const cache = cacheFolder();
  const target = join(cache, `${name}-${version}`);
  if (await isThere(target)) return target;
  await mkdir(cache, { recursive: true });
  const release = await acquireLock(
    `${target}.lock`,
    () => isThere(target),
    () => {},
  );
  if (release === undefined) return target;
  const folder = await mkdtemp(`${target}.part-`);
  const startedAt = Date.now();
  console.error(`fetching ${name} ${version} into ${cache}, once`);
  const progress = setInterval(() => {
    console.error(`fetching ${name} ${version}: ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }, progressSeconds * 1000);
  try {
    if (await isThere(target)) return target;
    await make(folder);
    await rename(folder, target);
    console.error(`fetched ${name} ${version} in ${Math.round((Date.now() - startedAt) / 1000)} s`);
    return target;
  } finally {
    clearInterval(progress);
    await rm(folder, { recursive: true, force: true });
    await release();
  }
}

interface RunOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What the person at the terminal can do about it. */
  readonly remedy?: string;
}

/** The standard output of a command that must succeed. */
export async function runOrThrow(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    environment: { ...process.env, ...options.environment },
    timeoutSeconds: commandSecondsMax,
  });
  if (exitCode === 0) return stdout;
  const command = [file, ...args].join(" ");
  const said = (stderr + stdout).trimEnd().split("\n").slice(-15).join("\n");
  throw new Error([`${command} failed (${exitCode ?? "not run"}):`, said, options.remedy ?? ""].join("\n").trimEnd());
}

/** Building kustomize takes a minute on two slow cores. */
const commandSecondsMax = 900;

/** Somebody who waits wants to see that something still moves. */
const progressSeconds = 10;

function cacheFolder(): string {
  const named = process.env["XDG_CACHE_HOME"];
  return join(named !== undefined && isAbsolute(named) ? named : join(homedir(), ".cache"), "chaperone");
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
