/** Docs that list things are held to the code, in both directions. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { doors } from "../../src/doors/index.ts";
import { faults, refusals } from "../../src/domain/refusal.ts";
import { requestErrors } from "../../src/domain/request-error.ts";
import { evidenceVerifiers } from "../../src/identity/index.ts";
import { products } from "../../src/identity/profiles/index.ts";
import { ledgers } from "../../src/ledger/index.ts";
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

describe("links between pages", () => {
  const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" }).trim().split("\n");

  test("every page of the docs is seen", () => {
    expect(pages.length).toBeGreaterThan(15);
    expect(pages).toContain("README.md");
  });

  test.each(pages)("%s links only to what is there", (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? "");
    const relative = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(relative.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });
});

describe("every registered kind has a page", () => {
  const tables = { doors, identity: evidenceVerifiers, ledger: ledgers };
  const { oidc: _generic, ...known } = products;
  const kinds = Object.entries({ ...tables, issuers: known }).flatMap(([room, table]) =>
    Object.keys(table).map((kind) => [room, kind] as const),
  );

  test("the tables are seen", () => {
    expect(kinds.length).toBeGreaterThan(5);
  });

  test.each(kinds)("%s/%s", (room, kind) => {
    const page = read(`docs/${room}/${kind}.md`);
    expect(page).toContain(kind);
    expect(page.length).toBeGreaterThan(200);
  });

  test("every product's page is linked from the page of tokens, and shows settings that its own tests load", () => {
    const page = read("docs/identity/tokens.md");
    expect(Object.keys(known).filter((kind) => !page.includes(`(../issuers/${kind}.md)`))).toEqual([]);
    expect(
      Object.keys(known).filter((kind) => !read(`docs/issuers/${kind}.md`).includes(`profile: ${kind}\n`)),
    ).toEqual([]);
  });

  test.each(Object.keys(tables))("a file in %s that its index does not reach is dead", (room) => {
    const files = readTree(`src/${room}`);
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const target of files.find((file) => file.path === path)?.files ?? []) visit(target);
    };
    visit(`src/${room}/index.ts`);
    expect(files.map((file) => file.path).filter((path) => !reached.has(path))).toEqual([]);
  });
});
