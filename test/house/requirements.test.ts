/** The table of pitfalls and requirements is held to the tests: every number is proved by one that names it, or not here for a reason. */
import { existsSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "./source-tree.ts";

const folder = "test/conformance/pitfalls";
const page = readFileSync(join(root, folder, "README.md"), "utf8");
const [proved = "", absent = ""] = page.split("## Not here");

const families = { P: 44, "TX-": 24, "JB-": 11, "MK-": 15, "RAR-": 9 };
const numbers = Object.entries(families).flatMap(([family, count]) =>
  Array.from({ length: count }, (_, at) => `${family}${at + 1}`),
);

interface Row {
  readonly number: string;
  readonly cells: readonly string[];
}

const rowsOf = (text: string): Row[] =>
  [...text.matchAll(/^\| ((?:P|TX-|JB-|MK-|RAR-)\d+) \|(.*)\|$/gm)].map(([, number = "", rest = ""]) => ({
    number,
    cells: rest.split("|").map((cell) => cell.trim()),
  }));

/** A test file without its comments: only what runs can prove anything. */
function readCode(path: string): string {
  const text = readFileSync(join(root, path), "utf8");
  return text.replaceAll(/\/\*[^]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}

const filesOf = (cell = ""): string[] =>
  [...cell.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => normalize(join(folder, target)));

test("every number stands in the table once, proved or not here", () => {
  const listed = [...rowsOf(proved), ...rowsOf(absent)].map(({ number }) => number);
  expect(listed.toSorted()).toEqual(numbers.toSorted());
  expect(rowsOf(proved).length).toBeGreaterThan(90);
  expect(rowsOf(absent).length).toBeLessThanOrEqual(10);
  expect(rowsOf(absent).filter(({ cells: [why = ""] }) => why.length < 7)).toEqual([]);
});

describe.each(rowsOf(proved).map((row) => [row.number, row] as const))("%s", (number, { cells }) => {
  const [, where, by] = cells;
  const files = filesOf(by);

  test("is named by the tests that the table names", () => {
    expect(files.length).toBeGreaterThan(0);
    const named = new RegExp(String.raw`(?<![\w-])${number}(?!\d)`);
    expect(files.filter((path) => !existsSync(join(root, path)) || !named.test(readCode(path)))).toEqual([]);
  });

  test("is proved where the table says", () => {
    expect(["endpoint", "room"]).toContain(where);
    const isServed = (path: string) => /\bopen(?:Exchange|Token)House\(/.test(readCode(path));
    expect(files.some(isServed)).toBe(where === "endpoint");
  });
});
