/** The host built-ins, held to OPA's own evaluation cases. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { findOpa } from "../../../src/toolchain/index.ts";
import { findCaseFolder, loadCases, type OpaCase } from "./case-files.ts";
import { type CaseVerdict, judgeCase } from "./case-verdict.ts";
import { compileFamily } from "./compiled-cases.ts";

const coldMinutesMax = 30;
/** Fewer would mean that the cases were not found, or not understood. */
const casesMin = 2_000;

const verdicts = new Map<string, CaseVerdict>();
const namesOf = (outcome: CaseVerdict["outcome"]): readonly string[] =>
  [...verdicts].filter(([, verdict]) => verdict.outcome === outcome).map(([name]) => name);

/** Name of a case → why it cannot pass. It may only get shorter. */
const parseExpectations: (text: string) => Readonly<Record<"failing" | "not_compiled", Record<string, string>>> = parse;
const expectations = parseExpectations(readFileSync(join(import.meta.dirname, "expected-failures.yaml"), "utf8"));

beforeAll(async () => {
  const startedAt = performance.now();
  const opa = await findOpa({ tell: console.log });
  const cases = loadCases(findCaseFolder());
  const families = Map.groupBy(cases, ({ family }) => family);
  let compiledNow = 0;
  for (const family of families.values()) {
    const compiled = await compileFamily(opa, family, (count) => {
      compiledNow += count;
    });
    for (const [index, asked] of family.entries()) {
      verdicts.set(asked.name, await judgeCase(asked, compiled[index]!));
    }
  }
  report(cases, compiledNow, Math.round((performance.now() - startedAt) / 1000));
}, coldMinutesMax * 60_000);

function report(cases: readonly OpaCase[], compiledNow: number, seconds: number): void {
  const [passed, failed] = [namesOf("passed").length, namesOf("failed").length];
  const refused = namesOf("refused").length;
  const notCompiled = namesOf("not_compiled").length;
  console.log(
    `OPA's cases: ${cases.length}; ${cases.length - notCompiled} compile to WASM, ` +
      `${refused} of these need a built-in that is refused on purpose, ` +
      `${passed + failed} run, ${passed} pass, ${failed} fail as expected or not ` +
      `(${compiledNow} compiled now, ${seconds} s)`,
  );
}

test("OPA's cases were found and run", () => {
  expect(verdicts.size).toBeGreaterThan(casesMin);
  expect(namesOf("passed").length).toBeGreaterThan(casesMin);
});

test("every case that runs passes, except those that are listed with a reason", () => {
  const unexpected = namesOf("failed").filter((name) => !Object.hasOwn(expectations.failing, name));
  expect(unexpected.map((name) => ({ name, ...verdicts.get(name) }))).toEqual([]);
});

test("every case compiles, except those that are listed with a reason", () => {
  const unexpected = namesOf("not_compiled").filter((name) => !Object.hasOwn(expectations.not_compiled, name));
  expect(unexpected.map((name) => ({ name, ...verdicts.get(name) }))).toEqual([]);
});

test("no listed case passes: the list only shrinks", () => {
  const stale = [
    ...Object.keys(expectations.failing).filter((name) => verdicts.get(name)?.outcome !== "failed"),
    ...Object.keys(expectations.not_compiled).filter((name) => verdicts.get(name)?.outcome !== "not_compiled"),
  ];
  expect(stale).toEqual([]);
});
