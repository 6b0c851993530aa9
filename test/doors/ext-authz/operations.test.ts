/** Which operation a held call is, and that whatever cannot be told from another is none. */
import { describe, expect, test } from "vitest";
import { readTarget } from "../../../src/doors/ext-authz/call-target.ts";
import { readHeldBody } from "../../../src/doors/ext-authz/held-body.ts";
import { createOperationTable } from "../../../src/doors/ext-authz/operations.ts";
import type { OperationOptions } from "../../../src/doors/ext-authz/options.ts";
import { parseAudience, parsePermission } from "../../../src/domain/identifiers.ts";
import { heldCall, type HeldCallChanges } from "../../fakes/held-calls.ts";
import { flights, known } from "../../fakes/path-ports.ts";

const operation = (changes: Partial<OperationOptions> & { readonly name: string }): OperationOptions => {
  const { name, ...rest } = changes;
  return {
    method: "GET",
    host: "flights.example",
    path: "/flights",
    conditions: [],
    asks: { kind: "permission", permission: known(parsePermission(name)) },
    audience: known(parseAudience(flights)),
    ...rest,
  };
};

const jsonCall = (body: unknown, changes: HeldCallChanges = {}): HeldCallChanges => ({
  method: "POST",
  target: "/mcp",
  headers: { "content-type": ["application/json"] },
  body: typeof body === "string" ? body : JSON.stringify(body),
  ...changes,
});

const jsonIn = (charset: string): HeldCallChanges => ({
  headers: { "content-type": [`application/json; charset=${charset}`] },
});

const tool = (name: string, method = "tools/call") => [
  { on: "body" as const, path: ["method"], value: method },
  { on: "body" as const, path: ["params", "name"], value: name },
];

const table = createOperationTable([
  operation({ name: "list" }),
  operation({ name: "one", path: "/flights/{id}" }),
  operation({ name: "search", path: "/flights/search" }),
  operation({ name: "seats", path: "/flights/{id}/seats/{seat}" }),
  operation({ name: "book", method: "POST" }),
  operation({ name: "any-host", host: "*", path: "/health" }),
  operation({ name: "mcp", method: "POST", path: "/mcp" }),
  operation({ name: "mcp-search", method: "POST", path: "/mcp", conditions: tool("search") }),
  operation({ name: "mcp-delete", method: "POST", path: "/mcp", conditions: tool("delete") }),
  operation({
    name: "v2",
    path: "/versioned",
    conditions: [{ on: "header", name: "x-api-version", value: "2" }],
  }),
  operation({ name: "v1", path: "/versioned" }),
  operation({ name: "wide", host: "*", path: "/shared" }),
  operation({
    name: "narrow",
    path: "/shared",
    conditions: [{ on: "header", name: "x-mode", value: "narrow" }],
  }),
  operation({ name: "any-host-search", host: "*", path: "/users/search" }),
  operation({ name: "user", path: "/users/{id}" }),
  operation({ name: "user-admin", path: "/users/admin" }),
]);

function find(changes: HeldCallChanges): string | undefined {
  const call = heldCall(changes);
  const target = readTarget(call);
  if (target === undefined) return "malformed";
  const asks = table.find(call, target, readHeldBody(call))?.operation.asks;
  return asks?.kind === "permission" ? asks.permission : asks?.name;
}

test("parameters are captured whole and decoded once", () => {
  const call = heldCall({ target: "/flights/LH%20400/seats/12A" });
  const target = known(readTarget(call));
  expect(table.find(call, target, { form: "absent" })?.parameters).toEqual({ id: "LH 400", seat: "12A" });
});

describe("the operation of a call", () => {
  test.each<[string, HeldCallChanges, string | undefined]>([
    ["its path", { target: "/flights" }, "list"],
    ["a literal before a parameter", { target: "/flights/search" }, "search"],
    ["a parameter", { target: "/flights/7" }, "one"],
    ["another method", { method: "POST" }, "book"],
    ["any host where the table says so", { host: "elsewhere.example", target: "/health" }, "any-host"],
    ["a tool of an MCP server", jsonCall({ method: "tools/call", params: { name: "delete" } }), "mcp-delete"],
    ["what is left of an endpoint", jsonCall({ method: "tools/list" }), "mcp"],
    ["a header's value", { target: "/versioned", headers: { "x-api-version": ["2"] } }, "v2"],
    ["no header", { target: "/versioned" }, "v1"],
    ["its own host before any host, however literal that one's path is", { target: "/users/search" }, "user"],
    ["a member that is null as one that is not there", jsonCall({ method: "tools/call", params: null }), "mcp"],
  ])("by %s", (_name, changes, expected) => {
    expect(find(changes)).toBe(expected);
  });

  test.each<[string, HeldCallChanges]>([
    ["an undeclared path", { target: "/admin" }],
    ["an undeclared method", { method: "DELETE" }],
    ["another host", { host: "evil.example" }],
    ["a host with another port", { host: "flights.example:8443" }],
    ["mixed case", { target: "/Flights" }],
    ["a trailing slash", { target: "/flights/" }],
    ["an empty parameter", { target: "/flights//seats/1" }],
    ["a parameter that is too long", { target: `/flights/${"x".repeat(300)}` }],
    ["a tool's name in other capitals", jsonCall({ method: "tools/call", params: { name: "Delete" } })],
    ["a tool's name with a space", jsonCall({ method: "tools/call", params: { name: "delete " } })],
    [
      "a tool's name with a sign that nobody sees",
      jsonCall({ method: "tools/call", params: { name: "dele\u200bte" } }),
    ],
    ["a tool's name up to a zero", jsonCall({ method: "tools/call", params: { name: "delete\0x" } })],
    [
      "a tool's name with more marks than anybody puts in order",
      jsonCall({ method: "tools/call", params: { name: `dele${"\u0301".repeat(31)}te` } }),
    ],
    ["a member whose name has so many", jsonCall({ method: "tools/list", [`x${"\u0301".repeat(31)}`]: 1 })],
    ["a parameter that has so many", { target: `/flights/${"%CC%81".repeat(31)}` }],
    ["a method in other capitals", jsonCall({ method: "Tools/Call", params: { name: "delete" } })],
    ["a batch of JSON-RPC", jsonCall([{ method: "tools/call", params: { name: "delete" } }])],
    ["a body with two members of one name", jsonCall('{"method":"tools/list","method":"tools/call"}')],
    ["a body that is no JSON", jsonCall("delete everything")],
    ["JSON that does not say so", jsonCall({ method: "tools/list" }, { headers: { "content-type": ["text/plain"] } })],
    ["two content types", jsonCall({}, { headers: { "content-type": ["application/json", "text/plain"] } })],
    ["a coded body", jsonCall({}, { headers: { "content-type": ["application/json"], "content-encoding": ["gzip"] } })],
    ["a part of a body", jsonCall({}, { body: { kind: "partial", bytes: Buffer.from("{}"), isExact: true } })],
    ["no body", jsonCall({}, { body: { kind: "absent" } })],
    ["a member in other capitals, which some servers take for it", jsonCall({ METHOD: "tools/call" })],
    ["a member with what nobody sees in its name", jsonCall({ "me\u200bthod": "tools/call" })],
    ["a member with a space around its name", jsonCall({ "method ": "tools/call" })],
    ["a member whose name C reads to its zero", jsonCall({ "method\0": "tools/call" })],
    ["two members that differ in such a sign alone", jsonCall({ id: 1, "id\u00ad": 2 })],
    ["two members that differ in capitals alone", jsonCall({ method: "tools/list", Method: "tools/call" })],
    ["such members further in", jsonCall({ method: "tools/call", params: { name: "search", Name: "delete" } })],
    ["a member that is no text", jsonCall({ method: "tools/call", params: { name: ["delete"] } })],
    ["a way to a member through a list", jsonCall({ method: "tools/call", params: ["delete"] })],
    ["a charset in which the body says something else", jsonCall({}, jsonIn("utf-7"))],
    ["repeated headers that the gateway joined", { target: "/versioned", headers: { "x-api-version": ["2,1"] } }],
    ["a header's value in other capitals", { target: "/shared", headers: { "x-mode": ["Narrow"] } }],
    [
      "a header's value longer than is looked at",
      { target: "/versioned", headers: { "x-api-version": ["2".repeat(1025)] } },
    ],
    ["a literal segment in other capitals", { target: "/users/Admin" }],
    ["a literal segment with a dot or a space at its end", { target: "/users/admin.%20" }],
    ["a literal segment with what nobody sees", { target: "/users/ad%E2%80%8Bmin" }],
    ["a literal segment in other letters that fold to it", { target: "/users/%EF%BC%A1dmin" }],
    ["a repeated header that decides", { target: "/versioned", headers: { "x-api-version": ["1", "2"] } }],
    ["a host's own line that does not fit, though one for any host would", { target: "/shared" }],
  ])("none for %s", (_name, changes) => {
    expect(["malformed", undefined]).toContain(find(changes));
  });
});

/** Each makes every line look at all of it. */
const laborious: Readonly<Record<string, HeldCallChanges>> = {
  "many names": jsonCall(Object.fromEntries(Array.from({ length: 6_000 }, (_none, at) => [`\u00e9${at}`, 1]))),
  "a long name": jsonCall({ ["\ufdfa".repeat(21_000)]: 1 }),
  "long values": jsonCall({ method: "\ufdfa".repeat(10_000), params: { name: "\ufdfb".repeat(10_000) } }),
};

test.each(Object.entries(laborious))("a large table is gone through once for %s", (_what, changes) => {
  const lines = Array.from({ length: 1_000 }, (_none, at) =>
    operation({ name: `tool:${at}`, method: "POST", path: "/mcp", conditions: tool(`tool-${at}`) }),
  );
  const large = createOperationTable(lines);
  const call = heldCall(changes);
  const target = known(readTarget(call));
  const body = readHeldBody(call);
  expect(body.form).toBe("json");
  const from = performance.now();
  expect(large.find(call, target, body)).toBeUndefined();
  expect(performance.now() - from).toBeLessThan(500);
});

describe("a table is refused at the start for", () => {
  test.each<[string, Partial<OperationOptions>[]]>([
    ["two lines that fit the same calls", [{ path: "/a/{x}" }, { path: "/a/{y}" }]],
    ["two lines that differ in capitals alone", [{ path: "/a/b" }, { path: "/a/B" }]],
    [
      "two lines for values that differ in capitals alone, which no call could be at",
      [{ conditions: tool("search") }, { conditions: tool("Search") }],
    ],
    ["half a segment as a parameter", [{ path: "/a/b{x}" }]],
    ["one parameter twice", [{ path: "/{x}/{x}" }]],
    ["a dot segment", [{ path: "/a/../b" }]],
    ["an empty segment", [{ path: "/a//b" }]],
    ["no leading slash", [{ path: "a" }]],
    ["a host that is never read so, for which another line would stand in", [{ host: "Flights.Example" }]],
    ["a host with a default port", [{ host: "flights.example:443" }]],
    ["a host with a final dot", [{ host: "flights.example." }]],
    ["a host with a pattern", [{ host: "*.flights.example" }]],
    ["a segment that is not decoded", [{ path: "/a%20b" }]],
    ["a segment that no call has", [{ path: "/a;b" }]],
    ["a path with a query", [{ path: "/a?b" }]],
    ["a condition on the host's header", [{ conditions: [{ on: "header", name: "host", value: "a" }] }]],
  ])("%s", (_name, lines) => {
    expect(() => createOperationTable(lines.map((line) => operation({ name: "x", ...line })))).toThrow(RangeError);
  });
});
