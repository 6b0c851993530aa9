/** The policy tester itself: a tester that passes on nothing, or only on half, is worse than none. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildBundle, type PolicyReport, testPolicies, ToolchainError } from "../../src/toolchain/index.ts";
import { loadEntrypoints } from "../../src/policy/index.ts";
import { findOpaLoudly, opaSecondsMax } from "../policies/loaded-policy.ts";
import { createFolder } from "./fake-tools.ts";

const load = (path: string) => loadEntrypoints(path, 1_781_000_000);

let opa = "";
beforeAll(async () => {
  opa = await findOpaLoudly();
}, opaSecondsMax * 1000);

const decision = `package chaperone

# METADATA
# entrypoint: true
default decision := {"outcome": "deny"}

decision := {"outcome": "allow"} if input.x == 1
`;

const goodTest = `package chaperone_test

import data.chaperone.decision

test_one_is_allowed if decision.outcome == "allow" with input as {"x": 1}

test_nothing_is_denied if decision.outcome == "deny" with input as {}
`;

async function writePolicies(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(await createFolder(), "policies");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

async function report(files: Readonly<Record<string, string>>): Promise<PolicyReport> {
  const source = await writePolicies(files);
  return testPolicies({ source, opa, load });
}

function failed({ steps }: PolicyReport): string[] {
  return steps.filter((step) => !step.isPassed).map((step) => step.name);
}

describe("testPolicies", () => {
  test("passes a policy that passes, with the real counts", async () => {
    const { isPassed, steps } = await report({ "chaperone/d.rego": decision, "chaperone/d_test.rego": goodTest });
    expect(steps.map((step) => step.summary)).toEqual([
      "opa check --strict without schemas: clean",
      "opa fmt: every file is formatted",
      "opa test: 2 of 2 cases passed",
      expect.stringMatching(/^coverage: 100 %, \d+ lines covered$/),
      "the same cases in WebAssembly: 2 of 2 passed, 0 failed, 0 cannot run",
    ]);
    expect(isPassed).toBe(true);
  });

  test("does not pass when there is no test", async () => {
    const result = await report({ "chaperone/d.rego": decision });
    expect(result.isPassed).toBe(false);
    expect(failed(result)).toEqual(["test", "coverage", "wasm"]);
  });

  test("does not pass an empty folder", async () => {
    const result = await report({ "README.md": "nothing" });
    expect(result.isPassed).toBe(false);
  });

  test("names a case that fails, in OPA and in WebAssembly", async () => {
    const wrong = goodTest.replace('"allow"', '"deny"');
    const result = await report({ "chaperone/d.rego": decision, "chaperone/d_test.rego": wrong });
    expect(failed(result)).toEqual(["test", "coverage", "wasm"]);
    for (const index of [2, 4]) {
      expect(result.steps[index]?.details).toEqual(["chaperone_test/test_one_is_allowed: failed"]);
    }
  });

  test("does not pass what is skipped", async () => {
    const skipped = goodTest.replace("test_nothing", "todo_test_nothing");
    const result = await report({ "chaperone/d.rego": decision, "chaperone/d_test.rego": skipped });
    expect(failed(result)).toContain("test");
    expect(result.steps[2]?.details).toEqual(["chaperone_test/todo_test_nothing_is_denied: skipped"]);
  });

  test("names the lines that no test covers", async () => {
    const half = goodTest.replace(/\ntest_one[^\n]*\n/, "");
    const result = await report({ "chaperone/d.rego": decision, "chaperone/d_test.rego": half });
    expect(failed(result)).toEqual(["coverage"]);
    expect(result.steps[3]?.details).toEqual(["policies/chaperone/d.rego:7 is not covered"]);
  });

  test("names a file that is not formatted", async () => {
    const result = await report({
      "chaperone/d.rego": decision.replace("if input.x == 1", "if  input.x==1"),
      "chaperone/d_test.rego": goodTest,
    });
    expect(failed(result)).toEqual(["format"]);
    expect(result.steps[1]?.details).toEqual(["policies/chaperone/d.rego"]);
  });

  test("stops at what does not compile, and checks rules against the schemas that are there", async () => {
    const typo = decision.replace(
      "package chaperone",
      '# METADATA\n# schemas:\n#   - input: schema["input.schema"]\npackage chaperone',
    );
    const schema = { type: "object", additionalProperties: false, properties: { y: { type: "number" } } };
    const result = await report({
      "chaperone/d.rego": typo,
      "chaperone/d_test.rego": goodTest,
      "schemas/input.schema.json": JSON.stringify(schema),
    });
    expect(result.isPassed).toBe(false);
    expect(result.steps.map((step) => step.name)).toEqual(["check", "format"]);
    expect(result.steps[0]?.details.join("\n")).toContain("undefined ref: input.x");
  });

  test("names a case that only WebAssembly cannot run, and still runs the others there", async () => {
    const result = await report({
      "chaperone/d.rego": decision,
      "chaperone/d_test.rego": `${goodTest}\ntest_the_host if opa.runtime()\n`,
    });
    expect(failed(result)).toEqual(["wasm"]);
    expect(result.steps[4]?.summary).toBe("the same cases in WebAssembly: 2 of 3 passed, 0 failed, 1 cannot run");
    expect(result.steps[4]?.details[0]).toMatch(
      /^chaperone_test\/test_the_host: unable \(.*built-in that this host does not have/,
    );
  });

  test("runs cases on the host built-ins that decide, at the time it is given", async () => {
    const { isPassed } = await report({
      "chaperone/d.rego": decision,
      "chaperone/d_test.rego": `${goodTest}\ntest_the_clock if time.now_ns() > 0\n`,
    });
    expect(isPassed).toBe(true);
  });

  test("compares a table of cases row by row", async () => {
    const table = `
test_table[name] if {
	some name, tc in {"one": {"x": 1, "want": "allow"}, "two": {"x": 2, "want": "deny"}}
	decision.outcome == tc.want with input as {"x": tc.x}
}
`;
    const good = await report({ "chaperone/d.rego": decision, "chaperone/d_test.rego": goodTest + table });
    expect(failed(good)).toEqual([]);
    const bad = await report({
      "chaperone/d.rego": decision,
      "chaperone/d_test.rego": goodTest + table.replace('"want": "deny"', '"want": "allow"'),
    });
    expect(failed(bad)).toEqual(["test", "coverage", "wasm"]);
    expect(bad.steps[4]?.details).toEqual(["chaperone_test/test_table: failed (rows: two)"]);
  });
});

describe("buildBundle", () => {
  test("says what OPA said and leaves the old bundle alone", async () => {
    const source = await writePolicies({ "chaperone/d.rego": decision.replace("input.x == 1", "unknown == 1") });
    const out = join(dirname(source), "out.tar.gz");
    await writeFile(out, "the old one");
    await expect(buildBundle({ source, out, opa })).rejects.toThrow(ToolchainError);
    await expect(buildBundle({ source, out, opa })).rejects.toThrow(/opa build failed[^]*var unknown is unsafe/);
    expect(await readFile(out, "utf8")).toBe("the old one");
  });
});
