/** A payment through a served house with the shipped policy: what the call says it is about decides, on either side. */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { payloadOf } from "../fakes/held-operations.ts";
import { type Answer, call } from "../fakes/open-house.ts";
import { makeFolder, readRecords, type ServedHouse, serve } from "./served-house.ts";

const folder = makeFolder();
const agentSide = `unix:${folder.path}/run/agent.sock`;
const resourceSide = `unix:${folder.path}/run/resource.sock`;
const host = "erp.example";
const path = "/invoices/i-7/payments";

const audiences = ["https://erp.example/api"];
const pay = {
  method: "POST",
  host,
  path: "/invoices/{id}/payments",
  properties: { amount: ["payment", "amount"], currency: ["payment", "currency"] },
};
const issue = {
  position: "issue",
  audiences,
  evidence: { from: "payload_headers", subject: "x-person", actor: "x-agent" },
  operations: [{ ...pay, action: "pay_invoice", resource: { type: "invoice", id: "id" } }],
};
const use = { position: "use", audiences, operations: [{ ...pay, permission: "invoices:pay" }] };
const settings = `  - { name: agent-side, address: "${agentSide}", doors: [ext_authz_http], callers: socket, ext_authz: ${JSON.stringify(issue)} }
  - { name: resource-side, address: "${resourceSide}", doors: [ext_authz_http], callers: socket, ext_authz: ${JSON.stringify(use)} }
`;

let house: ServedHouse;
beforeAll(async () => {
  house = await serve(folder.path, settings);
}, 60_000);
afterAll(async () => {
  await house.stop();
  folder.remove();
});

const headers = { host, "content-type": "application/json" };
const accountant = payloadOf({ Department: "Finance", Role: "Accountant" });
const agent = payloadOf({ Capabilities: "pay_invoice" });
const payment = (amount: unknown, more: object = {}): string =>
  JSON.stringify({ payment: { amount, currency: "EUR", ...more } });

const leave = (body: string): Promise<Answer> =>
  call(agentSide, { path, body, headers: { ...headers, "x-person": accountant, "x-agent": agent } });

async function arrive(body: string): Promise<Answer> {
  const { authorization = "" } = (await leave(payment(1))).headers;
  return await call(resourceSide, { path, body, headers: { ...headers, authorization } });
}

/** The body of a "no"; a decision has its id in it. */
const turnedAway = (title: string, isDecided = true): RegExp =>
  new RegExp(`^\\{"title":"${title}","status":403${isDecided ? ',"decision_id":"[\\w-]+"' : ""}\\}$`);

const lastRecord = () => readRecords(`${folder.path}/state/audit`).findLast(({ type }) => type === "decision");

test("a payment of 500 EUR leaves with a token that pays invoices", async () => {
  const { status, headers: answered } = await leave(payment(500));
  expect(status).toBe(200);
  expect(decodeJwt(answered.authorization?.slice(7) ?? "")).toMatchObject({
    aud: audiences[0],
    roles: ["invoice-payer"],
    scope: "invoices:pay invoices:read",
  });
  expect(lastRecord()).toMatchObject({ outcome: "allow", asked: { capabilities: ["pay_invoice"] } });
});

test("a payment of 500 EUR arrives with it, and of another amount up to the threshold: a token is for no amount", async () => {
  expect((await arrive(payment(500))).status).toBe(200);
  expect((await arrive(payment(1000))).status).toBe(200);
  const asked = { capabilities: [], permissions: ["invoices:pay"] };
  expect(lastRecord()).toMatchObject({ phase: "use", outcome: "allow", asked, action: { name: "invoices:pay" } });
});

describe.each([
  ["leaves", leave],
  ["arrives", arrive],
] as const)("nothing %s that", (_verb, send) => {
  test("a person must approve first", async () => {
    const { status, text, headers: answered } = await send(payment(5000));
    expect(status).toBe(403);
    expect(text).toMatch(turnedAway("approval_required"));
    expect(answered.authorization).toBeUndefined();
  });

  test.each([
    ["is above the limit", payment(50_000)],
    ["has its amount as text", payment("500")],
    ["has no amount", payment(undefined)],
    ["has an amount of nothing", payment(null)],
    ["has no currency", payment(500, { currency: undefined })],
    ["is in another currency", payment(500, { currency: "JPY" })],
    ["takes money back", payment(-500)],
    ["is about no payment", "{}"],
  ])("%s", async (_what, body) => {
    const { status, text } = await send(body);
    expect(status).toBe(403);
    expect(text).toMatch(turnedAway("denied"));
    expect(lastRecord()).toMatchObject({ code: "policy_denied", reasons: [{ code: "amount_limit" }] });
  });

  test.each([
    ["has an amount in other capitals, which some servers take", JSON.stringify({ payment: { Amount: 500 } })],
    ["has both", payment(500, { Amount: 50_000 })],
    ["has two", payment(500).replace("{", '{"payment":{"amount":50000},')],
    ["is two", `[${payment(500)},${payment(500)}]`],
    ["is a list of payments", JSON.stringify({ payment: [{ amount: 500, currency: "EUR" }] })],
    ["has no body", ""],
  ])("%s", async (_what, body) => {
    const { status, text } = await send(body);
    expect(status).toBe(403);
    expect(text).toMatch(turnedAway("denied", false));
  });
});

test("of what a call is about nothing is on record but its name", () => {
  const records = readRecords(`${folder.path}/state/audit`);
  const actions = records.flatMap(({ action }) => (action === undefined ? [] : [JSON.stringify(action)]));
  expect(new Set(actions)).toEqual(new Set(['{"name":"pay_invoice"}', '{"name":"invoices:pay"}']));
  expect(JSON.stringify(records)).not.toMatch(/"(?:amount|currency|properties|payment)"/);
});
