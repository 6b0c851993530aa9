import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bounds } from "../../src/domain/bounds.ts";
import { RequestError } from "../../src/domain/request-error.ts";
import { parseStrictJson } from "../../src/domain/strict-json.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string) => parseStrictJson(bytes(text));

describe("what is well-formed and unambiguous is read as JSON.parse reads it", () => {
  test("any JSON value without forbidden names survives", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        const expected: unknown = JSON.parse(text);
        const read = parse(text);
        if (read instanceof RequestError) {
          expect(["member_forbidden", "body_malformed"]).toContain(read.code);
          if (read.code === "member_forbidden") expect(text).toContain("__proto__");
          else expect(/\\ud[89a-f]/.test(text) || hasUnsafeInteger(expected)).toBe(true);
        } else {
          expect(JSON.parse(JSON.stringify(read))).toEqual(expected);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("white space between tokens is allowed", () => {
    expect(JSON.stringify(parse(' \r\n\t{ "a" : [ 1 , -0.5e2 , "\\u0041\\n" ] } '))).toBe('{"a":[1,-50,"A\\n"]}');
  });
});

test("the largest whole numbers that everybody reads alike are read", () => {
  expect(parse("[9007199254740991,-9007199254740991,0.30000000000000004,1e-300]")).toEqual([
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    0.30000000000000004,
    1e-300,
  ]);
});

function hasUnsafeInteger(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnsafeInteger);
}

describe("what two readers could read differently is refused", () => {
  test.each([
    ["a duplicate member", '{"role":"user","role":"admin"}', "member_duplicated"],
    ["a duplicate member written as an escape", '{"role":1,"\\u0072ole":2}', "member_duplicated"],
    ["a duplicate deep inside", '{"a":[{"b":1,"b":1}]}', "member_duplicated"],
    ["__proto__", '{"__proto__":{"admin":true}}', "member_forbidden"],
    ["__proto__ written as an escape", '{"\\u005f_proto__":1}', "member_forbidden"],
    ["an overflowing number", '{"exp":1e400}', "body_malformed"],
    ["a whole number that a double rounds", '{"account":9007199254740993}', "body_malformed"],
    ["a whole number that a double rounds, written otherwise", '{"account":-9007199254740993.0e0}', "body_malformed"],
    ["a whole number beyond what doubles count", '{"account":1e20}', "body_malformed"],
    ["a lone surrogate", '"\\ud800"', "body_malformed"],
    ["a raw control character in a string", '"a\nb"', "body_malformed"],
    ["a byte order mark", "\ufeff{}", "body_malformed"],
    ["two values", "{}{}", "body_malformed"],
    ["nothing", "", "body_malformed"],
    ["a trailing comma", "[1,]", "body_malformed"],
    ["a leading zero", "01", "body_malformed"],
    ["a plus sign", "+1", "body_malformed"],
    ["NaN", "NaN", "body_malformed"],
    ["a half word", "tru", "body_malformed"],
    ["an open string", '"abc', "body_malformed"],
    ["a backslash at the end", '"abc\\', "body_malformed"],
    ["an unknown escape", '"\\x41"', "body_malformed"],
    ["single quotes", "{'a':1}", "body_malformed"],
    ["a comment", "{}/**/", "body_malformed"],
    ["a missing colon", '{"a" 1}', "body_malformed"],
    ["a no-break space", "\u00a0{}", "body_malformed"],
  ])("%s", (_name, text, code) => {
    expect(parse(text)).toMatchObject({ code });
  });

  test("bytes that are not UTF-8", () => {
    expect(parseStrictJson(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject({ code: "body_malformed" });
    expect(parseStrictJson(Uint8Array.of(0x22, 0xc0, 0xaf, 0x22))).toMatchObject({ code: "body_malformed" });
  });
});

describe("size and depth are bounded before anything is built from them", () => {
  test("depth", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(parse(nested(bounds.jsonDepthMax))).not.toBeInstanceOf(RequestError);
    expect(parse(nested(bounds.jsonDepthMax + 2))).toMatchObject({ code: "body_too_deep" });
    expect(parse("[".repeat(60_000))).toMatchObject({ code: "body_too_deep" });
  });

  test("members", () => {
    expect(parse(`[${"1,".repeat(bounds.jsonNodesMax)}1]`)).toMatchObject({ code: "body_too_deep" });
  });

  test("bytes", () => {
    expect(parse(`"${"a".repeat(bounds.bodyBytesMax)}"`)).toMatchObject({ code: "body_too_large" });
  });

  test("an object from outside has no prototype to shadow", () => {
    expect(Object.getPrototypeOf(parse('{"constructor":1}'))).toBeNull();
  });
});
