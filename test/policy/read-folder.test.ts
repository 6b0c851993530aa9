/** Folders: as `opa build` lays them out, as kubelet mounts them, and as nobody should. */
import { execFileSync } from "node:child_process";
import { mkdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BundleRejected } from "../../src/policy/bundle-rejected.ts";
import { readBundle } from "../../src/policy/bundle-source.ts";
import { readFolder } from "../../src/policy/read-folder.ts";
import { policyLimits } from "../../src/policy/policy-limits.ts";
import { temporaryFolder } from "./workshop.ts";

async function readNames(path: string): Promise<readonly string[]> {
  return [...(await readFolder(path)).keys()].sort();
}

async function codeOf(path: string): Promise<string> {
  return readBundle(path).then(
    () => "read",
    (cause: unknown) => (cause instanceof BundleRejected ? cause.code : String(cause)),
  );
}

/** Node has no call for it. */
function makePipe(path: string): void {
  execFileSync("sh", ["-c", 'mkfifo "$0"', path]);
}

/** A file with a hole of this size. */
async function makeLarge(path: string, bytes: number): Promise<void> {
  await writeFile(path, "");
  await truncate(path, bytes);
}

/** What a ConfigMap mount looks like: each name a link to `..data/name`, `..data` a link to the state of the day. */
async function mountState(root: string, state: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(root, state, "roles"), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, state, name), text);
  await symlink(state, join(root, "..data_tmp"));
  await rename(join(root, "..data_tmp"), join(root, "..data"));
}

test("a plain folder's entries have their paths as names", async () => {
  const root = await temporaryFolder();
  await mkdir(join(root, "a/b"), { recursive: true });
  await writeFile(join(root, "a/b/data.json"), "{}");
  await writeFile(join(root, ".manifest"), "{}");
  expect(await readNames(root)).toEqual([".manifest", "a/b/data.json"]);
});

test("a ConfigMap mount is read behind its link, in one state", async () => {
  const root = await temporaryFolder();
  await mountState(root, "..2026_01_01", { "data.json": "1", "roles/data.json": "2" });
  await symlink("..data/data.json", join(root, "data.json"));
  await symlink("..data/roles", join(root, "roles"));
  expect(await readNames(root)).toEqual(["data.json", "roles/data.json"]);
  const first = await readBundle(root);
  await mountState(root, "..2026_01_02", { "data.json": "1", "roles/data.json": "3" });
  await rm(join(root, "..2026_01_01"), { recursive: true });
  expect((await readFolder(root)).get("roles/data.json")?.toString()).toBe("3");
  expect((await readBundle(root)).revision).not.toBe(first.revision);
});

test("a link inside the folder is followed, one that leaves it refuses the bundle", async () => {
  const root = await temporaryFolder();
  const outside = await temporaryFolder();
  await writeFile(join(root, "real.json"), "{}");
  await symlink("real.json", join(root, "data.json"));
  expect(await codeOf(root)).toBe("read");
  await writeFile(join(outside, "secret"), "s");
  for (const target of [join(outside, "secret"), outside, `../${outside.split("/").at(-1)}/secret`]) {
    await symlink(target, join(root, "leak"));
    expect(await codeOf(root), target).toBe("bundle_entry_refused");
    await rm(join(root, "leak"));
  }
});

test("a `..data` that leads out of the mount is not followed", async () => {
  const root = await temporaryFolder();
  const outside = await temporaryFolder();
  await writeFile(join(outside, "data.json"), "{}");
  await writeFile(join(root, ".manifest"), "{}");
  await symlink(outside, join(root, "..data"));
  expect(await readNames(root)).toEqual([".manifest"]);
});

test("loops, dangling links, pipes and sockets refuse the bundle", async () => {
  const root = await temporaryFolder();
  await mkdir(join(root, "a"));
  await symlink("..", join(root, "a/loop"));
  expect(await codeOf(root)).toMatch(/^bundle_(entry_refused|unreadable)$/);
  await rm(join(root, "a"), { recursive: true });
  await symlink("gone", join(root, "a"));
  expect(await codeOf(root)).toBe("bundle_missing");
  await rm(join(root, "a"));
  makePipe(join(root, "data.json"));
  expect(await codeOf(root)).toBe("bundle_entry_refused");
});

test("a pipe in the place of the archive is refused and not waited for", async () => {
  const root = await temporaryFolder();
  makePipe(join(root, "bundle.tar.gz"));
  expect(await codeOf(join(root, "bundle.tar.gz"))).toBe("bundle_entry_refused");
});

test("too deep, too many and too large refuse the bundle", async () => {
  const deep = await temporaryFolder();
  await mkdir(join(deep, "d/".repeat(policyLimits.pathDepthMax + 1)), { recursive: true });
  expect(await codeOf(deep)).toBe("bundle_entry_refused");
  const large = await temporaryFolder();
  await makeLarge(join(large, "data.json"), policyLimits.entryBytesMax + 1);
  expect(await codeOf(large)).toBe("bundle_too_large");
  const many = await temporaryFolder();
  for (const name of ["a", "b", "c"]) {
    await makeLarge(join(many, name), policyLimits.entryBytesMax);
  }
  expect(await codeOf(many)).toBe("bundle_too_large");
  const archive = join(await temporaryFolder(), "bundle.tar.gz");
  await makeLarge(archive, policyLimits.bundleBytesMax + 1);
  expect(await codeOf(archive)).toBe("bundle_too_large");
});

test("the revision is the content's and the names', whatever the folder is called or the order of writing", async () => {
  const [one, other, third] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
  await writeFile(join(one, "a"), "1");
  await writeFile(join(one, "b"), "2");
  await writeFile(join(other, "b"), "2");
  await writeFile(join(other, "a"), "1");
  await writeFile(join(third, "a"), "2");
  await writeFile(join(third, "b"), "1");
  expect((await readBundle(one)).revision).toBe((await readBundle(other)).revision);
  expect((await readBundle(one)).revision).not.toBe((await readBundle(third)).revision);
});

test("what is not there is missing", async () => {
  expect(await codeOf(join(await temporaryFolder(), "bundle.tar.gz"))).toBe("bundle_missing");
});
