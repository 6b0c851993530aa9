/** docs/config.md is what the schema prints, and every setting says why it is there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderReference } from "../../src/config/index.ts";
import { listSettings } from "../../src/config/reference.ts";

test("docs/config.md is in step with the schema (`npm run docs:config`)", () => {
  expect(readFileSync(join(import.meta.dirname, "../../docs/config.md"), "utf8")).toBe(renderReference());
});

test("every setting has its reason", () => {
  const settings = listSettings();
  expect(settings.length).toBeGreaterThan(40);
  expect(settings.filter(({ description }) => description.length < 10 || !description.endsWith("."))).toEqual([]);
});
