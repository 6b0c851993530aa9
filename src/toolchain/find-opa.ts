/**
 * Where OPA is: `$OPA`, the PATH, the user's cache folder, or built into that cache with `go install`.
 * Only the pinned version counts, because the committed bundle is compared byte for byte with what it builds.
 */
import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { buildOpa } from "./build-opa.ts";
import { type Environment, runCommand } from "./run-command.ts";
import { ToolchainError } from "./toolchain-error.ts";
import { versions } from "./versions.ts";

export interface FindOpaOptions {
  /** `OPA`, `PATH`, `XDG_CACHE_HOME`, `HOME` are read, and `go install` gets all of it. Default: the process's. */
  readonly environment?: Environment;
  /** Told what is found, skipped and how far a build is. Default: nobody is told. */
  readonly tell?: (line: string) => void;
}

/**
 * The absolute path of a working OPA of the pinned version. May take minutes the first time (it then tells so every
 * few seconds); concurrent calls, also of other processes, build once. Throws a ToolchainError.
 */
export async function findOpa(options: FindOpaOptions = {}): Promise<string> {
  const environment = options.environment ?? process.env;
  const tell = options.tell ?? (() => {});
  const named = environment["OPA"];
  if (named !== undefined && named !== "") return await checkNamed(named);
  const onPath = await findOnPath("opa", environment);
  if (onPath !== undefined) {
    const version = await readOpaVersion(onPath);
    if (version === versions.opa) return onPath;
    tell(`opa on the PATH is ${version ?? "not a working OPA"}; this needs ${versions.opa}, looking further`);
  }
  const cached = join(cacheFolder(environment), `opa-${versions.opa}`, "opa");
  if ((await readOpaVersion(cached)) === versions.opa) return cached;
  const go = await findOnPath("go", environment);
  if (go === undefined) throw new ToolchainError("opa_missing", `OPA ${versions.opa} was not found.\n${waysToGetOpa}`);
  await buildOpa({ go, target: cached, environment, tell, isUsable: isPinnedOpa });
  return cached;
}

export const waysToGetOpa = [
  "Three ways to get it:",
  `  1. download opa ${versions.opa} from https://github.com/open-policy-agent/opa/releases/tag/v${versions.opa} and put it on the PATH as "opa";`,
  "  2. name one that you have: OPA=/path/to/opa;",
  "  3. install Go (https://go.dev/dl/) and run this again: it builds OPA into the cache folder, once.",
].join("\n");

/** `${XDG_CACHE_HOME:-~/.cache}/chaperone`; a relative XDG_CACHE_HOME does not count (XDG base directory specification). */
export function cacheFolder(environment: Environment): string {
  const named = environment["XDG_CACHE_HOME"];
  const root = named !== undefined && isAbsolute(named) ? named : join(environment["HOME"] ?? homedir(), ".cache");
  return join(root, "chaperone");
}

/** Undefined for what is not there, does not run or is no OPA. */
export async function readOpaVersion(path: string): Promise<string | undefined> {
  const { exitCode, stdout } = await runCommand(path, ["version"]);
  return exitCode === 0 ? /^Version: (\S+)$/m.exec(stdout)?.[1] : undefined;
}

async function isPinnedOpa(path: string): Promise<boolean> {
  return (await readOpaVersion(path)) === versions.opa;
}

/** Something named but wrong is an error, never replaced by another. */
async function checkNamed(path: string): Promise<string> {
  const version = await readOpaVersion(path);
  if (version === versions.opa) return path;
  throw new ToolchainError(
    "opa_version_wrong",
    `$OPA names ${path}, which is ${version === undefined ? "not a working OPA" : `OPA ${version}`}; ` +
      `this needs ${versions.opa}.\n${waysToGetOpa}`,
  );
}

async function findOnPath(name: string, environment: Environment): Promise<string | undefined> {
  for (const folder of (environment["PATH"] ?? "").split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const path = join(folder, name);
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return path;
  }
  return undefined;
}
