/** docs/audit.md lists what `verify` can find; the list is held to the code in both directions. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { findings } from "../../src/audit/index.ts";

test("the page lists every finding with its meaning, and no other", () => {
  const page = readFileSync(new URL("../../docs/audit.md", import.meta.url), "utf8");
  const section = page.split("### What `verify` can find")[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| `(\w+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
  expect(rows).toEqual(Object.entries(findings));
  expect(rows.length).toBeGreaterThan(10);
});
