/** What `npm run policy:test` asks of policies/, as a test. */
import { beforeAll, expect, test } from "vitest";
import { loadEntrypoints } from "../../src/policy/index.ts";
import { testPolicies } from "../../src/toolchain/index.ts";
import { findOpaLoudly, opaSecondsMax, policiesFolder } from "./loaded-policy.ts";

let opa = "";
beforeAll(async () => {
  opa = await findOpaLoudly();
}, opaSecondsMax * 1000);

test("policies/ is checked, formatted, tested and covered, and holds in WebAssembly case by case", async () => {
  const report = await testPolicies({
    source: policiesFolder,
    opa,
    load: (path) => loadEntrypoints(path, 1_781_000_000),
  });
  for (const step of report.steps) console.log(step.summary);
  expect(report.steps.flatMap((step) => step.details)).toEqual([]);
  expect(report.isPassed).toBe(true);
  const [check, , tested, , inWasm] = report.steps;
  expect(check?.summary).toContain("with schemas");
  const cases = Number(/(\d+) of \1 cases passed/.exec(tested?.summary ?? "")?.[1]);
  expect(cases).toBeGreaterThan(80);
  expect(inWasm?.summary).toContain(`${cases} of ${cases} passed, 0 failed, 0 cannot run`);
}, 120_000);
