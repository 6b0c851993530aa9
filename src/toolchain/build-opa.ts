/** Builds OPA with `go install` into a folder of its own and moves it into place when it works: never half a binary. */
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { acquireLock } from "./exclusive-lock.ts";
import { limits } from "./limits.ts";
import { type Environment, runCommand } from "./run-command.ts";
import { ToolchainError } from "./toolchain-error.ts";
import { versions } from "./versions.ts";

export interface BuildOpaOptions {
  readonly go: string;
  readonly target: string;
  readonly environment: Environment;
  readonly tell: (line: string) => void;
  readonly isUsable: (path: string) => Promise<boolean>;
}

export async function buildOpa(options: BuildOpaOptions): Promise<void> {
  const { target, tell, isUsable } = options;
  const home = dirname(target);
  await mkdir(home, { recursive: true });
  const release = await acquireLock(
    join(home, "lock"),
    () => isUsable(target),
    everyFewSeconds((seconds) => {
      tell(`waiting for another process that builds OPA ${versions.opa}: ${seconds} s`);
    }),
  );
  if (release === undefined) return;
  try {
    // Another process may have finished between our last look and our lock.
    if (!(await isUsable(target))) await buildInto(home, options);
  } finally {
    await release();
  }
}

async function buildInto(home: string, { go, target, environment, tell, isUsable }: BuildOpaOptions): Promise<void> {
  for (const leftover of await readdir(home)) {
    if (leftover.startsWith(buildPrefix)) await rm(join(home, leftover), { recursive: true, force: true });
  }
  const folder = await mkdtemp(join(home, buildPrefix));
  const source = `github.com/open-policy-agent/opa@v${versions.opa}`;
  const startedAt = Date.now();
  tell(`building OPA ${versions.opa} with "go install ${source}"; the first time takes about three minutes`);
  const progress = setInterval(() => {
    tell(`building OPA ${versions.opa}: ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }, limits.progressSeconds * 1000);
  try {
    const result = await runCommand(go, ["install", source], {
      cwd: folder,
      environment: goEnvironment(environment, folder),
      timeoutSeconds: limits.buildSecondsMax,
    });
    const built = join(folder, "opa");
    if (result.exitCode !== 0 || !(await isUsable(built))) {
      throw new ToolchainError("opa_build_failed", `go install ${source} failed:\n${lastLines(result.stderr)}`);
    }
    await rename(built, target);
    tell(`built ${basename(target)} ${versions.opa} in ${Math.round((Date.now() - startedAt) / 1000)} s: ${target}`);
  } finally {
    clearInterval(progress);
    await rm(folder, { recursive: true, force: true });
  }
}

const buildPrefix = "build-";

/** GOBIN may not be set while cross-compiling, and a C compiler is not needed. */
function goEnvironment(environment: Environment, folder: string): Environment {
  const { GOOS: _os, GOARCH: _arch, ...rest } = environment;
  return { ...rest, GOBIN: folder, CGO_ENABLED: "0" };
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-10).join("\n");
}

function everyFewSeconds(report: (seconds: number) => void): (seconds: number) => void {
  let next = 0;
  return (seconds) => {
    if (seconds < next) return;
    next = seconds + limits.progressSeconds;
    report(Math.round(seconds));
  };
}
