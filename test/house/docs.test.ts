/** Docs that list things are held to the code, in both directions. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { faults, refusals } from "../../src/domain/refusal.ts";
import { requestErrors } from "../../src/domain/request-error.ts";
import { readTree, root } from "./source-tree.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

describe("docs/errors.md", () => {
  const tables = { Refusals: refusals, Faults: faults, "Requests that cannot be understood": requestErrors };
  const sections = read("docs/errors.md").split(/^## /m).slice(1);

  test.each(Object.entries(tables))(
    "%s: every code has a heading with its text and a remedy, and no heading is without a code",
    (title, table) => {
      const section = sections.find((text) => text.startsWith(`${title}\n`)) ?? "";
      const entries = section
        .split(/^### /m)
        .slice(1)
        .map((text) => text.split("\n\n").map((part) => part.trim()));
      expect(entries.map(([code]) => code)).toEqual(Object.keys(table));
      for (const [code = "", says, remedy] of entries) {
        expect(says).toBe(Object.entries(table).find(([name]) => name === code)?.[1]);
        expect(remedy?.length ?? 0, code).toBeGreaterThan(20);
      }
    },
  );

  test("every code is used by the source, or promised by a port, so that none is promised in vain", () => {
    const sources = readTree("src").filter((file) => !/domain\/(refusal|request-error)\.ts$/.test(file.path));
    const unused = [...Object.keys(refusals), ...Object.keys(faults), ...Object.keys(requestErrors)].filter(
      (code) => !sources.some((file) => file.text.includes(`"${code}"`) || file.text.includes(`\`${code}\``)),
    );
    expect(unused).toEqual([]);
  });
});
