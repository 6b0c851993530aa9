/** The input that another's policy gets: Envoy's own encoding of a Check, as opa-envoy-plugin would show it. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { OpaOptions } from "../../../../src/doors/ext-authz/opa/options.ts";
import { memberOf } from "../../../../src/doors/ext-authz/opa/members.ts";
import { readAttributes } from "../../../../src/doors/ext-authz/opa/read-attributes.ts";
import { renderInput } from "../../../../src/doors/ext-authz/opa/render-input.ts";
import { createGrpcMessages } from "../../../../src/doors/ext-authz/protobuf/decode-messages.ts";
import type { GrpcMessages } from "../../../../src/doors/ext-authz/protobuf/grpc-messages.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import { RequestError } from "../../../../src/domain/request-error.ts";
import { aroundHttp, encodeCheck, encodeHttp, field, decodeCheck } from "../../../fakes/check-messages.ts";
import { compileDescriptors, encodeTransfer, frame } from "../../../fakes/descriptor-sets.ts";

const asPlugin: OpaOptions = { errors: "deny", requestTime: "object", parsesBody: true };

function inputOf(
  message: Buffer,
  options: Partial<OpaOptions> = {},
  messages?: GrpcMessages,
): JsonObject | RequestError {
  const read = readAttributes(message);
  if (read instanceof RequestError) return read;
  return renderInput(memberOf(read, "attributes"), { ...asPlugin, ...options }, messages);
}
const ofHttp = (http: object, options?: Partial<OpaOptions>) => inputOf(encodeHttp(http), options);

test("a whole Check is shown whole, under its JSON names, and only what is set", () => {
  const attributes = {
    source: {
      address: { socketAddress: { address: "10.0.0.1", portValue: 0 } },
      service: "agents",
      labels: { app: "travel" },
      principal: "spiffe://mesh.example/ns/agents/sa/travel",
      certificate: "",
    },
    destination: { address: { pipe: { path: "/run/shop.sock", mode: 384 } } },
    request: {
      time: { seconds: 1_781_000_000, nanos: 120_000_000 },
      http: {
        id: "1",
        method: "POST",
        headers: { ":authority": "shop.example", "x-empty": "" },
        path: "/orders",
        host: "shop.example",
        size: -1,
        protocol: "HTTP/1.1",
        rawBody: Buffer.from([0, 255]),
      },
    },
    contextExtensions: { tier: "gold" },
    metadataContext: {
      filterMetadata: {
        "envoy.filters.http.jwt_authn": {
          fields: { claims: { structValue: { fields: { sub: { stringValue: "alice" }, n: { nullValue: 0 } } } } },
        },
      },
      typedFilterMetadata: { other: { typeUrl: "type.example/T", value: Buffer.from("x") } },
    },
    tlsSession: { sni: "shop.example" },
    routeMetadataContext: {},
  };
  expect(inputOf(encodeCheck(attributes))).toEqual({
    attributes: {
      source: {
        address: { socketAddress: { address: "10.0.0.1", portValue: 0 } },
        service: "agents",
        labels: { app: "travel" },
        principal: "spiffe://mesh.example/ns/agents/sa/travel",
      },
      destination: { address: { pipe: { path: "/run/shop.sock", mode: 384 } } },
      request: { ...attributes.request, http: { ...attributes.request.http, rawBody: "AP8=" } },
      contextExtensions: { tier: "gold" },
      metadataContext: {
        filterMetadata: { "envoy.filters.http.jwt_authn": { claims: { sub: "alice", n: null } } },
        typedFilterMetadata: { other: { typeUrl: "type.example/T", value: "eA==" } },
      },
      tlsSession: { sni: "shop.example" },
      routeMetadataContext: {},
    },
    version: { ext_authz: "v3", encoding: "protojson" },
    parsed_path: ["orders"],
    parsed_query: {},
    parsed_body: null,
    truncated_body: false,
    source_principal: "spiffe://mesh.example/ns/agents/sa/travel",
  });
});

test("a message with nothing in it is shown as such", () => {
  const bare = { version: { ext_authz: "v3", encoding: "protojson" }, parsed_path: [""], parsed_query: {} };
  const body = { parsed_body: null, truncated_body: false };
  expect(inputOf(Buffer.alloc(0))).toEqual({ ...bare, ...body });
  expect(inputOf(encodeCheck({}))).toEqual({ attributes: {}, ...bare, ...body });
  expect(inputOf(encodeCheck({}), { parsesBody: false })).toEqual({ attributes: {}, ...bare });
});

const name = fc.string({ minLength: 1, maxLength: 8 }).filter((given) => given !== "__proto__");
const texts = fc.dictionary(name, fc.string({ maxLength: 8 }), { maxKeys: 3 });
const peer = fc.record(
  {
    address: fc.oneof(
      fc.record({
        socketAddress: fc.record({
          protocol: fc.nat(1),
          address: name,
          portValue: fc.nat(65_535),
          ipv4Compat: fc.boolean(),
        }),
      }),
      fc.record({ pipe: fc.record({ path: name, mode: fc.nat(511) }) }),
      fc.record({ envoyInternalAddress: fc.record({ serverListenerName: name, endpointId: fc.string() }) }),
    ),
    service: fc.string(),
    labels: texts,
    principal: fc.string(),
  },
  { requiredKeys: [] },
);
const anyCheck = fc.record(
  {
    source: peer,
    destination: peer,
    request: fc.record(
      {
        time: fc.record({ seconds: fc.nat(), nanos: fc.nat(999_999_999) }),
        http: fc.record(
          {
            id: fc.string(),
            method: fc.string(),
            headers: texts,
            host: fc.string(),
            scheme: fc.string(),
            query: fc.string(),
            fragment: fc.string(),
            size: fc.integer({ min: -1 }),
            protocol: fc.string(),
            body: fc.string(),
            rawBody: fc.uint8Array({ maxLength: 9 }),
            headerMap: fc.record({ headers: fc.array(fc.record({ key: name, value: fc.string() }), { maxLength: 3 }) }),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
    contextExtensions: texts,
    tlsSession: fc.record({ sni: fc.string() }),
  },
  { requiredKeys: [] },
);

test("whatever Envoy encodes is shown as Envoy's own messages show it", () => {
  fc.assert(
    fc.property(anyCheck, (attributes) => {
      const message = encodeCheck(attributes);
      expect(readAttributes(message)).toEqual(decodeCheck(message));
    }),
    { numRuns: 500 },
  );
});

describe("the path and the query are taken apart and not cleaned up", () => {
  test.each<[string, readonly string[], object]>([
    ["/", [""], {}],
    ["/a/b", ["a", "b"], {}],
    ["//a//b/", ["a", "", "b", ""], {}],
    ["/a/../b/./c", ["a", "..", "b", ".", "c"], {}],
    ["/a%2fb/%2e%2e", ["a", "b", ".."], {}],
    ["/a+b/c%20d", ["a+b", "c d"], {}],
    ["*", ["*"], {}],
    ["/a?x=1&x=2&y=a+b%20c&z&=e", ["a"], { x: ["1", "2"], y: ["a b c"], z: [""], "": ["e"] }],
    ["/a?b?c=d&&", ["a"], { "b?c": ["d"] }],
    ["/a?constructor=1", ["a"], { constructor: ["1"] }],
  ])("%s", (path, parsedPath, query) => {
    const input = ofHttp({ path });
    expect(input).toMatchObject({ parsed_path: parsedPath });
    expect(input).toHaveProperty("parsed_query", query);
  });

  test.each(["/%", "/%zz", "/%ff", "/a?x=%", "/a?%ff=1", "/a?x=1;y=2", "/a?__proto__=1"])(
    "%s is nothing that could be asked about",
    (path) => {
      expect(ofHttp({ path })).toMatchObject({ code: "target_malformed" });
    },
  );
});

describe("a body", () => {
  const form = "application/x-www-form-urlencoded";
  const of = (contentType: string | undefined, body: string | Buffer, headers: object = {}) =>
    ofHttp({
      headers: { ...(contentType === undefined ? {} : { "content-type": contentType }), ...headers },
      ...(typeof body === "string" ? { body } : { rawBody: body }),
    });

  test.each<[string, string | undefined, string | Buffer, unknown]>([
    ["JSON", "application/json", '{"size":42,"tags":["a"]}', { size: 42, tags: ["a"] }],
    ["JSON with parameters, and as bytes", "application/json; charset=utf-8", Buffer.from("[1]"), [1]],
    ["a form", form, "a=1&a=2&b=c+d", { a: ["1", "2"], b: ["c d"] }],
    ["a form, as bytes", form, Buffer.from("a=%C3%A9"), { a: ["\u00e9"] }],
    ["JSON in capitals, which a server would read too", "Application/JSON", "[1]", [1]],
    ["none", "application/json", "", null],
    ["no form", form, "", null],
    ["text", "text/plain", "hello", null],
    ["of no kind", undefined, '{"size":42}', null],
    ["gRPC, whose messages nobody described", "application/grpc", Buffer.from("x"), null],
  ])("%s", (_name, contentType, body, parsed) => {
    expect(of(contentType, body)).toMatchObject({ parsed_body: parsed, truncated_body: false });
  });

  test("that is not all there is said to be so, by Envoy or by its length", () => {
    const cut = { parsed_body: null, truncated_body: true };
    expect(of("application/json", '{"size":', { "content-length": "20" })).toMatchObject(cut);
    expect(of(form, "a=1", { "content-length": "20" })).toMatchObject(cut);
    expect(of("text/plain", "a", { "x-envoy-auth-partial-body": "true" })).toMatchObject(cut);
    expect(of("application/json", "{}", { "x-envoy-auth-partial-body": "true" })).toMatchObject(cut);
    const whole = { "x-envoy-auth-partial-body": "false", "content-length": "2" };
    expect(of("application/json", "{}", whole)).toMatchObject({ parsed_body: {}, truncated_body: false });
    expect(of("application/json", "{}", { "content-length": "-1" })).toMatchObject({ parsed_body: {} });
  });

  const json = "application/json";
  test.each<[string, JsonObject | RequestError, string]>([
    ["broken JSON", of(json, '{"size":'), "body_malformed"],
    ["JSON that says a thing twice", of(json, '{"a":1,"a":2}'), "member_duplicated"],
    ["a number that would be rounded", of(json, "9007199254740993"), "body_malformed"],
    ["JSON beyond the bound", of(json, `"${"a".repeat(65_536)}"`), "body_too_large"],
    ["a broken form", of(form, "a=%"), "body_malformed"],
    ["a form that is no text", of(form, Buffer.of(0x61, 0x3d, 0xff)), "body_malformed"],
    ["parts", of("multipart/form-data; boundary=x", "--x--"), "media_type_unsupported"],
    ["a length that is none", of(json, "{}", { "content-length": "two" }), "request_malformed"],
  ])("%s is refused and never shown as nothing", (_name, input, code) => {
    expect(input).toMatchObject({ code });
  });

  test("is parsed as well when the gateway sends headers as a list", () => {
    const listed = (name: string, value: string) => ({ key: name, rawValue: Buffer.from(value) });
    const type = listed("Content-Type", "application/json");
    const of = (...headers: object[]) => ofHttp({ headerMap: { headers: [type, ...headers] }, body: '{"size":42}' });
    expect(of()).toMatchObject({ parsed_body: { size: 42 } });
    expect(of(listed("content-length", "99"))).toMatchObject({ truncated_body: true });
    expect(of(listed("content-length", "1"), listed("content-length", "2"))).toMatchObject({
      code: "request_malformed",
    });
  });

  test("is left alone when it is not to be parsed", () => {
    const http = { headers: { "content-type": "application/json" }, body: '{"size":' };
    const input = ofHttp(http, { parsesBody: false });
    expect(input).toMatchObject({ attributes: { request: { http } } });
    expect(input).not.toHaveProperty("parsed_body");
    expect(input).not.toHaveProperty("truncated_body");
  });
});

test.each([
  [{ seconds: 1_781_000_000 }, "2026-06-09T10:13:20Z"],
  [{ seconds: 1_781_000_000, nanos: 120_000_000 }, "2026-06-09T10:13:20.120Z"],
  [{ seconds: 1_781_000_000, nanos: 1_000 }, "2026-06-09T10:13:20.000001Z"],
  [{ nanos: 1 }, "1970-01-01T00:00:00.000000001Z"],
])("the time %o can be shown as text", (time, shown) => {
  const message = encodeCheck({ request: { time } });
  expect(inputOf(message, { requestTime: "rfc3339" })).toMatchObject({ attributes: { request: { time: shown } } });
  expect(inputOf(message)).toMatchObject({ attributes: { request: { time } } });
});

const mapEntry = (key: string): Buffer => field(3, Buffer.concat([field(1, key), field(2, "v")]));
test.each<[string, Buffer, string]>([
  ["a header twice", aroundHttp(mapEntry("x-a"), mapEntry("x-a")), "member_duplicated"],
  ["a field twice", aroundHttp(field(2, "GET"), field(2, "PUT")), "member_duplicated"],
  ["a forbidden name", aroundHttp(mapEntry("__proto__")), "member_forbidden"],
  ["text that is none", aroundHttp(field(4, Buffer.of(0xff))), "request_malformed"],
  ["half a message", encodeHttp({ path: "/a" }).subarray(0, -1), "request_malformed"],
  ["more than there may be", Buffer.alloc(262_145), "body_too_large"],
])("a message with %s is refused", (_name, message, code) => {
  expect(inputOf(message)).toMatchObject({ code });
});

describe("a gRPC call's body, by descriptors", () => {
  let messages: GrpcMessages;
  beforeAll(async () => {
    messages = createGrpcMessages(await compileDescriptors());
  }, 120_000);

  const sent = frame(encodeTransfer({ fromAccount: "NO93", amount: 5, urgent: false }));
  const grpc = { headers: { "content-type": "application/grpc" }, path: "/bank.Transfers/Send", rawBody: sent };
  const of = (changes: object = {}) => inputOf(encodeHttp({ ...grpc, ...changes }), {}, messages);

  test("is shown as the plugin shows it: JSON names, and only what is set", () => {
    const body = { parsed_body: { fromAccount: "NO93", amount: "5", urgent: false }, truncated_body: false };
    expect(of()).toMatchObject(body);
    expect(of()).toHaveProperty("parsed_body", body.parsed_body);
    expect(of({ headers: { "content-type": "application/grpc-web+proto; a=b" } })).toMatchObject(body);
    expect(of({ path: "//bank.Transfers/%53end?x=1" })).toMatchObject(body);
    expect(of({ rawBody: frame(Buffer.alloc(0)) })).toMatchObject({ parsed_body: {} });
  });

  test.each<[string, object]>([
    ["of a service that nobody described", { path: "/bank.Others/Send" }],
    ["of a method that nobody described", { path: "/bank.Transfers/Other" }],
    ["of a stream", { path: "/bank.Transfers/Upload" }],
    ["that came as text", { rawBody: undefined, body: "\0\0\0\0\0" }],
    ["that did not come", { rawBody: undefined }],
  ])("%s is null", (_what, changes) => {
    expect(of(changes)).toMatchObject({ parsed_body: null, truncated_body: false });
  });

  test("of which there is less than is said, by its frame or by its length, is truncated", () => {
    const cut = { parsed_body: null, truncated_body: true };
    expect(of({ rawBody: sent.subarray(0, -1) })).toMatchObject(cut);
    expect(of({ headers: { ...grpc.headers, "content-length": "999" } })).toMatchObject(cut);
  });

  test.each<[string, object, string]>([
    ["without its frame", { rawBody: Buffer.of(0, 0, 0, 0) }, "body_malformed"],
    ["that is compressed", { rawBody: frame(Buffer.of(1), { flag: 1 }) }, "body_malformed"],
    ["that is no message", { rawBody: frame(Buffer.of(0x0a, 9)) }, "body_malformed"],
    ["with two messages", { rawBody: Buffer.concat([sent, sent]) }, "body_malformed"],
    ["that says what nobody described", { rawBody: frame(Buffer.of(0x98, 0x06, 1)) }, "body_malformed"],
    ["that says a thing twice", { rawBody: frame(Buffer.of(0x10, 1, 0x10, 2)) }, "body_malformed"],
    ["to a path that is no method's", { path: "/bank.Transfers/Send/x" }, "target_malformed"],
    ["in another encoding", { headers: { "content-type": "application/grpc+json" } }, "media_type_unsupported"],
  ])("%s is refused and never shown as nothing", (_what, changes, code) => {
    expect(of(changes)).toMatchObject({ code });
  });
});
