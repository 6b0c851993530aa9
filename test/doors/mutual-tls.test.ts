/** A mesh certificate alone proves nothing: the agent has one too. Only the exact names of the listener count. */
import { request } from "node:https";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ListenerOptions, openListeners } from "../../src/doors/index.ts";
import { createFakeHouse, foundingBody } from "../fakes/doors-house.ts";
import { hostAndPort, open, tcpListener } from "../fakes/open-house.ts";
import { connectRaw, readToEnd } from "../fakes/raw-connection.ts";

const pem = (name: string): string => join(import.meta.dirname, "..", "fixtures", "mtls", `${name}.pem`);
const gatewayName = "URI:spiffe://mesh.example/ns/edge/sa/gateway";

function mutualListener(allowedNames: readonly string[], parts: Partial<ListenerOptions> = {}): ListenerOptions {
  const mtls = { certFile: pem("server"), keyFile: pem("server-key"), caFile: pem("ca"), allowedNames };
  return tcpListener({
    address: { kind: "tcp", host: "127.0.0.1", port: 0, mtls },
    callers: { kind: "mtls" },
    ...parts,
  });
}

/** The status, or the code of the broken handshake. */
function askAs(party: string | undefined, address: string | undefined): Promise<number | string> {
  const identity =
    party === undefined ? {} : { cert: readFileSync(pem(party)), key: readFileSync(pem(`${party}-key`)) };
  return new Promise((resolve) => {
    const sent = request({
      ...hostAndPort(address),
      ...identity,
      ca: readFileSync(pem("ca")),
      agent: false,
      method: "POST",
      path: "/v1/authorize",
      headers: { "content-type": "application/json" },
    });
    sent.on("error", (error) => resolve("code" in error ? String(error.code) : error.message));
    sent.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.end(foundingBody);
  });
}

async function openMutual(allowedNames: readonly string[], parts: Partial<ListenerOptions> = {}) {
  const house = createFakeHouse();
  const { addresses } = await open(house, [mutualListener(allowedNames, parts)]);
  return { house, address: addresses[0]?.address };
}

describe("a listener with mutual TLS", () => {
  test("believes the certificate with the configured name, and calls the gateway by it", async () => {
    const { house, address } = await openMutual([gatewayName]);
    expect(address).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await askAs("gateway", address)).toBe(200);
    expect(house.asked[0]?.origin.gateway).toBe(gatewayName);
  });

  test("refuses the agent beside it, whose certificate comes from the same mesh", async () => {
    const { house, address } = await openMutual([gatewayName]);
    expect(await askAs("agent", address)).toBe(401);
    expect(house.asked).toEqual([]);
  });

  test("refuses one name that prints like two", async () => {
    const { address } = await openMutual([gatewayName]);
    expect(await askAs("posing", address)).toBe(401);
  });

  test.each([`${gatewayName}/`, "URI:spiffe://mesh.example/ns/edge/sa/", "DNS:gateway"])(
    "does not believe a name that is not exactly the configured %s",
    async (name) => {
      const { address } = await openMutual([name]);
      expect(await askAs("gateway", address)).toBe(401);
    },
  );

  test.each([undefined, "stranger"])("shakes no hands with %s", async (party) => {
    const { house, address } = await openMutual([gatewayName]);
    expect(typeof (await askAs(party, address))).toBe("string");
    expect(house.asked).toEqual([]);
  });

  test("may ask for a credential besides; then no certificate replaces it", async () => {
    const { address } = await openMutual([gatewayName], { callers: { kind: "credential" } });
    expect(await askAs("gateway", address)).toBe(401);
  });

  test.each([[], ["spiffe://mesh.example/ns/edge/sa/gateway"], ["gateway"]])(
    "does not open with names that could never be proved: %j",
    async (...names) => {
      const opened = openListeners([mutualListener(names)], createFakeHouse());
      await expect(opened).rejects.toMatchObject({ code: "listener_callers_wrong" });
    },
  );

  test("does not wait for hands that are never shaken when it closes", async () => {
    const { addresses, drain } = await openListeners([mutualListener([gatewayName])], createFakeHouse());
    const socket = connectRaw(addresses[0]?.address);
    await new Promise((resolve) => socket.once("connect", resolve));
    const ended = readToEnd(socket);
    await drain(20);
    expect(await ended).toBe("");
  });
});
