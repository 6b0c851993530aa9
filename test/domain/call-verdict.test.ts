/** What another's Envoy policy may say about a call; everything else is no verdict. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCallVerdict } from "../../src/domain/call-verdict.ts";
import { isJsonObject } from "../../src/domain/json.ts";

const nothing = {
  headersToSet: [],
  headersToRemove: [],
  responseHeadersToAdd: [],
  queryParametersToSet: [],
  queryParametersToRemove: [],
  metadata: {},
};
const plain = { status: 403, headers: [], body: "", metadata: {} };

test("a boolean is a whole answer, and so is an object with nothing but it", () => {
  expect(parseCallVerdict(true)).toEqual({ allowed: true, changes: nothing });
  expect(parseCallVerdict({ allowed: true })).toEqual({ allowed: true, changes: nothing });
  expect(parseCallVerdict(false)).toEqual({ allowed: false, refusal: plain });
  expect(parseCallVerdict({ allowed: false })).toEqual({ allowed: false, refusal: plain });
});

describe("no verdict", () => {
  const deep = Array.from({ length: 40 }).reduce<object>((inner) => ({ a: inner }), {});
  test.each<[string, unknown, string]>([
    ["nothing", undefined, "the result"],
    ["null", null, "the result"],
    ["a text", "true", "the result"],
    ["a number", 1, "the result"],
    ["a list", [true], "the result"],
    ["an object without allowed", { http_status: 200 }, "allowed"],
    ["allowed as text", { allowed: "true" }, "allowed"],
    ["allowed as a number", { allowed: 1 }, "allowed"],
    ["allowed as null", { allowed: null }, "allowed"],
    ["headers that are a text", { allowed: true, headers: "x" }, "headers"],
    ["headers that are null", { allowed: true, headers: null }, "headers"],
    ["a header that is a number", { allowed: true, headers: { "x-a": 1 } }, "headers"],
    ["a header that would end its line", { allowed: true, headers: { "x-a": "b\r\nx-c: d" } }, "headers"],
    ["a header that would end the text", { allowed: true, headers: { "x-a": "b\u0000" } }, "headers"],
    ["a header's name that is none", { allowed: true, headers: { "x a": "b" } }, "headers"],
    ["a pseudo-header", { allowed: true, headers: { ":path": "/admin" } }, "headers"],
    ["a length of its own", { allowed: true, headers: { "Content-Length": "0" } }, "headers"],
    ["a framing of its own", { allowed: false, headers: { "transfer-encoding": "chunked" } }, "headers"],
    [
      "a length for the answer",
      { allowed: true, response_headers_to_add: { "content-length": "0" } },
      "response_headers_to_add",
    ],
    ["half a character", { allowed: true, headers: { "x-a": "\ud800" } }, "headers"],
    ["a header beyond what a gateway takes", { allowed: true, headers: { "x-a": "a".repeat(16_385) } }, "headers"],
    ["the same in bytes", { allowed: true, headers: { "x-a": "\u20ac".repeat(6_000) } }, "headers"],
    ["the same in parts", { allowed: true, headers: { "x-a": Array(5).fill("a".repeat(4_000)) } }, "headers"],
    ["more headers than there may be", { allowed: true, headers: { "x-a": Array(300).fill("a") } }, "headers"],
    ["removals that are no list", { allowed: true, request_headers_to_remove: "x" }, "request_headers_to_remove"],
    ["removals of numbers", { allowed: true, request_headers_to_remove: [1] }, "request_headers_to_remove"],
    ["additions of numbers", { allowed: true, response_headers_to_add: { a: 1 } }, "response_headers_to_add"],
    ["query to set as a list", { allowed: true, query_parameters_to_set: ["a"] }, "query_parameters_to_set"],
    ["a query value that is a number", { allowed: true, query_parameters_to_set: { a: 1 } }, "query_parameters_to_set"],
    [
      "a query value that ends its line",
      { allowed: true, query_parameters_to_set: { a: "b\r\nc: d" } },
      "query_parameters_to_set",
    ],
    [
      "a query value that ends the target",
      { allowed: true, query_parameters_to_set: { a: ["b HTTP/1.1"] } },
      "query_parameters_to_set",
    ],
    [
      "a query value that ends the query",
      { allowed: true, query_parameters_to_set: { a: "b#c" } },
      "query_parameters_to_set",
    ],
    [
      "a query value that is two",
      { allowed: true, query_parameters_to_set: { a: "b&admin=true" } },
      "query_parameters_to_set",
    ],
    [
      "a query name with its value",
      { allowed: true, query_parameters_to_set: { "a=b": "c" } },
      "query_parameters_to_set",
    ],
    [
      "a query name that ends its line",
      { allowed: true, query_parameters_to_set: { "a\n": "c" } },
      "query_parameters_to_set",
    ],
    ["query to remove as text", { allowed: true, query_parameters_to_remove: "a" }, "query_parameters_to_remove"],
    ["metadata that is a list", { allowed: true, dynamic_metadata: [] }, "dynamic_metadata"],
    ["metadata beyond all depth", { allowed: true, dynamic_metadata: deep }, "dynamic_metadata"],
    ["a status that is text", { allowed: false, http_status: "403" }, "http_status"],
    ["a status that nobody knows", { allowed: false, http_status: 299 }, "http_status"],
    ["a status that ends nothing", { allowed: false, http_status: 100 }, "http_status"],
    ["a status in parts", { allowed: false, http_status: 403.5 }, "http_status"],
    ["a body that is an object", { allowed: false, body: {} }, "body"],
    ["a denial with wrong headers", { allowed: false, headers: { "x-a": {} } }, "headers"],
  ])("%s", (_name, result, wrongAt) => {
    expect(parseCallVerdict(result)).toEqual({ wrongAt });
  });
});

describe("a call that goes on", () => {
  const changesOf = (result: object): unknown => {
    const verdict = parseCallVerdict({ allowed: true, ...result });
    return "changes" in verdict ? verdict.changes : verdict;
  };

  test("has one line for each name, also when the policy gives several or says it twice", () => {
    const headers = [
      { "X-A": "1", "x-b": ["2", "3"] },
      { "x-a": "4", cookie: ["c=1", "d=2"] },
    ];
    expect(changesOf({ headers })).toMatchObject({
      headersToSet: [
        { name: "x-a", value: "1,4" },
        { name: "x-b", value: "2,3" },
        { name: "cookie", value: "c=1; d=2" },
      ],
    });
  });

  test("loses what is set to nothing and what is set and removed, whatever order the gateway has", () => {
    const result = { headers: { "x-user": "", "x-both": "v" }, request_headers_to_remove: ["X-Both"] };
    expect(changesOf(result)).toMatchObject({ headersToSet: [], headersToRemove: ["x-both", "x-user"] });
  });

  test("has its members read whole: response, query, metadata", () => {
    const result = {
      response_headers_to_add: { "set-cookie": ["a=1", "b=2"], "x-empty": "" },
      query_parameters_to_set: { q: ["1", ""], "s%20p": "\u00e9=%26" },
      query_parameters_to_remove: ["r"],
      dynamic_metadata: { a: { b: [null, 1.5, true, "t"] } },
    };
    expect(changesOf(result)).toEqual({
      ...nothing,
      responseHeadersToAdd: [
        { name: "set-cookie", value: "a=1" },
        { name: "set-cookie", value: "b=2" },
      ],
      queryParametersToSet: [
        { name: "q", value: "1" },
        { name: "q", value: "" },
        { name: "s%20p", value: "\u00e9=%26" },
      ],
      queryParametersToRemove: ["r"],
      metadata: result.dynamic_metadata,
    });
  });

  test("does not read what belongs to a denial, nor what nobody knows", () => {
    expect(changesOf({ http_status: "x", body: 1, "x-unknown": [] })).toEqual(nothing);
  });
});

test("a denial says how, and does not read what belongs to a pass", () => {
  const result = {
    http_status: 401,
    body: "who?",
    headers: { "WWW-Authenticate": "Bearer" },
    dynamic_metadata: { a: 1 },
  };
  expect(
    parseCallVerdict({ allowed: false, ...result, response_headers_to_add: 1, query_parameters_to_set: 1 }),
  ).toEqual({
    allowed: false,
    refusal: {
      status: 401,
      body: "who?",
      headers: [{ name: "www-authenticate", value: "Bearer" }],
      metadata: { a: 1 },
    },
  });
});

const member = fc.constantFrom(
  "allowed",
  "headers",
  "http_status",
  "body",
  "dynamic_metadata",
  "request_headers_to_remove",
);
const value = fc.oneof(fc.boolean(), fc.jsonValue(), fc.constantFrom("true", 1, null));

test("whatever it is, it is an allow only when it says so in one of two ways, and nothing throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(member, value)), (result) => {
      const verdict = parseCallVerdict(result);
      const says = isJsonObject(result) ? result["allowed"] : result;
      const mayAllow = says === true && !Array.isArray(result);
      expect("allowed" in verdict && verdict.allowed && !mayAllow).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});
