/** Listeners that hold calls, as an operator writes them, and what stops the start. */
import { describe, expect, test } from "vitest";
import { credential, loaded, refused } from "./sources.ts";

const environment = { CHAPERONE_GATEWAY_CREDENTIAL: credential };

interface Settings {
  readonly doors?: string;
  readonly extAuthz?: string;
  readonly more?: string;
}

const evidence = "evidence: { from: metadata, subject: person, actor: agent }";
const book = "{ method: POST, host: flights.example, path: '/flights/{id}', action: book_flight }";
const held = (position: string, operations: string, more = ""): string =>
  `{ position: ${position}, audiences: ["https://flights.example/api"], operations: [${operations}]${more && `, ${more}`} }`;

const yamlOf = ({ doors = "[ext_authz_grpc]", extAuthz = held("issue", book, evidence), more = "" }: Settings = {}) =>
  `listeners: [{ name: mesh, address: "127.0.0.1:9191", callers: credential, doors: ${doors}, ext_authz: ${extAuthz} }]\n${more}`;

test("the agent's side, complete", () => {
  const operation = `{ method: POST, host: flights.example, path: "/mcp/{server}", permission: "flights:book",
    resource: { type: server, id: server }, headers: [{ name: x-mode, value: live }],
    body: [{ path: [params, name], value: book }] }`;
  const payment = book.replace(" }", ", properties: { amount: [payment, amount], null: [reference] } }");
  const pay = payment.replace("/flights/{id}", "/payments");
  const yaml = yamlOf({
    extAuthz: held("issue", `${book}, ${operation}, ${pay}`, `${evidence}, token_header: x-role-token`),
  });
  expect(loaded({ yaml, environment }).listeners[0]).toMatchObject({
    doors: ["ext_authz_grpc"],
    extAuthz: {
      position: "issue",
      audiences: ["https://flights.example/api"],
      tokenHeader: "x-role-token",
      evidence: {
        kind: "metadata",
        namespace: "envoy.filters.http.jwt_authn",
        subject: "person",
        actor: { kind: "shown", at: "agent" },
      },
      operations: [
        { method: "POST", path: "/flights/{id}", conditions: [], asks: { kind: "action", name: "book_flight" } },
        {
          conditions: [
            { on: "header", name: "x-mode", value: "live" },
            { on: "body", path: ["params", "name"], value: "book" },
          ],
          asks: { kind: "permission", permission: "flights:book" },
          resource: { type: "server", id: "server" },
          audience: "https://flights.example/api",
        },
        { path: "/payments", properties: { amount: ["payment", "amount"], null: ["reference"] } },
      ],
    },
  });
});

test("the resource's side may be told of a call too", () => {
  const pay = "{ method: POST, host: '*', path: /p, permission: 'a:b', properties: { amount: [amount] } }";
  const yaml = yamlOf({ doors: "[ext_authz_http]", extAuthz: held("use", pay) });
  expect(loaded({ yaml, environment }).listeners[0]?.extAuthz?.operations[0]?.properties).toEqual({
    amount: ["amount"],
  });
});

test.each<[string, string, string, object]>([
  ["[ext_authz_grpc]", "metadata", "principal", { kind: "metadata", subject: "x-person" }],
  ["[ext_authz_grpc]", "payload_headers", "principal", { kind: "payload_headers", subject: "x-person" }],
  ["[ext_authz_http]", "payload_headers", "x_forwarded_client_cert", { kind: "payload_headers", subject: "x-person" }],
])("at %s with %s the agent may be the peer, by %s", (doors, from, peer, expected) => {
  const extAuthz = held("issue", book, `evidence: { from: ${from}, subject: x-person, peer: ${peer} }`);
  const [listener] = loaded({ yaml: yamlOf({ doors, extAuthz }), environment }).listeners;
  expect(listener?.extAuthz).toMatchObject({ evidence: { ...expected, actor: { kind: "peer", by: peer } } });
});

test("the resource's side takes role tokens alone", () => {
  const take = "{ method: GET, host: '*', path: /flights, permission: 'flights:search' }";
  const yaml = yamlOf({ doors: "[auth_request]", extAuthz: held("use", take) });
  expect(loaded({ yaml, environment }).listeners[0]?.extAuthz).toEqual({
    position: "use",
    audiences: ["https://flights.example/api"],
    tokenHeader: "authorization",
    operations: [expect.objectContaining({ host: "*", asks: { kind: "permission", permission: "flights:search" } })],
  });
});

test("the descriptors of gRPC messages are named, and read where the door opens", () => {
  const yaml = yamlOf({ extAuthz: held("issue", book, `${evidence}, protobuf_descriptors: /etc/bank.pb`) });
  expect(loaded({ yaml, environment }).listeners[0]).toMatchObject({
    extAuthz: { protobufDescriptors: "/etc/bank.pb" },
  });
});

describe("stops the start", () => {
  const issueWith = (text: string, doors = "[ext_authz_http]") => ({ doors, extAuthz: held("issue", book, text) });
  const two = `{ position: issue, audiences: ["https://a.example", "https://b.example"], operations: [${book}], ${evidence} }`;

  test.each<[string, Settings, RegExp]>([
    ["two doors on one listener", { doors: "[ext_authz_grpc, public]" }, /listener of its own/],
    ["settings without a door for them", { doors: "[authorize]" }, /no door of this listener holds calls/],
    ["issue without evidence", { extAuthz: held("issue", book) }, /evidence: the position issue needs it/],
    [
      "use with evidence",
      { extAuthz: held("use", book.replace("action: book_flight", "permission: 'a:b'"), evidence) },
      /only a role token/,
    ],
    ["use by action", { extAuthz: held("use", book) }, /use takes a permission/],
    ["metadata over HTTP", issueWith(evidence), /gRPC alone/],
    ["no word on who the agent is", issueWith("evidence: { from: payload_headers, subject: x-a }"), /one of actor and/],
    [
      "an agent that shows itself and is the peer too",
      { extAuthz: held("issue", book, "evidence: { from: metadata, subject: person, actor: agent, peer: principal }") },
      /one of actor and peer/,
    ],
    [
      "a principal over HTTP",
      issueWith("evidence: { from: payload_headers, subject: x-a, peer: principal }"),
      /ext_authz_grpc alone/,
    ],
    ...["[ext_authz_grpc]", "[auth_request]", "[forward_auth]"].map((doors): [string, Settings, RegExp] => [
      `a certificate's header at ${doors}`,
      issueWith("evidence: { from: payload_headers, subject: x-a, peer: x_forwarded_client_cert }", doors),
      /ext_authz_http alone/,
    ]),
    [
      "the person where the certificate stands",
      issueWith("evidence: { from: payload_headers, subject: x-forwarded-client-cert, peer: x_forwarded_client_cert }"),
      /in one place/,
    ],
    [
      "tokens of no issuer beside a peer",
      issueWith("evidence: { from: tokens, subject: x-a, peer: x_forwarded_client_cert }"),
      /identity.issuers/,
    ],
    [
      "one key for both",
      { extAuthz: held("issue", book, "evidence: { from: metadata, subject: person, actor: person }") },
      /in one place/,
    ],
    ["one header for both", issueWith("evidence: { from: payload_headers, subject: x-a, actor: x-a }"), /in one place/],
    [
      "a header's name in capitals",
      issueWith("evidence: { from: payload_headers, subject: X-A, actor: x-b }"),
      /lower-case/,
    ],
    ["tokens of no issuer", issueWith("evidence: { from: tokens, subject: x-a, actor: x-b }"), /identity.issuers/],
    [
      "an operation that asks nothing",
      { extAuthz: held("issue", "{ method: GET, host: a, path: / }", evidence) },
      /one of action and permission/,
    ],
    ["two lines for the same calls", { extAuthz: held("issue", `${book}, ${book}`, evidence) }, /same calls/],
    ["a path that is no template", { extAuthz: held("issue", book.replace("{id}", "x{id}"), evidence) }, /template/],
    [
      "a resource that no parameter names",
      { extAuthz: held("issue", book.replace(" }", ", resource: { type: t, id: nope } }"), evidence) },
      /no parameter/,
    ],
    [
      "descriptors where no body is sent",
      {
        doors: "[forward_auth]",
        extAuthz: held("use", book.replace("action: book_flight", "permission: 'a:b'"), "protobuf_descriptors: d.pb"),
      },
      /descriptors: no body comes to the door forward_auth/,
    ],
    [
      "a host that no call has",
      { extAuthz: held("issue", book.replace("flights.ex", "Flights.Ex"), evidence) },
      /host/,
    ],
    [
      "a role token where a gateway reads something else",
      { extAuthz: held("issue", book, `${evidence}, token_header: x-envoy-auth-headers-to-remove`) },
      /token_header/,
    ],
    [
      "a role token in place of the host",
      { extAuthz: held("issue", book, `${evidence}, token_header: host`) },
      /token_h/,
    ],
    [
      "a role token where Envoy tells of certificates",
      { extAuthz: held("issue", book, `${evidence}, token_header: x-forwarded-client-cert`) },
      /token_header/,
    ],
    ["an audience left open", { extAuthz: two }, /which of the audiences/],
    [
      "an audience of somebody else",
      { extAuthz: held("issue", book.replace(" }", ", audience: 'https://x.example' }"), evidence) },
      /none of the listener's/,
    ],
  ])("%s", (_name, settings, message) => {
    const errors = refused({ yaml: yamlOf(settings), environment });
    expect(errors.map(({ detail }) => detail).join("\n")).toMatch(message);
    expect(errors.every(({ setting }) => setting === "listeners[0]")).toBe(true);
  });

  const told = (properties: string): string => book.replace(" }", `, properties: ${properties} }`);
  const asked = "permission: 'a:b'";
  test.each<[string, string, RegExp]>([
    ["no property", "{}", /must name one at least/],
    ["too many", `{ ${Array.from({ length: 17 }, (_, at) => `p${at}: [a]`).join(", ")} }`, /at most 16/],
    ["a list", "[amount]", /record/],
    ["one without a name", "{ '': [a] }", /key/],
    ["a name that Rego does not read", "{ a-b: [a] }", /key/],
    ["a name that is too long", `{ ${"a".repeat(65)}: [a] }`, /key/],
    ["a name that every object has", "{ amount: [a], __proto__: [b] }", /nothing has this name/],
    ["a name twice", "{ amount: [a], amount: [b] }", /duplicate key/],
    ["a way to nothing", "{ amount: [] }", />=1/],
    ["a way that is too long", "{ amount: [a, b, c, d, e, f, g, h, i] }", /<=8/],
    ["a step without a name", "{ amount: [''] }", /printable/],
    ["a step that is no name", "{ amount: [items, 0] }", /string/],
  ])("a table that tells policy %s", (_what, properties, message) => {
    const errors = refused({ yaml: yamlOf({ extAuthz: held("issue", told(properties), evidence) }), environment });
    expect(errors.map(({ detail }) => detail).join("\n")).toMatch(message);
  });

  test.each<[string, Settings, RegExp]>([
    [
      "a permission on the agent's side with properties, which belong to an action",
      { extAuthz: held("issue", told("{ amount: [a] }").replace("action: book_flight", asked), evidence) },
      /properties: need an action in the position issue/,
    ],
    [
      "properties where nginx asks, who sends no body",
      { doors: "[auth_request]", extAuthz: held("use", told("{ amount: [a] }").replace("action: book_flight", asked)) },
      /no body comes to the door auth_request/,
    ],
    [
      "properties where Caddy asks, who sends no body",
      { doors: "[forward_auth]", extAuthz: held("use", told("{ amount: [a] }").replace("action: book_flight", asked)) },
      /no body comes to the door forward_auth/,
    ],
  ])("%s", (_what, settings, message) => {
    const errors = refused({ yaml: yamlOf(settings), environment });
    expect(errors.map(({ detail }) => detail).join("\n")).toMatch(message);
  });

  test("a door for held calls without a word about them", () => {
    const yaml = 'listeners: [{ name: mesh, address: "127.0.0.1:9191", callers: credential, doors: [forward_auth] }]';
    expect(refused({ yaml, environment })[0]?.detail).toMatch(/forward_auth needs it/);
  });

  test("callers that nobody proves", () => {
    const yaml = yamlOf().replace("callers: credential", "callers: open");
    expect(refused({ yaml, environment })[0]?.detail).toMatch(/callers that prove themselves/);
  });
});
