/** What a Check says, and what it cannot be made to say: messages of Envoy's own encoder, and such as none would write. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bounds } from "../../../../src/domain/bounds.ts";
import type { RequestErrorCode } from "../../../../src/domain/request-error.ts";
import type { HeldCall } from "../../../../src/doors/ext-authz/held-call.ts";
import { checkBytesMax, headersMax } from "../../../../src/doors/ext-authz/grpc/limits.ts";
import { readCheck } from "../../../../src/doors/ext-authz/grpc/read-check.ts";
import { RequestError } from "../../../../src/domain/request-error.ts";
import {
  aroundHttp,
  encodeCheck,
  encodeHttp,
  field,
  named,
  plainHttp,
  varintField,
} from "../../../fakes/check-messages.ts";

function read(bytes: Buffer): HeldCall {
  const call = readCheck(bytes);
  if (call instanceof RequestError) throw new Error(call.code);
  return call;
}

const codeOf = (bytes: Buffer): RequestErrorCode | "read" => {
  const call = readCheck(bytes);
  return call instanceof RequestError ? call.code : "read";
};

const headersOf = (call: HeldCall): Record<string, readonly string[]> => Object.fromEntries(call.headers);

describe("a Check", () => {
  test("names the call, who is at the other end, and what the gateway found out", () => {
    const call = read(
      encodeCheck({
        source: {
          principal: "spiffe://mesh.example/ns/agents/sa/booker",
          address: { socketAddress: { address: "10.1.2.3", portValue: 4444 } },
          labels: { app: "booker" },
          certificate: "PEM",
        },
        destination: { principal: "spiffe://mesh.example/ns/edge/sa/gateway" },
        request: {
          time: { seconds: 1_781_000_000 },
          http: {
            id: "1",
            scheme: "https",
            protocol: "HTTP/2",
            size: 0,
            ...plainHttp,
            headers: {
              ":method": "GET",
              ":path": "/other",
              ":authority": "other.example",
              "X-Request-Id": "r1",
              accept: "a, b",
            },
          },
        },
        contextExtensions: { tenant: "t" },
        metadataContext: {
          filterMetadata: {
            "envoy.filters.http.jwt_authn": {
              fields: {
                subject: { structValue: { fields: { Department: { stringValue: "Operations" } } } },
                list: { listValue: { values: [{ numberValue: 1.5 }, { boolValue: false }, { nullValue: 0 }, {}] } },
              },
            },
          },
        },
        tlsSession: { sni: "flights.example" },
      }),
    );
    expect({ ...call, headers: headersOf(call) }).toEqual({
      method: "GET",
      host: "flights.example",
      target: "/flights?from=OSL",
      headers: { "x-request-id": ["r1"], accept: ["a, b"] },
      body: { kind: "absent" },
      metadata: {
        "envoy.filters.http.jwt_authn": { subject: { Department: "Operations" }, list: [1.5, false, null, null] },
      },
      peer: "spiffe://mesh.example/ns/agents/sa/booker",
    });
  });

  test("without mutual TLS names no peer, and without filters no metadata", () => {
    expect(read(encodeCheck({ source: { principal: "" }, request: { http: plainHttp } }))).toMatchObject({
      peer: undefined,
      metadata: {},
    });
    expect(read(encodeHttp(plainHttp)).peer).toBeUndefined();
  });

  test("with raw headers keeps every value in order, each byte one character", () => {
    const headers = [
      { key: ":method", rawValue: Buffer.from("POST") },
      { key: "Cookie", rawValue: Buffer.from("a=1") },
      { key: "x-odd", rawValue: Buffer.of(0x63, 0xff, 0xc3, 0xa9) },
      { key: "cookie", value: "b=2" },
      { key: "x-empty" },
    ];
    expect(headersOf(read(encodeHttp({ ...plainHttp, headerMap: { headers } })))).toEqual({
      cookie: ["a=1", "b=2"],
      "x-odd": ["c\u00ff\u00c3\u00a9"],
      "x-empty": [""],
    });
  });

  test("reads names as names, whatever prototypes have", () => {
    const headers = { constructor: "c", tostring: "t", __proto__x: "p" };
    const filterMetadata = { constructor: { fields: { toString: { stringValue: "x" }, hasOwnProperty: {} } } };
    const call = read(
      encodeCheck({ request: { http: { ...plainHttp, headers } }, metadataContext: { filterMetadata } }),
    );
    expect(headersOf(call)).toEqual({ constructor: ["c"], tostring: ["t"], __proto__x: ["p"] });
    expect(Object.keys(call.metadata)).toEqual(["constructor"]);
    expect(Object.getPrototypeOf(call.metadata)).toBeNull();
  });
});

describe("a body", () => {
  const partial = (said: string) => ({ headers: { "x-envoy-auth-partial-body": said } });
  const cases: readonly (readonly [string, object, object])[] = [
    ["that was not sent is absent, whatever its length", { headers: { "content-length": "5" } }, { kind: "absent" }],
    ["that a client says is whole is absent", partial("false"), { kind: "absent" }],
    [
      "is whole as text",
      { body: "hällo", ...partial("false") },
      { kind: "whole", bytes: Buffer.from("hällo"), isExact: false },
    ],
    ["is whole as bytes", { rawBody: Buffer.of(0xff, 0) }, { kind: "whole", bytes: Buffer.of(0xff, 0), isExact: true }],
    [
      "is partial when the gateway says so",
      { body: "he", ...partial("true") },
      { kind: "partial", bytes: Buffer.from("he"), isExact: false },
    ],
    [
      "is partial with nothing of it sent",
      partial("true"),
      { kind: "partial", bytes: Buffer.alloc(0), isExact: false },
    ],
    [
      "is partial when its size is not known",
      { body: "he", size: -1 },
      { kind: "partial", bytes: Buffer.from("he"), isExact: false },
    ],
    [
      "is partial when its client declared more",
      { body: "he", headers: { "content-length": "3" } },
      { kind: "partial", bytes: Buffer.from("he"), isExact: false },
    ],
    [
      "is partial when its declared length is no number",
      { body: "he", headers: { "content-length": "2, 3" } },
      { kind: "partial", bytes: Buffer.from("he"), isExact: false },
    ],
    [
      "of its declared length is whole",
      { rawBody: Buffer.from("he"), size: 2, headers: { "content-length": "2" } },
      { kind: "whole", bytes: Buffer.from("he"), isExact: true },
    ],
  ];
  test.each(cases)("%s", (_what, http, expected) => {
    expect(read(encodeHttp({ ...plainHttp, ...http })).body).toEqual(expected);
  });
});

const entry = (...fields: Buffer[]): Buffer => field(3, Buffer.concat(fields));
const metadata = (struct: Buffer, name = "jwt"): Buffer =>
  field(
    1,
    Buffer.concat([
      field(4, field(2, Buffer.concat(named))),
      field(11, field(1, Buffer.concat([field(1, name), field(2, struct)]))),
    ]),
  );
const member = (name: string, value: Buffer): Buffer => field(1, Buffer.concat([field(1, name), field(2, value)]));
const deep = (depth: number): Buffer => {
  let value: Buffer = Buffer.alloc(0);
  for (let at = 0; at < depth; at += 1) value = field(6, field(1, value));
  return value;
};
const infinity = Buffer.from("11000000000000f07f", "hex");
/** 2^53, which stands for 2^53 + 1 as well. */
const rounded = Buffer.from("110000000000004043", "hex");

describe("is refused, and nothing of it believed:", () => {
  const http = Buffer.concat(named);
  const cases: readonly (readonly [string, Buffer, RequestErrorCode])[] = [
    ["nothing at all", Buffer.alloc(0), "request_malformed"],
    ["a connection that is no HTTP", encodeCheck({ source: { principal: "x" } }), "request_malformed"],
    ["no method", aroundHttp(...named.slice(1)), "request_malformed"],
    ["no path", aroundHttp(...named.filter((_, at) => at !== 1)), "request_malformed"],
    ["no host", aroundHttp(...named.slice(0, 2)), "request_malformed"],
    ["an empty host", encodeHttp({ ...plainHttp, host: "" }), "request_malformed"],
    ["a query apart from the path", encodeHttp({ ...plainHttp, query: "a=b" }), "request_malformed"],
    ["a fragment apart from the path", encodeHttp({ ...plainHttp, fragment: "f" }), "request_malformed"],
    ["the attributes twice", Buffer.concat([encodeHttp(plainHttp), encodeHttp(plainHttp)]), "member_duplicated"],
    ["the method twice", aroundHttp(...named, field(2, "DELETE")), "member_duplicated"],
    ["the path twice, the same", aroundHttp(...named, field(4, "/flights")), "member_duplicated"],
    [
      "the request twice",
      field(1, Buffer.concat([field(4, field(2, http)), field(4, field(2, http))])),
      "member_duplicated",
    ],
    [
      "a peer twice",
      field(1, Buffer.concat([field(1, field(4, "a")), field(1, field(4, "b")), field(4, field(2, http))])),
      "member_duplicated",
    ],
    [
      "a header twice in the map",
      aroundHttp(...named, entry(field(1, "a"), field(2, "1")), entry(field(1, "a"), field(2, "2"))),
      "member_duplicated",
    ],
    [
      "a header in two cases in the map",
      encodeHttp({ ...plainHttp, headers: { Host: "a", host: "b" } }),
      "member_duplicated",
    ],
    [
      "a header with two names",
      aroundHttp(...named, entry(field(1, "a"), field(1, "b"), field(2, "1"))),
      "member_duplicated",
    ],
    ["a header without a name", aroundHttp(...named, entry(field(2, "1"))), "request_malformed"],
    [
      "headers in both forms",
      encodeHttp({ ...plainHttp, headers: { a: "1" }, headerMap: { headers: [{ key: "b" }] } }),
      "member_duplicated",
    ],
    [
      "a header value in both forms",
      encodeHttp({ ...plainHttp, headerMap: { headers: [{ key: "a", value: "1", rawValue: Buffer.from("2") }] } }),
      "member_duplicated",
    ],
    ["a body in both forms", encodeHttp({ ...plainHttp, body: "a", rawBody: Buffer.from("b") }), "member_duplicated"],
    [
      "a path that is not UTF-8",
      aroundHttp(field(2, "GET"), field(4, Buffer.of(0x2f, 0xff)), field(5, "h")),
      "request_malformed",
    ],
    [
      "a header name that is not UTF-8",
      aroundHttp(...named, entry(field(1, Buffer.of(0xc0, 0x80)))),
      "request_malformed",
    ],
    [
      "a text body that is not UTF-8",
      aroundHttp(...named, field(11, Buffer.of(0xed, 0xa0, 0x80))),
      "request_malformed",
    ],
    ["a member named __proto__", metadata(member("__proto__", field(3, "x"))), "member_forbidden"],
    ["a filter named __proto__", metadata(Buffer.alloc(0), "__proto__"), "member_forbidden"],
    [
      "a member twice",
      metadata(Buffer.concat([member("a", field(3, "1")), member("a", field(3, "2"))])),
      "member_duplicated",
    ],
    [
      "a value of two kinds",
      metadata(member("a", Buffer.concat([field(3, "1"), varintField(4, 1)]))),
      "member_duplicated",
    ],
    ["an infinite number", metadata(member("a", infinity)), "request_malformed"],
    ["a whole number that another one is rounded to", metadata(member("a", rounded)), "request_malformed"],
    ["metadata that nests too deep", metadata(member("a", deep(bounds.jsonDepthMax + 1))), "body_too_deep"],
    ["metadata that nests without end", metadata(member("a", deep(20_000))), "body_too_deep"],
    [
      "too many members",
      metadata(
        Buffer.concat(Array.from({ length: bounds.jsonNodesMax + 1 }, (_, at) => member(`m${at}`, Buffer.alloc(0)))),
      ),
      "body_too_deep",
    ],
    [
      "too many headers",
      aroundHttp(...named, ...Array.from({ length: headersMax + 1 }, (_, at) => entry(field(1, `h${at}`)))),
      "body_too_deep",
    ],
    ["a message beyond the limit", encodeHttp({ ...plainHttp, body: "x".repeat(checkBytesMax) }), "body_too_large"],
    ["a field of number 0", Buffer.concat([aroundHttp(...named), Buffer.of(0x02, 0x00)]), "request_malformed"],
    ["a group", Buffer.concat([aroundHttp(...named), Buffer.of(0x9b, 0x06, 0x9c, 0x06)]), "request_malformed"],
    [
      "a length that goes beyond its message",
      Buffer.concat([aroundHttp(...named), Buffer.of(0x9a, 0x06, 0x7f)]),
      "request_malformed",
    ],
    [
      "a length of 4 GiB",
      Buffer.concat([aroundHttp(...named), Buffer.of(0x9a, 0x06, 0xff, 0xff, 0xff, 0xff, 0x0f)]),
      "request_malformed",
    ],
    [
      "a number without an end",
      Buffer.concat([aroundHttp(...named), Buffer.of(0x98, 0x06), Buffer.alloc(11, 0xff)]),
      "request_malformed",
    ],
    [
      "a tag of more than 32 bits",
      Buffer.concat([aroundHttp(...named), Buffer.of(0xff, 0xff, 0xff, 0xff, 0x7f)]),
      "request_malformed",
    ],
  ];
  test.each(cases)("%s", (_what, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test("every beginning of a whole one that ends inside a field", () => {
    const whole = encodeHttp({ ...plainHttp, headers: { a: "b" } });
    for (let length = 0; length < whole.length; length += 1) expect(codeOf(whole.subarray(0, length))).not.toBe("read");
  });
});

describe("is read although", () => {
  const cases: readonly (readonly [string, Buffer])[] = [
    [
      "newer gateways say more",
      Buffer.concat([aroundHttp(...named, field(99, "x"), varintField(98, 7)), field(1000, "new")]),
    ],
    ["a known number has another wire type", aroundHttp(...named, varintField(3, 7))],
    ["metadata is as deep as JSON may be", metadata(member("a", deep(bounds.jsonDepthMax - 2)))],
    ["it is as large as it may be", encodeHttp({ ...plainHttp, body: "x".repeat(checkBytesMax - 100) })],
  ];
  test.each(cases)("%s", (_what, bytes) => expect(codeOf(bytes)).toBe("read"));
});

describe("whatever Envoy encodes is read as it was meant", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 12 });
  const required = text.filter((value) => value !== "");
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
  const http = fc.record({
    method: required,
    path: required,
    host: required,
    scheme: text,
    protocol: text,
    size: fc.integer({ min: 0 }),
    headers: fc.dictionary(name, text),
  });
  const readAlike = fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((number) => !Number.isInteger(number) || Number.isSafeInteger(number));
  const leaf = fc.oneof(
    text.map((stringValue) => [{ stringValue }, stringValue] as const),
    readAlike.map((numberValue) => [{ numberValue }, numberValue] as const),
    fc.boolean().map((boolValue) => [{ boolValue }, boolValue] as const),
    fc.constant([{ nullValue: 0 }, null] as const),
  );
  const members = fc.dictionary(name, leaf);

  test("in every field that is read, and beside every one that is not", () => {
    fc.assert(
      fc.property(http, fc.option(text), fc.dictionary(name, members), (http, principal, filters) => {
        const filterMetadata = Object.fromEntries(
          Object.entries(filters).map(([filter, found]) => [
            filter,
            { fields: Object.fromEntries(Object.entries(found).map(([key, [value]]) => [key, value])) },
          ]),
        );
        const call = read(
          encodeCheck({
            source: { principal: principal ?? "", service: "s" },
            request: { http, time: { seconds: 5 } },
            metadataContext: { filterMetadata },
          }),
        );
        expect(call).toEqual({
          method: http.method,
          host: http.host,
          target: http.path,
          headers: new Map(Object.entries(http.headers).map(([key, value]) => [key, [value]])),
          body: { kind: "absent" },
          metadata: Object.fromEntries(
            Object.entries(filters).map(([filter, found]) => [
              filter,
              Object.fromEntries(Object.entries(found).map(([key, [, value]]) => [key, value])),
            ]),
          ),
          peer: principal === null || principal === "" ? undefined : principal,
        });
      }),
      { numRuns: 500 },
    );
  });
});
