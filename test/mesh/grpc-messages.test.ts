/** gRPC messages through the real Envoy: a real client's message passes or does not for what it says, to a real server. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compressionAlgorithms, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocks } from "../acceptance/followed-page.ts";
import { makeFolder, readRecords, type ServedHouse, serve } from "../acceptance/served-house.ts";
import { buildBundle, findOpa } from "../../src/toolchain/index.ts";
import { type BankServer, sendPath, startBankServer } from "../fakes/bank-server.ts";
import { field, varintField } from "../fakes/check-messages.ts";
import { compileDescriptors, encodeTransfer } from "../fakes/descriptor-sets.ts";
import { type EnvoyParts, runEnvoy } from "../fakes/envoy.ts";
import { buildEnvoyPolicy } from "../fakes/envoy-policy.ts";
import type { RunningGateway } from "../fakes/gateway-process.ts";
import { connectGrpc } from "../fakes/grpc-client.ts";
import { agent, payloadOf, person } from "../fakes/held-operations.ts";
import { root } from "../house/source-tree.ts";
import { common, flights, listener, makeSharedKeys } from "./travel-mesh.ts";

const host = "bank.example";
const folder = makeFolder();
const descriptors = join(folder.path, "bank.pb");
const envoyBundle = join(folder.path, "envoy.tar.gz");
const socket = (name: string): string => `unix:${folder.path}/run/${name}.sock`;

/** Euros alone; what the page's guard says comes on top. */
const extAuthz = {
  position: "issue",
  audiences: [flights],
  evidence: { from: "payload_headers", subject: "x-person", actor: "x-agent" },
  operations: [
    { method: "POST", host, path: sendPath, action: "book_flight", body: [{ path: ["currency"], value: "EUR" }] },
  ],
  protobuf_descriptors: descriptors,
};

const envoyRego = `package envoy.authz

import rego.v1

default allow := false

allow if {
	input.parsed_body.currency == "EUR"
	amount := to_number(input.parsed_body.amount)
	amount > 0
	amount <= 100
}
`;

/** The shipped policies and the guard of docs/doors/ext-authz.md. */
async function buildGuarded(): Promise<string> {
  const page = readFileSync(join(root, "docs", "doors", "ext-authz.md"), "utf8");
  const guard = blocks("rego", page).find((text) => text.startsWith("package chaperone.guards.small_transfers\n"));
  if (guard === undefined) throw new Error("the page shows no guard of transfers");
  const source = join(folder.path, "policies");
  cpSync(join(root, "policies"), source, { recursive: true });
  const place = join(source, "chaperone", "guards", "small_transfers");
  mkdirSync(place);
  writeFileSync(join(place, "small_transfers.rego"), guard);
  const built = await buildBundle({ source, out: join(folder.path, "guarded.tar.gz"), opa: await findOpa() });
  return built.path;
}

let house: ServedHouse;
let bank: BankServer;
beforeAll(async () => {
  writeFileSync(descriptors, await compileDescriptors());
  writeFileSync(envoyBundle, await buildEnvoyPolicy(envoyRego));
  const listeners = [
    listener("grpc", "ext_authz_grpc", socket("grpc"), extAuthz),
    listener("http", "ext_authz_http", socket("http"), extAuthz),
    `  - { name: opa, address: "${socket("opa")}", doors: [ext_authz_opa], callers: socket }\n`,
  ];
  const opa = `ext_authz_opa: { bundle: "${envoyBundle}", protobuf_descriptors: "${descriptors}" }\n`;
  const settings = listeners.join("") + common(await makeSharedKeys(folder.path), await buildGuarded()) + opa;
  [house, bank] = await Promise.all([serve(folder.path, settings), startBankServer()]);
}, 180_000);
afterAll(async () => {
  bank.close();
  await house.stop();
  folder.remove();
});

const packed = { max_request_bytes: 65_536, pack_as_bytes: true };
const hands = ["x-person", "x-agent", "content-type", "content-encoding", "x-envoy-auth-partial-body"];
const parts: Readonly<Record<"grpc" | "http" | "opa", EnvoyParts>> = {
  grpc: { address: socket("grpc"), filter: { with_request_body: packed } },
  http: {
    address: socket("http"),
    dialect: "http",
    filter: {
      with_request_body: packed,
      allowed_headers: { patterns: hands.map((exact) => ({ exact })) },
    },
  },
  opa: { address: socket("opa"), filter: { with_request_body: packed } },
};

const metadata = { "x-person": payloadOf(person), "x-agent": payloadOf(agent) };

/** What the client sees, and what the server got of it. */
async function send(envoy: RunningGateway, message: Buffer) {
  const before = bank.arrived.length;
  const client = connectGrpc(`http://127.0.0.1:${envoy.port}`, undefined, host);
  const { error } = await client.call(message, { path: sendPath, metadata });
  const { transfer, authorization } = bank.arrived[before] ?? {};
  return { code: error === undefined ? "OK" : status[error.code], details: error?.details, transfer, authorization };
}

const said = { fromAccount: "NO93", amount: "100", currency: "EUR" };
const euros = encodeTransfer(said);
const turnedAway: readonly (readonly [string, Buffer])[] = [
  ["says too much", encodeTransfer({ ...said, amount: "101" })],
  ["says less than nothing", encodeTransfer({ ...said, amount: "-5" })],
  ["says another currency", encodeTransfer({ ...said, currency: "NOK" })],
  ["says nothing", encodeTransfer()],
  ["says what nobody described", Buffer.concat([euros, field(99, "hidden")])],
  ["says a thing twice", Buffer.concat([euros, varintField(2, 1)])],
  ["is broken", euros.subarray(0, -1)],
];

/** What the plugin's place answers with 400, a gRPC client reads as INTERNAL. */
const refusedAs = { grpc: ["PERMISSION_DENIED"], http: ["PERMISSION_DENIED"], opa: ["PERMISSION_DENIED", "INTERNAL"] };

describe.each(["grpc", "http", "opa"] as const)("asked by %s", (way) => {
  let envoy: RunningGateway;
  beforeAll(async () => {
    envoy = await runEnvoy({ ...parts[way], upstream: bank.address, upstreamSpeaks: "http2" });
  });
  afterAll(() => envoy.stop());

  test("a message that may pass arrives as it was sent", async () => {
    const { code, transfer, authorization } = await send(envoy, euros);
    expect([code, transfer]).toEqual(["OK", said]);
    if (way !== "opa") expect(authorization).toMatch(/^Bearer eyJ/);
  });

  test.each(turnedAway)(
    "one that %s does not arrive, and its client reads why in gRPC's words",
    async (_what, message) => {
      const { code, transfer } = await send(envoy, message);
      expect(refusedAs[way]).toContain(code);
      expect(transfer).toBeUndefined();
    },
  );

  test("a compressed one does not arrive, because nobody looked into it", async () => {
    const before = bank.arrived.length;
    const gzip = { "grpc.default_compression_algorithm": compressionAlgorithms.gzip };
    const client = connectGrpc(`http://127.0.0.1:${envoy.port}`, undefined, host, gzip);
    const { error } = await client.call(euros, { path: sendPath, metadata });
    expect(refusedAs[way]).toContain(error && status[error.code]);
    expect(bank.arrived).toHaveLength(before);
  });
});

test("a denial by the guard is on record as the guard's, and one by the table is none of policy's", async () => {
  const envoy = await runEnvoy({ ...parts.grpc, upstream: bank.address, upstreamSpeaks: "http2" });
  try {
    const dear = await send(envoy, encodeTransfer({ ...said, amount: "101" }));
    expect(dear.details).toMatch(/^denied \(d-[\w-]{22}\)$/);
    const [record] = readRecords(`${folder.path}/state/audit`).slice(-1);
    expect(record).toMatchObject({ door: "ext_authz", outcome: "deny" });
    expect(JSON.stringify(record)).toContain("small_transfers");
    expect((await send(envoy, encodeTransfer({ ...said, currency: "NOK" }))).details).toBe("denied");
  } finally {
    await envoy.stop();
  }
});

describe("where the gateway is not told to pack bytes", () => {
  // Sent, it moves 1396. With `!` for its one byte that is no UTF-8 it would move 33.
  const twofold = Buffer.concat([Buffer.of(0x18, 1, 0x10, 0xf4, 0x0a, 0x0a, 0, 0x2a, 7), Buffer.from("invoice")]);

  const through = async (way: "grpc" | "http", message: Buffer) => {
    const filter = { ...parts[way].filter, with_request_body: { ...packed, pack_as_bytes: false } };
    const envoy = await runEnvoy({ ...parts[way], filter, upstream: bank.address, upstreamSpeaks: "http2" });
    try {
      const { code, details = "", transfer } = await send(envoy, message);
      return { code, isDecided: details.includes("d-"), transfer };
    } finally {
      await envoy.stop();
    }
  };

  test("by gRPC no message is read from the text in which it wrote over what is no UTF-8", async () => {
    const unread = { code: "PERMISSION_DENIED", isDecided: false, transfer: undefined };
    expect(await through("grpc", twofold)).toEqual(unread);
    expect(await through("grpc", euros)).toEqual(unread);
  });

  test("by HTTP it sends bytes all the same, and the guard reads what the resource would", async () => {
    expect(await through("http", twofold)).toEqual({
      code: "PERMISSION_DENIED",
      isDecided: true,
      transfer: undefined,
    });
    expect(await through("http", euros)).toMatchObject({ code: "OK", transfer: said });
  });
});
