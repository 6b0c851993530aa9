/** docs/guides/first-delegation.md, its part that needs nothing but Node. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { start } from "../cli/command-line.ts";
import { findFreePort } from "../fakes/free-port.ts";
import { root } from "../house/source-tree.ts";
import { blocks, followPage, steadyLines } from "./followed-page.ts";

const page = readFileSync(join(root, "docs/guides/first-delegation.md"), "utf8");
const [withFiles = "", withKeycloak = ""] = page.split("\n## With Keycloak");
const settingsOf = (name: string): string => readFileSync(join(root, `docs/guides/${name}.yaml`), "utf8");

test("the page shows the settings that it starts with", () => {
  expect(blocks("yaml", withFiles)).toEqual([settingsOf("first-delegation")]);
  expect(blocks("yaml", withKeycloak)).toEqual([settingsOf("first-delegation-keycloak")]);
});

test("every line of the page does what the page says", { timeout: 120_000 }, async () => {
  const port = String(await findFreePort());
  const own = ["docs/guides/first-delegation.yaml", "scripts/first-delegation.ts"];
  const { folder, run } = followPage(withFiles, own, (text) => text.replaceAll("8181", port));
  const [prepare = "", serve = "", look = "", exchange = "", handOn = "", askForMore = "", ...rest] = blocks(
    "sh",
    withFiles,
  );
  expect(rest).toEqual([]);
  const [install, script = ""] = prepare.split("\n");
  expect(install).toBe("npm ci");
  expect(await run(script)).toContain("alice.jwt");
  await start(serve.trim().split(" ").slice(1), folder).said("is ready");
  expect(await run(look)).toMatch(/^as subject +accepted.*\nas actor +REFUSED, evidence_untrusted/m);
  const [, shownFirst, shownSecond] = blocks("", withFiles);
  const first = await run(exchange);
  for (const line of steadyLines(shownFirst)) expect(first).toContain(line);
  const second = await run(handOn);
  expect(second).toMatch(/^at a resource +accepted/m);
  for (const line of steadyLines(shownSecond)) expect(second).toContain(line);
  const refused = await run(askForMore);
  expect(refused).toContain('"error":"invalid_scope"');
  expect(refused).toContain('"code":"parent_exceeded"');
  expect(refused).toContain('"permissions":["flights:book"]');
});
