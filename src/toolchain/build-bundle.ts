/** From a folder of Rego and data to the bundle that the sidecar loads: policy.wasm, data.json, .manifest. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { runCommand } from "./run-command.ts";
import { ToolchainError } from "./toolchain-error.ts";

export interface BuildBundleOptions {
  /** The policy folder, e.g. `policies`. */
  readonly source: string;
  /** The `.tar.gz` to write; replaced in one step, and only by a bundle that was built to its end. */
  readonly out: string;
  /** As found by `findOpa`. */
  readonly opa: string;
  /** Test cases to build in as entrypoints, e.g. `chaperone_test/test_x`. Without them no test is in the bundle. */
  readonly testEntrypoints?: readonly string[];
}

export interface BuiltBundle {
  readonly path: string;
  /** SHA-256 of the bundle, lower-case hex: the revision that the sidecar will show. */
  readonly revision: string;
}

/** The same source and OPA give the same bytes, wherever the folder lies. Throws `opa_command_failed`. */
export async function buildBundle(options: BuildBundleOptions): Promise<BuiltBundle> {
  const source = resolve(options.source);
  const out = resolve(options.out);
  await mkdir(dirname(out), { recursive: true });
  // In the folder of `out`, because a rename does not cross file systems.
  const folder = await mkdtemp(join(dirname(out), ".bundle-"));
  try {
    const built = join(folder, "bundle.tar.gz");
    const entrypoints = options.testEntrypoints;
    // Without pruning OPA makes entrypoints of all that depends on the decision, and fails on test functions with `with`.
    const args =
      entrypoints === undefined
        ? ["--ignore", "*_test.rego"]
        : ["--prune-unused", ...entrypoints.flatMap((name) => ["--entrypoint", name])];
    // OPA writes paths as given into the bundle: relative ones make it the same in every clone.
    const command = ["build", "--target", "wasm", "--bundle", basename(source), ...args, "--output", built];
    const { exitCode, stdout, stderr } = await runCommand(options.opa, command, { cwd: dirname(source) });
    // OPA tells what does not compile on standard output.
    const told = [stderr, stdout].map((text) => text.trim()).join("\n");
    if (exitCode !== 0) throw new ToolchainError("opa_command_failed", `opa build failed:\n${told.trim()}`);
    const revision = createHash("sha256")
      .update(await readFile(built))
      .digest("hex");
    await rename(built, out);
    return { path: out, revision };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
