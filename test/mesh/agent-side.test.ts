/** The agent's side behind the real Envoy: the founding call leaves with our token, and nothing that a client made up does. */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewayCredential } from "../acceptance/served-house.ts";
import { type EchoUpstream, startEchoUpstream } from "../fakes/echo-upstream.ts";
import { runEnvoy, startEnvoy } from "../fakes/envoy.ts";
import type { RunningGateway, SentHeaders } from "../fakes/gateway-process.ts";
import { agent, payloadOf, person } from "../fakes/held-operations.ts";
import { agentName, personHeader } from "./identity-providers.ts";
import { booking, host, startTravelMesh, toolCall, type TravelMesh, ways } from "./travel-mesh.ts";

let mesh: TravelMesh;
let upstream: EchoUpstream;
let alice: SentHeaders;
let mark: SentHeaders;

beforeAll(async () => {
  [mesh, upstream] = await Promise.all([startTravelMesh(), startEchoUpstream()]);
  alice = { host, ...(await mesh.providers.tokens("alice")) };
  mark = { host, ...(await mesh.providers.tokens("mark")) };
});
afterAll(async () => {
  upstream.close();
  await mesh.close();
});

/** What the identity providers signed, wherever in the answer it would stand. */
const signedByProviders = (headers: SentHeaders): string[] =>
  [headers["authorization"], headers[personHeader]].map((value) => String(value).split(".").at(-1) ?? "");

describe.each(ways)("through Envoy by %s", (way) => {
  let envoy: RunningGateway;
  beforeAll(async () => {
    envoy = await runEnvoy({ ...mesh.asks(way), upstream: upstream.address });
  });
  afterAll(() => envoy.stop());

  test("the founding call arrives with a token that the resource verifies, and without those of person and agent", async () => {
    const { status, received } = await envoy.send(booking, alice, "{}");
    expect(status).toBe(200);
    expect(received).toMatchObject({ method: "POST", target: booking, headers: { host } });
    const claims = await mesh.verify(received?.headers["authorization"]);
    expect(claims).toMatchObject({ sub: "alice", roles: ["flight-booker"], scope: "flights:book" });
    expect(claims["act"]).toMatchObject({ sub: agentName });
    await expect(mesh.verify(received?.headers["authorization"], "https://erp.example/api")).rejects.toThrow("aud");
    const arrived = JSON.stringify(received);
    for (const signature of signedByProviders(alice)) expect(arrived).not.toContain(signature);
    for (const name of [personHeader, "x-person", "x-agent"]) expect(received?.headers).not.toHaveProperty(name);
  });

  test("Marketing does not leave", async () => {
    const before = upstream.received.length;
    const answer = await envoy.send(booking, mark, "{}");
    expect(answer).toMatchObject({ status: 403, headers: { "content-type": "application/problem+json" } });
    expect(answer.text).toMatch(/^\{"title":"denied","status":403,"decision_id":"d-[\w-]{22}"\}$/);
    expect(upstream.received).toHaveLength(before);
  });

  test.each([
    ["nothing is asked for by it", "GET", booking, 403],
    ["the agent is not able to", "DELETE", "/flights/LH400", 403],
  ])("a call stays where %s", async (_why, method, target, status) => {
    expect(await envoy.send(target, alice, undefined, method)).toMatchObject({ status, received: undefined });
  });

  const forged: Readonly<Record<string, string>> = {
    "x-person": payloadOf({ ...person, sub: "alice" }),
    "x-agent": payloadOf(agent),
    "x-chaperone-gateway-credential": "a-credential-that-a-client-made-up-0123456789",
    "x-envoy-auth-headers-to-remove": "host",
    "x-envoy-auth-partial-body": "true",
  };

  test("what a client forges gets it nowhere without tokens", async () => {
    const before = upstream.received.length;
    const bare = await envoy.send(booking, { host, ...forged }, "{}");
    expect(bare).toMatchObject({ status: 401, received: undefined });
    const byMark = await envoy.send(booking, { ...mark, ...forged }, "{}");
    expect(byMark).toMatchObject({ status: 403, received: undefined });
    const twice = { ...mark, ...forged, "x-person": [forged["x-person"] ?? "", payloadOf(person)] };
    expect(await envoy.send(booking, twice, "{}")).toMatchObject({ status: 403, received: undefined });
    expect(upstream.received).toHaveLength(before);
  });

  test("what a client forges beside its tokens does not arrive", async () => {
    const { received } = await envoy.send(booking, { ...alice, ...forged, "x-trace": "kept" }, "{}");
    const { headers = {} } = received ?? {};
    expect(await mesh.verify(headers["authorization"])).toMatchObject({ sub: "alice" });
    expect(headers["x-trace"]).toBe("kept");
    // Payloads are evidence only where the listener reads them; elsewhere they are a client's own headers.
    const evidence = way === "http" ? ["x-person", "x-agent"] : [];
    for (const name of [...evidence, "x-chaperone-gateway-credential"]) expect(headers).not.toHaveProperty(name);
  });

  test("a second authorization, or one of an agent's own making, is not taken", async () => {
    const [, token = ""] = String(alice["authorization"]).split(" ");
    const [head = "", , signature = ""] = token.split(".");
    const widened = payloadOf({ ...decodeJwt(token), Capabilities: "book_flight cancel_flight" });
    const made = { ...alice, authorization: `Bearer ${[head, widened, signature].join(".")}` };
    expect(await envoy.send(booking, made, "{}")).toMatchObject({ status: 401, received: undefined });
    const two = { ...alice, authorization: [String(alice["authorization"]), `Bearer ${signature}`] };
    expect(await envoy.send(booking, two, "{}")).toMatchObject({ status: 401, received: undefined });
  });

  test("person and agent do not change places", async () => {
    const [, agentToken = ""] = String(alice["authorization"]).split(" ");
    const swapped = { host, [personHeader]: agentToken, authorization: `Bearer ${String(alice[personHeader])}` };
    expect(await envoy.send(booking, swapped, "{}")).toMatchObject({ status: 401, received: undefined });
  });
});

describe.each(["grpc", "http"] as const)("an Envoy that lets callers without tokens through to us, by %s", (way) => {
  test("gets nothing for a forged payload, because it takes that away itself", async () => {
    const payloads = way === "grpc" ? "metadata" : "headers";
    const before = [mesh.providers.jwtAuthn(payloads, "both_or_none")];
    const envoy = await runEnvoy({ ...mesh.asks(way), before, upstream: upstream.address });
    try {
      const { length } = upstream.received;
      const forged = { host, "x-person": payloadOf(person), "x-agent": payloadOf(agent) };
      const answer = await envoy.send(booking, forged, "{}");
      expect(answer).toMatchObject({ status: 401, headers: { "www-authenticate": "Bearer" } });
      expect(JSON.parse(answer.text)).toEqual({ title: "evidence", status: 401 });
      expect(upstream.received).toHaveLength(length);
      expect(await envoy.send(booking, alice, "{}")).toMatchObject({ status: 200 });
    } finally {
      await envoy.stop();
    }
  });
});

describe.each(["grpc", "http"] as const)("a call that only its body tells, by %s", (way) => {
  const limit = 256;
  const call = (name: string, more: object = {}) =>
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, ...more } });
  let envoy: RunningGateway;

  beforeAll(async () => {
    const { filter, ...parts } = mesh.asks(way);
    const with_request_body = { max_request_bytes: limit, allow_partial_message: true };
    envoy = await runEnvoy({ ...parts, filter: { ...filter, with_request_body }, upstream: upstream.address });
  });
  afterAll(() => envoy.stop());

  const send = (body: string, type = "application/json") =>
    envoy.send(toolCall, { ...alice, "content-type": type }, body);

  test("passes with the tool that the agent may use", async () => {
    const { status, received } = await send(call("book_flight"));
    expect(status).toBe(200);
    expect(await mesh.verify(received?.headers["authorization"])).toMatchObject({ sub: "alice" });
  });

  test.each([
    ["another tool", call("cancel_flight")],
    ["a batch", `[${call("book_flight")},${call("cancel_flight")}]`],
    ["a tool twice", call("book_flight").replace('"name":', '"name":"cancel_flight","name":')],
    ["a body that Envoy cut off", call("book_flight", { note: "x".repeat(limit) })],
    ["a cut body that looks whole", call("book_flight").padEnd(limit, " ") + ',"params":{"name":"cancel_flight"}'],
    ["no JSON", "method=tools/call"],
    ["nothing", ""],
  ])("does not with %s", async (_what, body) => {
    const before = upstream.received.length;
    expect(await send(body)).toMatchObject({ status: 403 });
    expect(upstream.received).toHaveLength(before);
  });

  test("does not when its client says that Envoy cut nothing off", async () => {
    const cut = call("book_flight").padEnd(limit, " ") + ',"params":{"name":"cancel_flight"}';
    const headers = { ...alice, "content-type": "application/json", "x-envoy-auth-partial-body": "false" };
    expect(await envoy.send(toolCall, headers, cut)).toMatchObject({ status: 403, received: undefined });
  });

  test("does not as another type, or compressed", async () => {
    expect(await send(call("book_flight"), "text/plain")).toMatchObject({ status: 403 });
    const headers = { ...alice, "content-type": "application/json", "content-encoding": "gzip" };
    expect(await envoy.send(toolCall, headers, call("book_flight"))).toMatchObject({ status: 403 });
  });
});

describe("a listener that wants a credential, asked by HTTP", () => {
  const start = (credential: string | undefined, hands: readonly string[]) => {
    const patterns = hands.map((exact) => ({ exact }));
    const address = mesh.agentSide.url("http-credential");
    const shown = credential === undefined ? {} : { credential };
    return startEnvoy({ ...mesh.asks("http"), address, ...shown, filter: { allowed_headers: { patterns } } });
  };
  const payloads = ["x-person", "x-agent"];
  const name = "x-chaperone-gateway-credential";

  test("answers the gateway that shows it, whatever its client shows", async () => {
    const envoy = await start(gatewayCredential, payloads);
    expect(await envoy.send(booking, alice, "")).toMatchObject({ status: 200 });
    const { status, received } = await envoy.send(booking, { ...alice, [name]: "of the client" }, "");
    expect(status).toBe(200);
    expect(received?.headers).not.toHaveProperty(name);
  });

  test("answers no other, and a client's own does not help it", async () => {
    const envoy = await start(undefined, payloads);
    expect(await envoy.send(booking, alice, "")).toMatchObject({ status: 403, received: undefined });
    const headers = { ...alice, [name]: gatewayCredential };
    expect(await envoy.send(booking, headers, "")).toMatchObject({ status: 403, received: undefined });
  });
});
