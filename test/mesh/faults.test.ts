/**
 * Chaperone is killed, paused, slow, without a policy, or is not who it should be. No gateway lets a call through
 * meanwhile, also not later, and each goes on by itself when Chaperone does.
 */
import { randomUUID } from "node:crypto";
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { makeFolder, type ServedHouse, serve } from "../acceptance/served-house.ts";
import { runCaddy } from "../fakes/caddy.ts";
import { type EchoUpstream, startEchoUpstream } from "../fakes/echo-upstream.ts";
import { type EnvoyParts, runEnvoy, typed } from "../fakes/envoy.ts";
import { findFreePort } from "../fakes/free-port.ts";
import type { GatewayAnswer, RunningGateway } from "../fakes/gateway-process.ts";
import { agent, payloadOf, person } from "../fakes/held-operations.ts";
import { runNginx } from "../fakes/nginx.ts";
import { meshFile } from "../fakes/open-house.ts";
import { startSlowRelay } from "../fakes/slow-relay.ts";
import { root } from "../house/source-tree.ts";
import { caddySite } from "./caddy-sites.ts";
import { nginxLocations } from "./nginx-locations.ts";
import { booking, flights, host } from "./travel-mesh.ts";

const shipped = join(root, "bundle", "default.tar.gz");
const forms = ["grpc", "http"] as const;
type Form = (typeof forms)[number];

/** The gateway is the test itself here: it writes the payloads that Envoy's `jwt_authn` would. */
const extAuthz = JSON.stringify({
  position: "issue",
  audiences: [flights],
  evidence: { from: "payload_headers", subject: "x-person", actor: "x-agent" },
  operations: [{ method: "POST", host, path: "/flights/{id}/bookings", action: "book_flight" }],
});
const founding = { host, "x-person": payloadOf(person), "x-agent": payloadOf(agent) };
const doors: Readonly<Record<Form, string>> = { grpc: "ext_authz_grpc", http: "ext_authz_http" };

let folder: ReturnType<typeof makeFolder>;
let upstream: EchoUpstream;
let house: ServedHouse;
let gateways: RunningGateway[];
/** What each call that was not let through was called. */
let held: string[];

beforeEach(async () => {
  folder = makeFolder();
  upstream = await startEchoUpstream();
  gateways = [];
  held = [];
});

afterEach(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  house.process.kill("SIGCONT");
  await house.kill();
  upstream.close();
  folder.remove();
  // Here and not in each test, because what comes late comes when a test is over.
  const arrived = upstream.received.map(({ headers }) => headers["x-call"]);
  expect(arrived.filter((name) => held.includes(name ?? ""))).toEqual([]);
  const unsigned = upstream.received.filter(
    ({ headers }) => headers["authorization"]?.startsWith("Bearer eyJ") !== true,
  );
  expect(unsigned).toEqual([]);
});

const socketOf = (form: Form): string => `unix:${folder.path}/run/${form}.sock`;
const atSockets = (): string =>
  forms
    .map(
      (form) =>
        `  - { name: ${form}, address: "${socketOf(form)}", doors: [${doors[form]}], callers: socket, ext_authz: ${extAuthz} }\n`,
    )
    .join("");

async function startGateways(partsOf: (form: Form) => Partial<EnvoyParts> = () => ({})): Promise<void> {
  for (const form of forms) {
    const hands = { allowed_headers: { patterns: [{ exact: "x-person" }, { exact: "x-agent" }] } };
    const base = { address: socketOf(form), dialect: form, filter: form === "http" ? hands : {} };
    gateways.push(await runEnvoy({ ...base, ...partsOf(form), upstream: upstream.address }));
  }
}

/** At a port that it has again after a restart. */
async function forSubrequests(): Promise<string> {
  const address = `127.0.0.1:${await findFreePort()}`;
  const caddy = `unix:${folder.path}/run/caddy.sock`;
  return (
    `  - { name: nginx, address: "${address}", doors: [auth_request], callers: credential, ext_authz: ${extAuthz} }\n` +
    `  - { name: caddy, address: "${caddy}", doors: [forward_auth], callers: socket, ext_authz: ${extAuthz} }\n`
  );
}

async function startNginxAndCaddy(): Promise<void> {
  const locations = nginxLocations("issue", house.url("nginx"));
  gateways.push(await runNginx({ locations, upstream: upstream.address }));
  gateways.push(await runCaddy(caddySite("issue", { address: house.url("caddy"), upstream: upstream.address })));
}

/** Envoy's, nginx's, and Caddy's without and too late an answer. */
const noAnswer = [403, 500, 502, 504];

/** The founding call through every gateway at once. */
function sendAll(): Promise<readonly GatewayAnswer[]> {
  return Promise.all(
    gateways.map(async (gateway) => {
      const name = randomUUID();
      const answer = await gateway.send(booking, { ...founding, "x-call": name }, "");
      if (answer.received === undefined) held.push(name);
      return answer;
    }),
  );
}

/** Some time later, without anybody's help. */
const untilAllPass = () =>
  expect
    .poll(async () => (await sendAll()).map(({ status }) => status), { timeout: 15_000, interval: 100 })
    .toEqual(gateways.map(() => 200));

async function expectNonePass(statuses: readonly number[] = [403]): Promise<void> {
  const before = upstream.received.length;
  for (const { status, received } of await sendAll()) {
    expect(received).toBeUndefined();
    expect(statuses).toContain(status);
  }
  expect(upstream.received).toHaveLength(before);
}

async function isRejected(): Promise<boolean> {
  const metrics = await (await fetch(`${house.url("probe")}/metrics`)).text();
  return /^chaperone_policy_rejected\{.*\} 1$/m.test(metrics);
}

describe("Chaperone", () => {
  test.each(["kill", "stop"] as const)("ends under load by %s, and is started again", async (end) => {
    const settings = atSockets() + (await forSubrequests());
    house = await serve(folder.path, settings);
    await startGateways();
    await startNginxAndCaddy();
    await untilAllPass();
    const under = Array.from({ length: 30 }, () => sendAll());
    await Promise.race(under);
    await house[end]();
    const answers = (await Promise.all(under)).flat();
    expect(answers.filter(({ status, received }) => (status === 200) !== (received !== undefined))).toEqual([]);
    await expectNonePass(noAnswer);
    house = await serve(folder.path, settings);
    await untilAllPass();
  });

  test("is paused, and goes on", async () => {
    house = await serve(folder.path, atSockets() + (await forSubrequests()));
    await startGateways();
    await startNginxAndCaddy();
    await untilAllPass();
    house.process.kill("SIGSTOP");
    await expectNonePass(noAnswer);
    await expectNonePass(noAnswer);
    house.process.kill("SIGCONT");
    await untilAllPass();
  });

  test("is slower than a gateway waits, and quick again", async () => {
    house = await serve(folder.path, atSockets());
    const relays = new Map<Form, Awaited<ReturnType<typeof startSlowRelay>>>();
    for (const form of forms) relays.set(form, await startSlowRelay(socketOf(form).slice(5)));
    onTestFinished(() => relays.forEach((relay) => relay.close()));
    await startGateways((form) => ({ address: relays.get(form)?.address ?? "" }));
    await untilAllPass();
    for (const relay of relays.values()) relay.delayMilliseconds = 1_500;
    await expectNonePass();
    for (const relay of relays.values()) relay.delayMilliseconds = 0;
    await untilAllPass();
  });

  test("has a broken bundle, gets a good one, and keeps it when the next is broken", async () => {
    const bundle = join(folder.path, "policy", "bundle.tar.gz");
    const replace = (write: (path: string) => void): void => {
      write(`${bundle}.new`);
      renameSync(`${bundle}.new`, bundle);
    };
    mkdirSync(join(folder.path, "policy"));
    writeFileSync(bundle, "this is no bundle");
    house = await serve(folder.path, `${atSockets()}policy: { bundle: "${bundle}" }\nkeys: { kind: development }\n`);
    await startGateways();
    await expectNonePass();
    const [answer] = await sendAll();
    expect(JSON.parse(answer?.text ?? "")).toMatchObject({ title: "unavailable", status: 403 });
    replace((path) => copyFileSync(shipped, path));
    await untilAllPass();
    replace((path) => writeFileSync(path, "this is no bundle"));
    await expect.poll(isRejected, { timeout: 10_000 }).toBe(true);
    expect((await sendAll()).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe("a certificate", () => {
  const secured = (form: Form, party: string) => ({
    name: "tls",
    typed_config: {
      "@type": typed("extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
      common_tls_context: {
        tls_certificates: [
          { certificate_chain: { filename: meshFile(party) }, private_key: { filename: meshFile(`${party}-key`) } },
        ],
        validation_context: {
          trusted_ca: { filename: meshFile("ca") },
          match_typed_subject_alt_names: [{ san_type: "IP_ADDRESS", matcher: { exact: "127.0.0.1" } }],
        },
        alpn_protocols: [form === "grpc" ? "h2" : "http/1.1"],
      },
    },
  });
  const allowed = "URI:spiffe://mesh.example/ns/edge/sa/gateway";
  const settingsOf = (ports: Readonly<Record<Form, number>>, party: string): string => {
    const tls = `{ cert_file: "${meshFile(party)}", key_file: "${meshFile(`${party}-key`)}", ca_file: "${meshFile("ca")}", allowed_names: ["${allowed}"] }`;
    return forms
      .map(
        (form) =>
          `  - { name: ${form}, address: "127.0.0.1:${ports[form]}", doors: [${doors[form]}], callers: mtls, tls: ${tls}, ext_authz: ${extAuthz} }\n`,
      )
      .join("");
  };

  test("of another authority on Chaperone's side is not asked, until it has its own again", async () => {
    const ports = { grpc: await findFreePort(), http: await findFreePort() };
    house = await serve(folder.path, settingsOf(ports, "stranger"));
    await startGateways((form) => ({
      address: `http://127.0.0.1:${ports[form]}`,
      transport: secured(form, "gateway"),
    }));
    await expectNonePass();
    await house.stop();
    house = await serve(folder.path, settingsOf(ports, "server"));
    await untilAllPass();
    await house.stop();
    house = await serve(folder.path, settingsOf(ports, "agent"));
    await expectNonePass();
  });

  test.each(["agent", "stranger"])("of the %s on the gateway's side gets no answer", async (party) => {
    const ports = { grpc: await findFreePort(), http: await findFreePort() };
    house = await serve(folder.path, settingsOf(ports, "server"));
    await startGateways((form) => ({ address: `http://127.0.0.1:${ports[form]}`, transport: secured(form, party) }));
    await expectNonePass();
  });
});
