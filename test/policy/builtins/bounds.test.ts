/** What one call may cost, and that passing a bound is a fault and never an answer. */
import { describe, expect, test } from "vitest";
import { BuiltinLimitError, builtinBounds } from "../../../src/policy/builtins/bounds.ts";
import { createEvaluationInstant, createHostBuiltins } from "../../../src/policy/builtins/index.ts";
import type { RegoValue } from "../../../src/policy/builtins/rego-value.ts";

const host = createHostBuiltins(createEvaluationInstant());
const call = (name: string, ...operands: readonly RegoValue[]): RegoValue | undefined => host[name]?.(...operands);

describe("a hostile pattern", () => {
  const text = `${"a".repeat(30_000)}!`;

  test.each([
    ["(a+)+$", text],
    ["(a|a)*$", text],
    ["(a|aa)+$", text],
    ["^(([a-z])+.)+[A-Z]([a-z])+$", text],
    ["(.*)(.*)(.*)(.*)(.*)[^a]x", text],
  ])("%s takes time linear in the text, or is refused", (pattern, hostile) => {
    const startedAt = performance.now();
    for (const name of ["regex.split", "regex.replace"]) {
      try {
        call(name, ...(name === "regex.split" ? [pattern, hostile] : [hostile, pattern, "x"]));
      } catch (error) {
        expect(error).toBeInstanceOf(BuiltinLimitError);
      }
    }
    // A backtracking engine needs longer than the age of the universe; ten seconds leave room for a busy machine.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test("repetitions of repetitions are refused or cheap, not compiled into memory", () => {
    expect(call("regex.split", "((a{100}){100}){100}", "a")).toBeUndefined();
    expect(() => call("regex.split", "a{1000}".repeat(100), "a")).toThrow(BuiltinLimitError);
    expect(() => call("regex.split", `(${"a".repeat(4000)}){1000}`, "a")).toThrow(BuiltinLimitError);
    expect(call("regex.find_n", "^[a-z0-9]{1,64}@[a-z.]{1,255}$", "a@b.example", 1)).toEqual(["a@b.example"]);
  });

  test("a match per character, each of which scans to the end, is stopped", () => {
    expect(() => call("regex.find_n", "(?:a.*b)|a", "a".repeat(30_000), -1)).toThrow(BuiltinLimitError);
  });

  test("a pattern too large for its text is refused before the search", () => {
    expect(() => call("regex.split", "(?:[a-z0-9]{1,100}-){1,9}", "a".repeat(100_000))).toThrow(BuiltinLimitError);
  });

  test("a pattern that is too long is refused before it is compiled", () => {
    expect(() => call("regex.split", "a".repeat(builtinBounds.patternLengthMax + 1), "a")).toThrow(BuiltinLimitError);
  });

  test("globs with many stars are decided at once", () => {
    expect(call("regex.globs_match", "a*".repeat(60), `${"a*".repeat(60)}b`)).toBe(false);
  });
});

test("more patterns than are kept all still match", () => {
  for (let round = 0; round < builtinBounds.patternsKeptMax * 3; round += 1) {
    expect(call("regex.find_n", `x${round}y`, `x${round}y`, 1)).toEqual([`x${round}y`]);
  }
  expect(call("regex.find_n", "x0y", "x0y", 1)).toEqual(["x0y"]);
});

describe("what would grow without end is a fault, not an undefined that a policy may negate", () => {
  const long = "x".repeat(builtinBounds.textLengthMax + 1);
  const wide: RegoValue = Object.fromEntries(
    Array.from({ length: 30 }, (_, node) => [`n${node}`, Array.from({ length: 30 }, (_, next) => `n${next}`)]),
  );
  let deep: RegoValue = [];
  for (let level = 0; level < 50_000; level += 1) deep = [deep];

  test.each<readonly [string, readonly RegoValue[]]>([
    ["net.cidr_expand", ["10.0.0.0/8"]],
    ["net.cidr_expand", ["2001:db8::/32"]],
    ["net.cidr_expand", ["::/0"]],
    [
      "net.cidr_contains_matches",
      [Array.from({ length: 600 }, () => "::/0"), Array.from({ length: 600 }, () => "::1")],
    ],
    ["numbers.range_step", [0, 1_000_000_000, 1]],
    ["numbers.range_step", [0, 10n ** 40n, 1]],
    ["graph.reachable_paths", [wide, ["n0"]]],
    ["sprintf", ["%999999999d", [1]]],
    ["sprintf", ["%*d", [1_000_000, 1]]],
    ["sprintf", ["%.999999999f", [1.5]]],
    ["sprintf", ["%4000d".repeat(2000), Array.from({ length: 2000 }, () => 1)]],
    ["units.parse", ["1e999999"]],
    ["units.parse_bytes", ["1e-999999"]],
    ["regex.replace", ["a".repeat(20_000), "^|a", "b".repeat(1000)]],
    ["hex.encode", [long]],
    ["json.patch", [{}, Array.from({ length: 2000 }, () => ({ op: "add", path: "/a", value: 1 }))]],
    ["json.patch", [{}, [{ op: "add", path: "/a".repeat(1000), value: 1 }]]],
    ["object.subset", [Array.from({ length: 1000 }, () => 1), Array.from({ length: 999 }, () => 1)]],
    ["strings.any_prefix_match", [Array.from({ length: 600 }, () => "a"), Array.from({ length: 600 }, () => "b")]],
    ["json.marshal_with_options", [[1], { indent: "x".repeat(10_000) }]],
    ["yaml.unmarshal", [`${"[".repeat(600)}${"]".repeat(600)}`]],
  ])("%s", (name, operands) => {
    expect(() => call(name, ...operands)).toThrow(BuiltinLimitError);
  });

  test("a value nested too deeply throws, whatever reads it", () => {
    for (const name of ["json.marshal_with_options", "object.subset", "uuid.rfc4122"]) {
      expect(() => call(name, deep, name === "object.subset" ? [deep] : {}), name).toThrow(Error);
    }
  });

  test("a YAML document of aliases of aliases is refused", () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const reference = level === 0 ? "x" : `*l${level - 1}`;
      return `l${level}: &l${level} [${Array.from({ length: 9 }, () => reference).join(", ")}]`;
    });
    expect(() => call("yaml.unmarshal", levels.join("\n"))).toThrow(BuiltinLimitError);
  });
});
