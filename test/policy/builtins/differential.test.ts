/** The host's answers beside those of the pinned OPA, on operands that OPA's own cases do not try. */
import { beforeAll, describe, expect, test } from "vitest";
import { createEvaluationInstant, createHostBuiltins } from "../../../src/policy/builtins/index.ts";
import { printRegoValue, type RegoValue } from "../../../src/policy/builtins/rego-value.ts";
import { canonicalText } from "../../../src/policy/builtins/value-order.ts";
import { askOpa } from "./ask-opa.ts";
import { operandsByBuiltin } from "./differential-operands.ts";

const host = createHostBuiltins(createEvaluationInstant());
const calls = Object.entries(operandsByBuiltin).flatMap(([name, lists]) =>
  lists.map((operands) => ({ name, operands })),
);
let answersOfOpa: readonly (RegoValue | undefined)[] = [];

beforeAll(async () => {
  answersOfOpa = await askOpa(calls);
}, 300_000);

test("OPA answered", () => {
  expect(answersOfOpa.filter((answer) => answer !== undefined).length).toBeGreaterThan(300);
});

describe.each(Object.keys(operandsByBuiltin))("%s", (name) => {
  test("answers as OPA does", () => {
    const builtin = host[name];
    const differences = calls
      .map((call, index) => ({ ...call, wanted: textOf(answersOfOpa[index]) }))
      .filter((call) => call.name === name)
      .map(({ operands, wanted }) => {
        return { operands: operands.map(printRegoValue), wanted, got: textOf(builtin?.(...operands)) };
      })
      .filter(({ wanted, got }) => wanted !== got);
    expect(differences).toEqual([]);
  });
});

/** OPA prints sets as arrays here, so a host's set is compared as an array of sorted texts. */
function textOf(value: RegoValue | undefined): string {
  return value === undefined ? "undefined" : canonicalText(value).replaceAll(/set\(([^)]*)\)/gu, "[$1]");
}
