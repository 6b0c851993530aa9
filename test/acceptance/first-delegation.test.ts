/** docs/guides/first-delegation.md as a newcomer follows it: its own lines, in its order, in a folder that looks like a clone. */
import { execFile } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createFolder, start } from "../cli/command-line.ts";
import { findFreePort } from "../fakes/free-port.ts";
import { root } from "../house/source-tree.ts";

const page = readFileSync(join(root, "docs/guides/first-delegation.md"), "utf8");
const settings = readFileSync(join(root, "docs/guides/first-delegation.yaml"), "utf8");
const [withFiles = ""] = page.split("\n## With Keycloak");

/** The page's fenced blocks of one language; "" has none named. */
function blocks(language: string, text: string): readonly string[] {
  const parts = text.split(/^```(.*)\n/m);
  // Text, opening fence, body, closing fence, and again.
  return parts.filter((_part, at) => at % 4 === 2 && parts[at - 1] === language);
}

test("the page shows the settings that it starts with", () => {
  expect(blocks("yaml", withFiles)).toEqual([settings]);
});

test("with files: every line of the page does what the page says", { timeout: 60_000 }, async () => {
  const folder = createFolder();
  const port = String(await findFreePort());
  const here = (text: string): string => text.replaceAll("8181", port);
  for (const name of ["bin", "bundle", "node_modules", "package.json", "src"]) {
    symlinkSync(join(root, name), join(folder, name));
  }
  for (const path of ["docs/guides/first-delegation.yaml", "scripts/first-delegation.ts"]) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), here(readFileSync(join(root, path), "utf8")));
  }
  const run = async (lines: string): Promise<string> =>
    (await promisify(execFile)("/bin/sh", ["-euc", here(lines)], { cwd: folder })).stdout;

  const [prepare = "", serve = "", look = "", ...steps] = blocks("sh", withFiles);
  const [install, script = ""] = prepare.split("\n");
  expect(install).toBe("npm ci");
  expect(await run(script)).toContain("alice.jwt");
  const house = start(serve.trim().split(" ").slice(1), folder);
  await house.said("is ready");

  expect(await run(look)).toMatch(/^as subject +accepted.*\nas actor +REFUSED, evidence_untrusted/m);
  const [exchange = "", handOn = "", askForMore = ""] = steps.map((step) => look + exchangeWords + step);
  const first = await run(exchange);
  for (const line of shownLines(1)) expect(first).toContain(line);
  const second = await run(handOn);
  expect(second).toMatch(/^at a resource +accepted/m);
  for (const line of shownLines(2)) expect(second).toContain(line);
  const refused = await run(askForMore);
  expect(refused).toContain('"error":"invalid_scope"');
  expect(refused).toMatch(/"code":"parent_exceeded"/);
  expect(refused).toContain('"permissions":["flights:book"]');
});

/** Step 2 names them once; each step of this test is a shell of its own. */
const exchangeWords = (blocks("sh", withFiles)[3] ?? "").split("\n").slice(0, 3).join("\n").concat("\n");

/** What the page shows of an answer, without what is never the same twice. */
function shownLines(at: number): readonly string[] {
  const lines = (blocks("", withFiles)[at] ?? "").split("\n").filter((line) => line !== "" && !line.includes("…"));
  expect(lines.length).toBeGreaterThan(2);
  return lines;
}
