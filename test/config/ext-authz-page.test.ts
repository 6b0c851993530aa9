/** docs/doors/ext-authz.md: its settings start, its document becomes a table, and it names what there is. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { extAuthzSchema, operationSchema } from "../../src/config/ext-authz-schema.ts";
import { limits } from "../../src/config/limits.ts";
import { extensionMembers } from "../../src/config/openapi/operation-extension.ts";
import { takeOperations } from "../../src/config/openapi/take-operations.ts";
import { credential, loaded } from "./sources.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/doors/ext-authz.md"), "utf8");
const blocks = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text]) => text ?? "");

test("the listeners on the page start", () => {
  const yaml = blocks.find((text) => text.startsWith("listeners:"));
  const { listeners } = loaded({ yaml: yaml ?? "", environment: { CHAPERONE_GATEWAY_CREDENTIAL: credential } });
  expect(listeners.map(({ extAuthz }) => extAuthz?.position)).toEqual(["issue", "use"]);
});

test("so does the one that knows its agents by their certificates", () => {
  const yaml = blocks.find((text) => text.startsWith("identity:"));
  const { listeners, workloads } = loaded({
    yaml: yaml ?? "",
    environment: { CHAPERONE_GATEWAY_CREDENTIAL: credential },
  });
  expect(listeners).toMatchObject([{ extAuthz: { evidence: { actor: { kind: "peer" } } } }]);
  expect(workloads).toMatchObject([{ capabilities: ["book_flight"] }]);
});

test("the operation on the page that tells policy what it is about starts", () => {
  const shown: unknown = parse(blocks.find((text) => text.startsWith("operations:")) ?? "");
  const [line] = z.object({ operations: z.array(operationSchema) }).parse(shown).operations;
  expect(line?.properties).toEqual({ amount: ["payment", "amount"], currency: ["payment", "currency"] });
});

test("the OpenAPI document on the page is a whole table", () => {
  const text = blocks.find((block) => block.startsWith("openapi:"));
  const { operations, refused } = takeOperations(text ?? "", { scopeIs: "permission", server: undefined });
  expect(refused).toEqual([]);
  expect(operations.map(({ line, missing }) => [line.method, line.path, line.permission, missing])).toEqual([
    ["GET", "/v1/bookings/{booking_id}", "flights:read", []],
    ["DELETE", "/v1/bookings/{booking_id}", "flights:cancel", []],
  ]);
});

test("what `x-chaperone` takes is what the page says that it takes", () => {
  const sentence = /^`x-chaperone` takes ([^]*?)\(no line/m.exec(page)?.[1] ?? "";
  const told = [...sentence.matchAll(/`([a-z]+)(?:: true)?`/g)]
    .map(([, name]) => name)
    .filter((name) => name !== "null");
  expect(told).toEqual(extensionMembers);
});

test("the limits on the page are the limits", () => {
  expect(page).toContain("up to 1 MiB and 1024 lines");
  expect(page).toContain(`At most ${limits.propertiesMax}, each up to ${limits.claimPathMax} members deep`);
  expect(Object.keys(extAuthzSchema.unwrap().shape)).toContain("operations_file");
});

test("every title that a caller may see stands in the table of denials", () => {
  const source = readFileSync(join(import.meta.dirname, "../../src/doors/ext-authz/turned-away.ts"), "utf8");
  const titles = [...new Set([...source.matchAll(/status: (\d{3}), title: "([a-z_]+)"/g)].map(([, ...each]) => each))];
  expect(titles.length).toBeGreaterThan(5);
  for (const [status, title] of titles) expect(page).toContain(`| ${status} \`${title}\``);
});
