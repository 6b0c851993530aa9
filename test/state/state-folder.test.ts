import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStateFolder, StateError } from "../../src/state/index.ts";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "chaperone-state-"));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const openError = (path: string): unknown => {
  try {
    openStateFolder(path).close();
    return undefined;
  } catch (cause) {
    return cause;
  }
};

test("the folder is made for its owner alone", () => {
  const folder = openStateFolder(join(parent, "state"));
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder.path, "lock")).mode & 0o777).toBe(0o600);
  folder.close();
});

test("a second owner is refused until the first gives it up", () => {
  const path = join(parent, "state");
  const folder = openStateFolder(path);
  expect(openError(path)).toMatchObject({ code: "state_folder_in_use" });
  folder.close();
  expect(openError(path)).toBeUndefined();
});

test("a living process is respected, a killed one leaves nothing behind", async () => {
  const path = join(parent, "state");
  const module = join(import.meta.dirname, "../../src/state/index.ts");
  const script = `const { openStateFolder } = await import(${JSON.stringify(module)}); openStateFolder(${JSON.stringify(path)}); console.log("owned"); setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(owner.stdout, "data");
  expect(openError(path)).toMatchObject({ code: "state_folder_in_use" });
  owner.kill("SIGKILL");
  await once(owner, "exit");
  expect(openError(path)).toBeUndefined();
});

test("a folder that cannot be is named", () => {
  writeFileSync(join(parent, "file"), "");
  const error = openError(join(parent, "file"));
  expect(error).toBeInstanceOf(StateError);
  expect(error).toMatchObject({ code: "state_folder_unusable" });
});
