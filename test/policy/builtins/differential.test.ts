/** The host's answers beside those of the pinned OPA, on operands that OPA's own cases do not try. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createEvaluationInstant, createHostBuiltins } from "../../../src/policy/builtins/index.ts";
import {
  isRegoObject,
  parseRegoValue,
  printRegoValue,
  type RegoValue,
} from "../../../src/policy/builtins/rego-value.ts";
import { canonicalText } from "../../../src/policy/builtins/value-order.ts";
import { findOpa } from "../../../src/toolchain/index.ts";
import { operandsByBuiltin } from "./differential-operands.ts";

const host = createHostBuiltins(createEvaluationInstant());
let answersOfOpa: RegoValue = {};

/** One rule per built-in and list of operands, so that an error of one call leaves the others alone. */
const calls = Object.entries(operandsByBuiltin).flatMap(([name, lists]) =>
  lists.map((operands, index) => ({ name, operands, rule: `${name.replaceAll(".", "_")}_${index}` })),
);

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "chaperone-differential-"));
  try {
    // Operands come as input: as literals OPA's compiler would refuse those of a wrong type.
    const rules = calls.map(({ name, operands, rule }, index) => {
      const references = operands.map((_, position) => `input[${index}][${position}]`);
      return `${rule} := ${name}(${references.join(", ")})`;
    });
    writeFileSync(join(folder, "calls.rego"), `package calls\n\n${rules.join("\n")}\n`);
    writeFileSync(join(folder, "input.json"), printRegoValue(calls.map(({ operands }) => operands)));
    const output = execFileSync(
      await findOpa(),
      ["eval", "-f", "raw", "-i", join(folder, "input.json"), "-d", join(folder, "calls.rego"), "data.calls"],
      { encoding: "utf8", maxBuffer: 64_000_000 },
    );
    answersOfOpa = parseRegoValue(output.trim());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);

test("OPA answered", () => {
  expect(isRegoObject(answersOfOpa) && Object.keys(answersOfOpa).length).toBeGreaterThan(300);
});

describe.each(Object.keys(operandsByBuiltin))("%s", (name) => {
  test("answers as OPA does", () => {
    const builtin = host[name];
    const differences = calls
      .filter((call) => call.name === name)
      .map(({ operands, rule }) => {
        const wanted = isRegoObject(answersOfOpa) && Object.hasOwn(answersOfOpa, rule) ? answersOfOpa[rule] : undefined;
        const got = builtin?.(...operands);
        return { operands: operands.map(printRegoValue), wanted: textOf(wanted), got: textOf(got) };
      })
      .filter(({ wanted, got }) => wanted !== got);
    expect(differences).toEqual([]);
  });
});

/** OPA prints sets as arrays here, so a host's set is compared as an array of sorted texts. */
function textOf(value: RegoValue | undefined): string {
  return value === undefined ? "undefined" : canonicalText(value).replaceAll(/set\(([^)]*)\)/gu, "[$1]");
}
