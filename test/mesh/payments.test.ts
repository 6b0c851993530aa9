/** Envoy sends the body along, and what it says of the payment decides; a body of which Envoy kept a part decides nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeFolder, type ServedHouse, serve } from "../acceptance/served-house.ts";
import { type EchoUpstream, startEchoUpstream } from "../fakes/echo-upstream.ts";
import { runEnvoy } from "../fakes/envoy.ts";
import type { RunningGateway } from "../fakes/gateway-process.ts";
import { payloadOf } from "../fakes/held-operations.ts";

const host = "erp.example";
const target = "/invoices/i-7/payments";
/** The gateway is the test itself here: it writes the payloads that Envoy's `jwt_authn` would. */
const extAuthz = JSON.stringify({
  position: "issue",
  audiences: ["https://erp.example/api"],
  evidence: { from: "payload_headers", subject: "x-person", actor: "x-agent" },
  operations: [
    {
      method: "POST",
      host,
      path: "/invoices/{id}/payments",
      action: "pay_invoice",
      resource: { type: "invoice", id: "id" },
      properties: { amount: ["payment", "amount"], currency: ["payment", "currency"] },
    },
  ],
});
const parties = {
  "x-person": payloadOf({ Department: "Finance", Role: "Accountant" }),
  "x-agent": payloadOf({ Capabilities: "pay_invoice" }),
};
const doors = { grpc: "ext_authz_grpc", http: "ext_authz_http" } as const;

const folder = makeFolder();
const addressOf = (form: keyof typeof doors): string => `unix:${folder.path}/run/${form}.sock`;
const listenerOf = (form: keyof typeof doors): string =>
  `  - { name: ${form}, address: "${addressOf(form)}", doors: [${doors[form]}], callers: socket, ext_authz: ${extAuthz} }\n`;

let house: ServedHouse;
let upstream: EchoUpstream;
beforeAll(async () => {
  house = await serve(folder.path, listenerOf("grpc") + listenerOf("http"));
  upstream = await startEchoUpstream();
});
afterAll(async () => {
  upstream.close();
  await house.stop();
  folder.remove();
});

const bodyBytesMax = 256;
const handed = ["x-person", "x-agent", "content-type", "content-encoding", "x-envoy-auth-partial-body"];
const filters = {
  grpc: {},
  http: { allowed_headers: { patterns: handed.map((exact) => ({ exact })) } },
} as const;

describe.each(["grpc", "http"] as const)("a payment through Envoy by %s", (form) => {
  let envoy: RunningGateway;
  beforeAll(async () => {
    const with_request_body = { max_request_bytes: bodyBytesMax, allow_partial_message: true };
    const filter = { ...filters[form], with_request_body };
    envoy = await runEnvoy({ address: addressOf(form), dialect: form, filter, upstream: upstream.address });
  });
  afterAll(() => envoy.stop());

  const payment = (amount: unknown, more: object = {}): string =>
    JSON.stringify({ payment: { amount, currency: "EUR" }, ...more });
  const send = (body: string, type = "application/json") =>
    envoy.send(target, { host, ...parties, "content-type": type }, body);

  test("of 500 EUR leaves with a role token", async () => {
    const { status, received } = await send(payment(500));
    expect([status, received?.target]).toEqual([200, target]);
    expect(received?.headers["authorization"]).toMatch(/^Bearer eyJ/);
  });

  test.each([
    ["of 5000 EUR needs a person", payment(5000), "approval_required"],
    ["of 50000 EUR does not leave", payment(50_000), "denied"],
    ["of 500 in text does not leave", payment("500"), "denied"],
    ["of no amount does not leave", "{}", "denied"],
    ["of an amount in other capitals does not leave", payment(500).replace("amount", "Amount"), "denied"],
    ["of which Envoy kept a part does not leave", payment(500, { note: "x".repeat(bodyBytesMax) }), "denied"],
    ["that looks whole without what Envoy kept does not leave", payment(500).padEnd(bodyBytesMax) + "}", "denied"],
    ["without a body does not leave", "", "denied"],
  ])("%s", async (_what, body, title) => {
    const before = upstream.received.length;
    const answer = await send(body);
    expect(answer).toMatchObject({ status: 403, received: undefined });
    expect(JSON.parse(answer.text)).toMatchObject({ title, status: 403 });
    expect(upstream.received).toHaveLength(before);
  });

  test.each(["application/x-www-form-urlencoded", "text/plain"])("as %s does not leave", async (type) => {
    expect(await send(payment(500), type)).toMatchObject({ status: 403, received: undefined });
  });
});
