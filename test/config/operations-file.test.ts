/** Issue 5.4: a table of hundreds of operations stands in a file of its own, and is judged like one that does not. */
import { expect, test } from "vitest";
import { credential, loaded, refused } from "./sources.ts";

const environment = { CHAPERONE_GATEWAY_CREDENTIAL: credential };
const line = (at: number): string =>
  `  - { method: GET, host: flights.example, path: "/flights/{id}/parts/${at}", permission: "flights:read", resource: { type: flights, id: id } }\n`;
const table = (count: number): string => `operations:\n${Array.from({ length: count }, (_, at) => line(at)).join("")}`;
const settings = (more: string): string =>
  `listeners: [{ name: mesh, address: "127.0.0.1:9191", callers: credential, doors: [ext_authz_grpc], ext_authz: { position: use, audiences: ["https://flights.example/api"], ${more} } }]`;
const yaml = settings("operations_file: table.yaml");
const refusal = (content: string): string => String(refused({ yaml, environment, files: { "table.yaml": content } }));

test("more than a file of settings holds, as YAML and as JSON", () => {
  const content = table(1000);
  expect(Buffer.byteLength(content)).toBeGreaterThan(65_536);
  const inYaml = loaded({ yaml, environment, files: { "table.yaml": content } });
  expect(inYaml.listeners[0]?.extAuthz?.operations).toHaveLength(1000);
  const operation = { method: "GET", host: "a.example", path: "/{id}", permission: "a:b" };
  const inJson = loaded({ yaml, environment, files: { "table.yaml": JSON.stringify({ operations: [operation] }) } });
  expect(inJson.listeners[0]?.extAuthz?.operations).toMatchObject([{ host: "a.example", path: "/{id}" }]);
});

test.each([
  [
    "a key that is not known",
    table(2).replace("permission", "permision"),
    /table\.yaml:2:\d+ .*operations\[0\]\.permision: key_unknown: did you mean permission\?/,
  ],
  [
    "a value that cannot be",
    table(2).replace(/"flights:read"(?![^]*"flights:read")/, '""'),
    /table\.yaml:3:\d+ .*operations\[1\]\.permission: value_invalid/,
  ],
  ["two lines for the same calls", table(1) + line(0), /fits the same calls/],
  ["a key twice", `${table(1)}operations: []\n`, /table\.yaml:3:1: key_duplicated/],
  ["anything beside the table", `${table(1)}position: issue\n`, /`operations` and nothing else/],
  ["a list alone", line(0), /mapping/],
  ["no line", "operations: []\n", /operations: value_invalid/],
  ["nothing", "", /file_malformed/],
  ["more lines than a table may have", table(1025), /operations: value_invalid/],
  ["more than 1 MiB", `${table(1)}# ${"x".repeat(1_048_576)}\n`, /file_too_large/],
])("stops the start: %s", (_what, content, why) => {
  expect(refusal(content)).toMatch(why);
});

test("stops the start: no such file, and a table in both places", () => {
  expect(String(refused({ yaml, environment }))).toMatch(/operations_file: file_unreadable/);
  const both = settings(`operations_file: table.yaml, operations: [{ method: GET, host: a, path: /, permission: a }]`);
  expect(String(refused({ yaml: both, environment, files: { "table.yaml": table(1) } }))).toMatch(/settings_conflict/);
  expect(String(refused({ yaml: settings("token_header: authorization"), environment }))).toMatch(
    /operations: value_invalid: it is required/,
  );
});
