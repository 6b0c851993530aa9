/** How policies/ is built (DESIGN §4, CRAFT "Policies"), held to the real files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../src/domain/json.ts";
import { folderOf, listPolicies, readRego, type RegoFile } from "./policy-sources.ts";
import { root } from "./source-tree.ts";

const files = readRego();
const rules = files.filter((file) => !file.isTest);
const tests = files.filter((file) => file.isTest);
const kindOf = (kind: "permits" | "guards"): RegoFile[] =>
  rules.filter((file) => file.path.startsWith(`chaperone/${kind}/`));
const guards = kindOf("guards");
const permits = kindOf("permits");

const textOf = (metadata: JsonObject | undefined, name: string): string => {
  const value = metadata?.[name];
  return typeof value === "string" ? value : "";
};
const customOf = (metadata: JsonObject | undefined): JsonObject => {
  const value = metadata?.["custom"];
  return isJsonObject(value) ? value : {};
};
const wordOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");

test("the test sees the policies", () => {
  expect(rules.length).toBeGreaterThanOrEqual(11);
  expect(tests.length).toBeGreaterThanOrEqual(rules.length);
  expect(permits.length).toBeGreaterThanOrEqual(2);
  expect(guards.length).toBeGreaterThanOrEqual(3);
  expect(files.flatMap((file) => file.rules).length).toBeGreaterThan(100);
});

describe.each(rules.map((file) => [file.path, file] as const))("%s", (_path, file) => {
  test("its folder is its package, and its tests stand beside it under chaperone_test", () => {
    expect(file.packageName).toBe(folderOf(file));
    const beside = tests.find((other) => other.path === file.path.replace(/\.rego$/, "_test.rego"));
    expect(beside?.packageName).toBe(file.packageName.replace(/^chaperone/, "chaperone_test"));
    expect(beside?.text).toMatch(/^test_\w+ if/m);
  });

  test("says what it and each rule that others see is for", () => {
    for (const key of ["title", "description"]) expect(textOf(file.packageMetadata, key), key).not.toBe("");
    for (const rule of file.rules) {
      for (const key of ["title", "description"])
        expect(textOf(rule.metadata, key), `${rule.name} ${key}`).not.toBe("");
    }
    expect(file.rules.length).toBeGreaterThan(0);
  });

  test("is short", () => {
    const lines = file.text.split("\n");
    expect(lines.length).toBeLessThanOrEqual(150);
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });
});

describe("what forbids", () => {
  const objections = rules.find((file) => file.path === "chaperone/objections/objections.rego")?.rules ?? [];
  const clears = guards.flatMap((file) => file.rules.filter((rule) => rule.name.startsWith("clear")));
  const decisions = rules.filter((file) => file.packageName === "chaperone").flatMap((file) => file.rules);
  const forbidding = [...objections, ...clears, ...decisions];
  const codeOf = (metadata: JsonObject | undefined) => wordOf(customOf(metadata)["code"]);

  test("names its code, a remedy and where to read on, and that place exists", () => {
    expect(forbidding.length).toBeGreaterThanOrEqual(12);
    for (const rule of forbidding) {
      expect(codeOf(rule.metadata), rule.head).toMatch(/^[a-z][a-z0-9_]{0,63}$|^<name of the guard>$/);
      expect(wordOf(customOf(rule.metadata)["remedy"]).length, rule.head).toBeGreaterThan(10);
      const related = rule.metadata?.["related_resources"];
      const [path = "", anchor = ""] = wordOf(isJsonArray(related) ? related[0] : undefined).split("#");
      const headings = [...readFileSync(join(root, path), "utf8").matchAll(/^#+ (.*)$/gm)].map((match) =>
        (match[1] ?? "").toLowerCase().replaceAll(" ", "-"),
      );
      expect(headings, `${rule.head}: ${path}#${anchor}`).toContain(anchor);
    }
  });

  test("gives in its head the code that its metadata names", () => {
    const own = objections.filter((rule) => rule.head.includes('"code": "'));
    expect(own.length).toBe(7);
    for (const rule of own) expect(rule.head).toContain(`"code": "${codeOf(rule.metadata)}"`);
  });

  test("has codes that no other rule has", () => {
    const codes = [
      ...[...objections, ...decisions].map((rule) => codeOf(rule.metadata)),
      ...guards.map((file) => file.name),
    ];
    expect(new Set(codes).size).toBe(codes.length);
  });

  test("is what every decision starts from: a default that denies", () => {
    const decision = decisions.find((rule) => rule.name === "decision");
    expect(decision?.isDefault).toBe(true);
    const [file] = rules.filter((one) => one.packageName === "chaperone");
    expect(file?.text).toMatch(/^default decision := \{\n\t"outcome": "deny",/m);
    expect(decision?.metadata?.["entrypoint"]).toBe(true);
    const entrypoints = rules.flatMap((one) => one.rules).filter((rule) => rule.metadata?.["entrypoint"] === true);
    expect(entrypoints.length).toBe(1);
  });
});

describe.each(guards.map((file) => [file.name, file] as const))("the guard %s", (name, file) => {
  test("starts as not clear, and carries its name as its code", () => {
    expect(file.text).toContain("\ndefault clear := false\n");
    for (const rule of file.rules.filter((one) => one.name.startsWith("clear"))) {
      expect(rule.isDefault).toBe(true);
      expect(customOf(rule.metadata)["code"]).toBe(name);
    }
    expect(file.text).toMatch(/^message := "/m);
    expect(name).toMatch(/^[a-z][a-z0-9_]{0,63}$/);
  });

  test("applies by what is asked and never by what is absent", () => {
    expect(file.text).toContain(`asked.none_of(data.chaperone.settings.${name})`);
    expect(file.text).not.toMatch(/^[^#\n"]*\bnot /m);
  });
});

describe("permits/ and guards/", () => {
  test("hold one folder per rule with its file and its test, and no data", () => {
    const below = listPolicies().filter((path) => /^chaperone\/(permits|guards)\/./.test(path));
    expect(below.length).toBe((permits.length + guards.length) * 3);
    for (const path of below) {
      expect(path).toMatch(/^chaperone\/(permits|guards)\/([a-z][a-z0-9_]*)\/(\2(_test)?\.rego)?$/);
    }
  });

  test("have their settings under settings/, by the same name", () => {
    const settings = listPolicies().filter((path) => path.startsWith("chaperone/settings/") && path.endsWith(".json"));
    const readers = [...permits, ...guards, ...rules.filter((file) => file.path.startsWith("chaperone/delegation/"))];
    const names = readers.map((file) => `chaperone/settings/${file.name}/data.json`).sort();
    expect(settings).toEqual(names);
  });
});

describe("docs/policies.md", () => {
  const page = readFileSync(join(root, "docs/policies.md"), "utf8");

  test("lists every code with the words of its metadata, and no other", () => {
    const table = page.split("\n## ").find((section) => section.startsWith("Codes\n")) ?? "";
    const rows = [...table.matchAll(/^\| `([a-z_]+)` \| (.*) \| (.*) \|$/gm)].map(([, code, says, remedy]) => [
      code,
      says,
      remedy,
    ]);
    const expected = rules
      .flatMap((file) => file.rules)
      .map((rule) => [wordOf(customOf(rule.metadata)["code"]), rule] as const)
      .filter(([code, rule]) => /^[a-z_]+$/.test(code) && rule.name !== "clear_with_approval")
      .map(([code, rule]) => [code, textOf(rule.metadata, "description"), wordOf(customOf(rule.metadata)["remedy"])]);
    expect(rows).toEqual(expect.arrayContaining(expected));
    expect([rows.length, expected.length]).toEqual([11, 11]);
  });

  test("lists the shipped permits and guards", () => {
    for (const file of [...permits, ...guards])
      expect(page).toContain(`chaperone/${folderOf(file).split(".")[1] ?? ""}/${file.name}`);
  });
});
