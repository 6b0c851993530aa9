/** Issue 5.4: an OpenAPI document becomes a table of operations; what it does not tell is said, never made up. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { cli, createFolder, type Ended, writeText } from "./command-line.ts";

const environment = { CHAPERONE_GATEWAY_CREDENTIAL: "a-credential-of-the-gateway-0123456789abc" };
const schemes = { login: { type: "oauth2", flows: {} }, card: { type: "openIdConnect" }, key: { type: "apiKey" } };
const one = { security: [{ login: ["flights:read"] }], responses: { "200": { description: "found" } } };

interface Document {
  readonly openapi?: unknown;
  readonly servers?: unknown;
  readonly security?: unknown;
  readonly components?: object;
  readonly paths?: unknown;
  readonly "x-chaperone"?: unknown;
}

function documentOf({ components = {}, ...more }: Document): object {
  return {
    openapi: "3.1.0",
    info: { title: "Flights", version: "1" },
    servers: [{ url: "https://flights.example" }],
    components: { securitySchemes: schemes, ...components },
    paths: { "/flights": { get: one } },
    ...more,
  };
}

function take(document: object | string, ...flags: string[]): Promise<Ended> {
  const stdin = typeof document === "string" ? document : JSON.stringify(document);
  return cli(["operations", "from-openapi", "-", ...flags], { stdin });
}

/** The table as a listener's configuration has it. */
async function accept(table: string, position: "issue" | "use"): Promise<Ended> {
  const folder = createFolder();
  const evidence = { from: "metadata", subject: "person", actor: "agent" };
  const held = {
    position,
    audiences: ["https://flights.example/api"],
    operations_file: writeText(folder, "operations.yaml", table),
    ...(position === "issue" ? { evidence } : {}),
  };
  const listener = { name: "mesh", address: "127.0.0.1:9191", doors: ["ext_authz_grpc"], callers: "credential" };
  const settings = JSON.stringify({ listeners: [{ ...listener, ext_authz: held }] });
  return cli(["check-config", "--config", writeText(folder, "c.yaml", settings)], { environment });
}

const yaml = `openapi: 3.0.3
info: { title: Flights, version: "1" }
servers:
  - url: https://Flights.Example:443/v1/
  - url: http://flights.example/v1
security: [{ login: ["flights:read"] }]
components:
  securitySchemes: { login: { type: oauth2, flows: {} }, key: { type: apiKey, name: k, in: header } }
  parameters:
    booking: { in: path, name: bookingId, required: true, schema: { type: string } }
paths:
  x-notes: nothing
  /flights:
    summary: Flights
    get: { responses: { 200: { description: found } } }
  /flights/{flight-no}/seats/{seat}:
    get: { responses: {} }
    servers: [{ url: "https://seats.example:8443" }]
  /bookings/{bookingId}:
    parameters: [{ $ref: "#/components/parameters/booking" }]
    get:
      x-chaperone: { permission: "bookings:read", resource: { type: booking, id: bookingId }, audience: "https://flights.example/api" }
    delete:
      security: [{ login: ["bookings:cancel"], key: [] }]
  /:
    get: { x-chaperone: { resource: null } }
  /internal/{anything}.json:
    get: { x-chaperone: { omit: true } }
`;

const lineSchema = z.looseObject({ host: z.string().optional(), path: z.string(), action: z.string().optional() });
const tableSchema = z.object({ operations: z.array(lineSchema).nullable() });
const operationsIn = (out: string) => tableSchema.parse(parse(out)).operations ?? [];
const missingSchema = z.array(z.object({ member: z.string(), why: z.string().min(1) })).min(1);
const jsonSchema = z.object({
  operations: z.array(lineSchema),
  fill_in: z.array(z.object({ from: z.string(), line: lineSchema, missing: missingSchema })),
});

test("a whole document becomes a table that the configuration takes", async () => {
  const { code, out, err } = await take(yaml);
  expect([code, err]).toEqual([0, ""]);
  const host = "flights.example";
  expect(parse(out)).toEqual({
    operations: [
      { method: "GET", host, path: "/v1/flights", permission: "flights:read", resource: { type: "flights" } },
      {
        method: "GET",
        host: "seats.example:8443",
        path: "/flights/{flight_no}/seats/{seat}",
        permission: "flights:read",
        resource: { type: "flights", id: "flight_no" },
      },
      {
        method: "GET",
        host,
        path: "/v1/bookings/{booking_id}",
        permission: "bookings:read",
        audience: "https://flights.example/api",
        resource: { type: "booking", id: "booking_id" },
      },
      {
        method: "DELETE",
        host,
        path: "/v1/bookings/{booking_id}",
        permission: "bookings:cancel",
        resource: { type: "bookings", id: "booking_id" },
      },
      { method: "GET", host, path: "/v1/", permission: "flights:read" },
    ],
  });
  expect(out).toContain("# {bookingId} is spelled {booking_id}.");
  expect(await accept(out, "use")).toMatchObject({ code: 0, err: "" });
  expect(await accept(out, "issue")).toMatchObject({ code: 0, err: "" });
});

test("what a call is about goes with it, where the configuration takes it", async () => {
  const properties = { amount: ["payment", "amount"], null: ['the "note"'] };
  const post = { "x-chaperone": { action: "pay_invoice", permission: "invoices:pay", properties } };
  const document = documentOf({ paths: { "/payments": { post } } });
  const used = await take(document);
  const line = { method: "POST", host: "flights.example", path: "/payments", resource: { type: "payments" } };
  expect(parse(used.out)).toEqual({ operations: [{ ...line, permission: "invoices:pay", properties }] });
  expect(await accept(used.out, "use")).toMatchObject({ code: 0, err: "" });
  expect(await accept(used.out, "issue")).toMatchObject({ code: 2 });
  const issued = await take(document, "--scope-is", "action");
  expect(parse(issued.out)).toEqual({ operations: [{ ...line, action: "pay_invoice", properties }] });
  expect(await accept(issued.out, "issue")).toMatchObject({ code: 0, err: "" });
});

test("scopes may be capabilities, and one server may stand for all", async () => {
  const { code, out } = await take(yaml, "--scope-is", "action", "--server", "https://test.example/");
  expect(code).toBe(0);
  const operations = operationsIn(out);
  expect(new Set(operations.map(({ host }) => host))).toEqual(new Set(["test.example"]));
  expect(operations.map(({ action }) => action)).toContain("bookings:cancel");
  expect(operations[0]?.path).toBe("/flights");
  expect(await accept(out, "issue")).toMatchObject({ code: 0, err: "" });
  expect(await accept(out, "use")).toMatchObject({ code: 2 });
});

describe("what is not told is a comment with its reason, and the exit code is 1", () => {
  const get = (more: object, path = "/flights") => ({ paths: { [path]: { get: { ...one, ...more } } } });
  test.each<[string, Document, RegExp]>([
    ["no security", get({ security: undefined }), /permission \(no security is declared\)/],
    ["open to everybody", get({ security: [] }), /permission \(it is declared open to everybody\)/],
    ["anonymous, too", get({ security: [{ login: ["a"] }, {}] }), /permission \(a way in asks for no scope\)/],
    ["no scope", get({ security: [{ key: ["role"] }] }), /permission \(a way in asks for no scope\)/],
    ["two scopes", get({ security: [{ login: ["a", "b"] }] }), /permission \(it asks for several scopes: "a" "b"\)/],
    ["two schemes", get({ security: [{ login: ["a"], card: ["b"] }] }), /permission \(it asks for several scopes/],
    ["two ways", get({ security: [{ login: ["a"] }, { card: ["b"] }] }), /different scopes: "a" or "b"\)/],
    ["a scope of another form", get({ security: [{ login: ["all the things"] }] }), /cannot be one\)/],
    ["no host", { servers: [{ url: "/v1" }] }, /host \(the server's address names none\)/],
    ["no server", { servers: [] }, /host \(the server's address names none\)/],
    ["nothing to name a resource by", get({}, "/{id}"), /resource \(the path does not begin with a name\)/],
    ["no path", get({}, "/"), /resource \(the path does not begin with a name\)/],
  ])("%s", async (_what, document, why) => {
    const { code, out, err } = await take(documentOf(document));
    expect([code, err]).toEqual([1, "chaperone: 1 of 1 operations have to be filled in\n"]);
    expect(out).toMatch(why);
    expect(parse(out)).toEqual({ operations: null });
    expect(await accept(out, "use")).toMatchObject({ code: 2 });
    const json = await take(documentOf(document), "--json");
    expect(jsonSchema.parse(JSON.parse(json.out))).toMatchObject({ operations: [], fill_in: [{}] });
  });

  test("beside the operations that are whole, which are taken", async () => {
    const paths = { "/flights": { get: one, post: { ...one, security: [] } } };
    const { code, out } = await take(documentOf({ paths }));
    expect(code).toBe(1);
    expect(await accept(out, "use")).toMatchObject({ code: 0, err: "" });
    expect(operationsIn(out)).toHaveLength(1);
  });

  test("and nothing of the document gets out of its comment or its quotes", async () => {
    const name = "a\n- { method: GET }\u2028\u001b[2J\"'#";
    const hostile = documentOf({
      paths: {
        "/flights": { get: { ...one, security: [{ login: [name, "b"] }] } },
        [`/x/${name}`]: { get: { ...one, "x-chaperone": { omit: true } } },
        "/seats": { get: { ...one, "x-chaperone": { resource: { type: 'a"b: #c}' } } } },
      },
    });
    const { code, out } = await take(hostile);
    expect(code).toBe(1);
    // oxlint-disable-next-line no-control-regex -- that none is there is what is asked.
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u2028]/);
    expect(parse(out)).toMatchObject({ operations: [{ path: "/seats", resource: { type: 'a"b: #c}' } }] });
  });
});

describe("what the table cannot express is refused as a whole: 2, each with its reason, and no output", () => {
  const at = (path: string, more: object = {}) => ({ paths: { [path]: { get: { ...one, ...more } } } });
  const beside = (left: string, taken: string, more: object) => ({
    paths: { [left]: { get: { ...one, ...more } }, [taken]: { get: one } },
  });
  const style = { parameters: [{ in: "path", name: "id", style: "matrix" }] };
  test.each<[string, Document, RegExp]>([
    ["a part of a segment", at("/report.{format}"), /GET \/report\.\{format\}: a parameter is a part of a segment/],
    ["two in one segment", at("/{a}{b}"), /part of a segment/],
    ["one name twice", at("/{a}/{a}"), /two parameters have one name/],
    ["two names spelled alike", at("/{aB}/{a_b}"), /two parameters have one name/],
    ["a name that the table has no spelling for", at("/flights/{1}"), /has no name that the table takes/],
    ["a query in the path", at("/flights?kind=a"), /no call may have such a path/],
    ["a dot segment", at("/flights/../seats"), /no call may have such a path/],
    ["an encoded slash", at("/a%2Fb"), /no call may have such a path/],
    ["an encoded brace", at("/a/%7Bid%7D"), /no call may have such a path/],
    ["an empty segment", at("/a//b"), /no call may have such a path/],
    ["no slash", at("flights"), /no call may have such a path/],
    ["a style of its own", at("/flights/{id}", style), /has a style of its own/],
    [
      "two paths alike",
      { paths: { "/a/{x}": { get: one }, "/a/{y}": { get: one } } },
      /fits the same calls as GET \/a\/\{x\}/,
    ],
    [
      "left out, and taken by a wider one",
      beside("/a/me", "/a/{id}", { security: [] }),
      /GET \/a\/me: has no line of its own/,
    ],
    ["omitted, and taken", beside("/a/me", "/a/{id}", { "x-chaperone": { omit: true } }), /taken for GET \/a\/\{id\}/],
    ["omitted, a part of a segment", beside("/a/{x}.pdf", "/a/{id}", { "x-chaperone": { omit: true } }), /has no line/],
    ["an unknown member", at("/a", { "x-chaperone": { permision: "a" } }), /x-chaperone: .*permision/],
    [
      "a permission that is none",
      at("/a", { "x-chaperone": { permission: "a b" } }),
      /x-chaperone\.permission: must be/,
    ],
    ["no property", at("/a", { "x-chaperone": { properties: {} } }), /x-chaperone\.properties: must name one at least/],
    ["a property from nowhere", at("/a", { "x-chaperone": { properties: { a: [] } } }), /x-chaperone\.properties\.a:/],
    ["a parameter that is none", at("/a", { "x-chaperone": { resource: { type: "a", id: "b" } } }), /no parameter/],
    ["a server with variables", { servers: [{ url: "https://{region}.example" }] }, /give it by --server/],
    ["a server of another kind", { servers: [{ url: "wss://flights.example" }] }, /no address of a server/],
    ["a server with a user", { servers: [{ url: "https://me@flights.example" }] }, /no address of a server/],
    ["a server that is no host", { servers: [{ url: "https://a..b" }] }, /a server's host is none/],
    [
      "a scheme that is not declared",
      at("/a", { security: [{ other: ["a"] }] }),
      /security scheme "other": is no object/,
    ],
    ["a misspelt method", { paths: { "/a": { GET: one } } }, /\/a: "GET" has no place there/],
    [
      "x-chaperone of a whole path",
      { paths: { "/a": { get: one, "x-chaperone": { omit: true } } } },
      /has no place there/,
    ],
    ["x-chaperone of the document", { "x-chaperone": { omit: true } }, /has no place there/],
    ["a reference out of the document", { paths: { "/a": { $ref: "other.yaml" } } }, /leads out of the document/],
    ["a reference in a circle", { paths: { "/a": { $ref: "#/paths/~1a" } } }, /in a circle/],
    ["no operation", { paths: {} }, /has no operations/],
    ["no paths", { paths: undefined }, /has no paths/],
    ["OpenAPI 3.2", { openapi: "3.2.0" }, /no OpenAPI 3\.0 or 3\.1/],
    ["Swagger 2", { openapi: undefined }, /no OpenAPI 3\.0 or 3\.1/],
  ])("%s", async (_what, document, why) => {
    const { code, out, err } = await take(documentOf(document));
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(why);
  });

  test.each([
    ["", /no mapping/],
    ["[1]", /no mapping/],
    ["a: 1\na: 2\n", /duplicate key/],
    ["a: &x 1\nb: *x\n", /alias/],
    ["openapi: 3.1.0\npaths: { /a: { get: { x-chaperone: { __proto__: { omit: true } } } } }", /__proto__/],
    ["[".repeat(5000), /./],
    [`openapi: 3.1.0 # ${"x".repeat(4_194_304)}`, /bytes/],
  ])("text that is no document (%#)", async (text, why) => {
    const { code, out, err } = await take(text);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(why);
  });

  test.each([
    [["--scope-is", "role"], /--scope-is/],
    [["--server", "flights.example"], /the given server/],
  ])("%j", async (flags, why) => {
    const { code, err } = await take(documentOf({}), ...flags);
    expect(code).toBe(2);
    expect(err).toMatch(why);
  });

  test("a file that is not there", async () => {
    expect(await cli(["operations", "from-openapi", "none.yaml"])).toMatchObject({ code: 2, out: "" });
  });
});

test("law: whatever is taken is taken by the configuration, and has a line for each operation, whole or not", async () => {
  const segment = fc.constantFrom("flights", "seats", "{id}", "{seatNo}", "a%20b", "é", "~x", "%7E", "");
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join("/")}`);
  const security = fc.constantFrom(
    [{ login: ["a:b"] }],
    [{ login: ["a", "b"] }],
    [{ card: ["x"] }, { login: ["x"] }],
    [],
  );
  const item = fc.dictionary(fc.constantFrom("get", "put", "post", "head"), fc.record({ security }), { minKeys: 1 });
  await fc.assert(
    fc.asyncProperty(fc.dictionary(path, item, { minKeys: 1, maxKeys: 6 }), async (paths) => {
      const { code, out, err } = await take(documentOf({ paths }));
      if (code === 2) {
        expect([out, err.startsWith("chaperone: ")]).toEqual(["", true]);
        return;
      }
      const operations = operationsIn(out);
      const open = out.match(/^ {2}# - /gm)?.length ?? 0;
      expect(operations.length + open).toBe(Object.values(paths).flatMap((each) => Object.keys(each)).length);
      expect(code).toBe(open === 0 ? 0 : 1);
      if (operations.length > 0) expect(await accept(out, "use")).toMatchObject({ code: 0, err: "" });
    }),
    { numRuns: 60 },
  );
});
