/** Stand-ins for `opa` and `go` as shell scripts in a folder of their own: real processes, invented versions. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "toolchain-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function opaScript(version: string): string {
  return `#!/bin/sh\necho "Version: ${version}"\n`;
}

export async function writeScript(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

/** A `go` that takes a moment, notes each run in `runs`, and installs an `opa` with the given text. */
export function goScript(runs: string, opa: string, seconds = 0.3): string {
  return [
    "#!/bin/sh",
    `echo "$@ GOBIN=$GOBIN" >> "${runs}"`,
    `sleep ${seconds}`,
    'cat > "$GOBIN/opa" <<"END"',
    opa.trimEnd(),
    "END",
    'chmod 755 "$GOBIN/opa"',
    "",
  ].join("\n");
}
