/** Laws of the families, beside the comparison with OPA (differential.test.ts) and OPA's own cases. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beginEvaluation, createEvaluationInstant, createHostBuiltins } from "../../../src/policy/builtins/index.ts";
import { RegoSet, type RegoValue } from "../../../src/policy/builtins/rego-value.ts";

const instant = createEvaluationInstant();
const host = createHostBuiltins(instant);
const call = (name: string, ...operands: readonly RegoValue[]): RegoValue | undefined => host[name]?.(...operands);
const integerOf = (value: RegoValue | undefined): bigint | undefined =>
  typeof value === "number" || typeof value === "bigint" ? BigInt(value) : undefined;
const textOf = (value: RegoValue | undefined): string => (typeof value === "string" ? value : "");
const membersOf = (value: RegoValue | undefined): readonly RegoValue[] =>
  value instanceof RegoSet ? value.members : [];

describe("time", () => {
  const nanoseconds = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

  test("time.now_ns is the evaluation's one clock reading, exactly", () => {
    beginEvaluation(instant, 1_781_000_001);
    expect(call("time.now_ns")).toBe(1_781_000_001_000_000_000n);
    expect(call("time.now_ns")).toBe(1_781_000_001_000_000_000n);
    beginEvaluation(instant, 1_781_000_002);
    expect(call("time.now_ns")).toBe(1_781_000_002_000_000_000n);
  });

  test("what is formatted parses back to the same nanosecond", () => {
    fc.assert(
      fc.property(nanoseconds, (value) => {
        expect(integerOf(call("time.parse_rfc3339_ns", textOf(call("time.format", value))))).toBe(value);
      }),
    );
  });

  test("a zone changes what the clock shows, never the instant", () => {
    const zones = fc.constantFrom("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe");
    const recent = fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n });
    fc.assert(
      fc.property(recent, zones, (value, zone) => {
        expect(integerOf(call("time.parse_rfc3339_ns", textOf(call("time.format", [value, zone]))))).toBe(value);
        // The same hour on the clock; the instant may differ where a zone shows that hour twice.
        const moved = call("time.add_date", [value, zone], 0, 0, 0) ?? null;
        expect(call("time.clock", [moved, zone])).toEqual(call("time.clock", [value, zone]));
      }),
    );
  });

  test("an hour that a zone skips or repeats is read as OPA reads it", () => {
    const before = call("time.parse_rfc3339_ns", "2026-03-28T02:30:00+01:00") ?? null;
    expect(
      call("time.format", [call("time.add_date", [before, "Europe/Berlin"], 0, 0, 1) ?? null, "Europe/Berlin"]),
    ).toBe("2026-03-29T03:30:00+02:00");
  });

  test.each(["+05:30", "Nowhere/Atlantis", "europe/berlin\u0000", 5, null])("%j is no zone", (zone) => {
    expect(call("time.date", [0, zone])).toBeUndefined();
  });

  test("an instant outside 64 bits is none", () => {
    expect(call("time.date", 2n ** 63n)).toBeUndefined();
    expect(call("time.add_date", 2n ** 63n - 1n, 0, 0, 1)).toBeUndefined();
    expect(call("time.parse_rfc3339_ns", "2263-01-01T00:00:00Z")).toBeUndefined();
  });
});

describe("net", () => {
  const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });

  test("an IPv6 address is printed so that it reads back as itself", () => {
    fc.assert(
      fc.property(groups, (parts) => {
        const written = `${parts.map((part) => part.toString(16)).join(":")}/128`;
        const printed = textOf(membersOf(call("net.cidr_expand", written))[0]);
        expect(membersOf(call("net.cidr_expand", `${printed}/${printed.includes(":") ? 128 : 32}`))).toEqual([printed]);
      }),
    );
  });

  test("merging two halves gives the whole, in IPv4 and IPv6", () => {
    expect(membersOf(call("net.cidr_merge", ["10.0.0.0/9", "10.128.0.0/9"]))).toEqual(["10.0.0.0/8"]);
    expect(membersOf(call("net.cidr_merge", ["2001:db8::/33", "2001:db8:8000::/33"]))).toEqual(["2001:db8::/32"]);
    expect(membersOf(call("net.cidr_merge", ["::/1", "8000::/1"]))).toEqual(["::/0"]);
  });

  test("merging covers every address that was there, and no other", () => {
    const blocks = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(blocks, (drawn) => {
        const written = drawn.map(([last, prefix]) => `10.0.0.${last}/${prefix}`);
        const addresses = (cidrs: readonly RegoValue[]): readonly RegoValue[] =>
          [...new Set(cidrs.flatMap((cidr) => membersOf(call("net.cidr_expand", cidr)).map(textOf)))].toSorted();
        expect(addresses(membersOf(call("net.cidr_merge", written)))).toEqual(addresses(written));
      }),
    );
  });

  test.each(["10.0.0.1", "10.0.0.0/33", "010.0.0.0/8", "::/129", "1::2::3/64", "fe80::1%eth0/64", "10.0.0.0/8 ", ""])(
    "%j is no block",
    (text) => {
      expect(call("net.cidr_is_valid", text)).toBe(false);
      expect(call("net.cidr_expand", text)).toBeUndefined();
      expect(call("net.cidr_contains_matches", text, "10.0.0.1")).toBeUndefined();
    },
  );
});

describe("random answers", () => {
  test("stay the same within one evaluation and change with the next", () => {
    beginEvaluation(instant, 0);
    const [first, again, other] = [call("uuid.rfc4122", "k"), call("uuid.rfc4122", "k"), call("uuid.rfc4122", "l")];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    beginEvaluation(instant, 0);
    expect(call("uuid.rfc4122", "k")).not.toBe(first);
  });

  test("a number is drawn below its bound, and once per operands", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (seed, bound) => {
        const drawn = call("rand.intn", seed, bound);
        expect(call("rand.intn", seed, bound)).toBe(drawn);
        expect(drawn).toSatisfy(
          (value: number) => value >= 0 && (value < Math.abs(bound) || (bound === 0 && value === 0)),
        );
      }),
    );
  });

  test("a large bound is drawn below as well", () => {
    beginEvaluation(instant, 0);
    expect(call("rand.intn", "s", Number.MAX_SAFE_INTEGER)).toSatisfy(
      (value: number) => Number.isSafeInteger(value) && value >= 0,
    );
  });
});

describe("operands of a wrong type", () => {
  const operands: readonly RegoValue[] = [null, true, 1.5, 10n ** 30n, "", [], {}, new RegoSet([])];

  test.each(Object.keys(host))("%s answers or is undefined, and never throws", (name) => {
    for (const first of operands) {
      for (const second of operands) {
        for (const third of operands) {
          expect(() => call(name, first, second, third, null)).not.toThrow();
        }
      }
    }
  });
});

test("semver.compare is an order", () => {
  const versions = fc.constantFrom(
    "1.0.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-2",
    "1.0.0-10",
    "2.0.0",
    "1.10.0",
  );
  fc.assert(
    fc.property(versions, versions, versions, (first, second, third) => {
      const compare = (left: string, right: string): number => Number(call("semver.compare", left, right));
      expect(compare(first, second)).toBe(-compare(second, first) || 0);
      if (compare(first, second) <= 0 && compare(second, third) <= 0)
        expect(compare(first, third)).toBeLessThanOrEqual(0);
    }),
  );
});

test("a patch tests, changes and never touches the document it was given", () => {
  const document = { a: [1, { b: 2 }] };
  expect(call("json.patch", document, [{ op: "replace", path: "/a/1/b", value: 3 }])).toEqual({ a: [1, { b: 3 }] });
  expect(document).toEqual({ a: [1, { b: 2 }] });
  expect(call("json.patch", document, [{ op: "remove", path: "" }])).toBeUndefined();
  const polluted = call("json.patch", {}, [{ op: "add", path: "/__proto__", value: { admin: true } }]);
  expect(Object.getPrototypeOf(polluted)).toBe(Object.prototype);
});
