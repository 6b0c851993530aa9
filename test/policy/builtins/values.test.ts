/** Values cross the border between WASM and host without loss. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BuiltinLimitError } from "../../../src/policy/builtins/bounds.ts";
import {
  objectOf,
  parseRegoValue,
  printRegoValue,
  RegoDecimal,
  RegoKeyed,
  RegoSet,
  type RegoValue,
} from "../../../src/policy/builtins/rego-value.ts";
import { canonicalText, compareValues } from "../../../src/policy/builtins/value-order.ts";

const values: fc.Arbitrary<RegoValue> = fc.letrec<{ value: RegoValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<RegoValue>(null, true, false, new RegoSet([]), new RegoDecimal("100.0"), new RegoDecimal("2e308")),
    fc.integer(),
    fc
      .bigInt({ min: -(2n ** 80n), max: 2n ** 80n })
      .map((value) => (value % 2n === 0n ? value + 2n ** 90n : value - 2n ** 90n)),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: "grapheme" }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(tie("value"), { minLength: 1, maxLength: 4 }).map((members) => new RegoSet(members)),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 4 }).map(objectOf),
    fc.array(fc.tuple(tie("value"), tie("value")), { minLength: 1, maxLength: 3 }).map(objectOf),
  ),
})).value;

describe("the text of a value", () => {
  test("reads back as the same value", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(canonicalText(parseRegoValue(printRegoValue(value)))).toBe(canonicalText(value));
      }),
    );
  });

  test("keeps integers beyond 2^53, and numbers as they were written", () => {
    for (const text of [
      "1781000000123456789",
      "-9223372036854775808",
      "123456789123456789123",
      "100.0",
      "2e308",
      "0.12345678901234567891",
    ]) {
      expect(printRegoValue(parseRegoValue(text))).toBe(text);
      expect(printRegoValue(parseRegoValue(`{"a":[${text}]}`))).toBe(`{"a":[${text}]}`);
    }
  });

  test("tells the empty set from the empty object, and keys that are no strings from strings", () => {
    expect(parseRegoValue("set()")).toBeInstanceOf(RegoSet);
    expect(parseRegoValue("{}")).toEqual({});
    expect(parseRegoValue("{1:2}")).toBeInstanceOf(RegoKeyed);
    expect(printRegoValue(parseRegoValue('{{1,"a"},[set()]}'))).toBe('{{1,"a"},[set()]}');
  });

  test("a member named __proto__ is a member", () => {
    const value = parseRegoValue('{"__proto__":{"admin":true},"n":12345678901234567890}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(printRegoValue(value)).toBe('{"__proto__":{"admin":true},"n":12345678901234567890}');
  });

  test.each(["", "{", "[1", "{1,", "nul", "set(", '"a', "1 2", "{1:2,3}", "{a}"])("%s is refused", (text) => {
    expect(() => parseRegoValue(text)).toThrow(SyntaxError);
  });

  test("nesting beyond the bound is a fault", () => {
    expect(() => parseRegoValue(`${"[".repeat(600)}{1}${"]".repeat(600)}`)).toThrow(BuiltinLimitError);
  });

  test("a lone surrogate becomes the replacement character, which UTF-8 can say", () => {
    expect(printRegoValue("\ud800x")).toBe('"\ufffdx"');
  });
});

describe("OPA's order", () => {
  test("is total, and zero only between equal values", () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        const order = Math.sign(compareValues(first, second));
        expect(Math.sign(compareValues(second, first))).toBe(order === 0 ? 0 : -order);
        if (canonicalText(first) === canonicalText(second)) expect(order).toBe(0);
      }),
    );
  });

  test("puts kinds one after another, and strings by their bytes", () => {
    const ordered: readonly RegoValue[] = [
      null,
      false,
      true,
      -1,
      2n,
      "Z",
      "a",
      "é",
      "😀",
      [],
      [1],
      {},
      { a: 1 },
      new RegoSet([]),
    ];
    expect(ordered.toReversed().toSorted(compareValues)).toEqual(ordered);
  });
});
