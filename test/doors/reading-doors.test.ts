/** The doors that are read: public, probe and admin. */
import { discoveryRequest, processDiscoveryResponse, allowInsecureRequests } from "oauth4webapi";
import { describe, expect, test } from "vitest";
import type { DoorsHouse, ListenerOptions } from "../../src/doors/index.ts";
import { parseIssuer } from "../../src/domain/identifiers.ts";
import { createFakeHouse, operatorCredential } from "../fakes/doors-house.ts";
import { findFreePort } from "../fakes/free-port.ts";
import { call, open, tcpListener } from "../fakes/open-house.ts";
import { known } from "../fakes/path-ports.ts";

async function openDoors(parts: Partial<DoorsHouse> = {}, listener: Partial<ListenerOptions> = {}) {
  const house = createFakeHouse(parts);
  const { addresses } = await open(house, [tcpListener({ doors: ["public", "probe", "admin"], ...listener })]);
  return { house, address: addresses[0]?.address };
}

describe("the public door", () => {
  test("shows the keys of this moment and how long they may be kept", async () => {
    const asked: number[] = [];
    const key = { kty: "EC", kid: "k1", alg: "ES256", use: "sig", crv: "P-256", x: "x", y: "y" } as const;
    const keys = { publicKeys: (now: number) => (asked.push(now), [key]) };
    const { address } = await openDoors({ keys, jwksCacheSeconds: 120 });
    const answer = await call(address, { path: "/.well-known/jwks.json" });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ keys: [key] });
    expect(answer.headers).toMatchObject({
      "cache-control": "public, max-age=120",
      "content-type": "application/json; charset=utf-8",
      "x-content-type-options": "nosniff",
    });
    expect(answer.headers["x-powered-by"]).toBeUndefined();
    expect(asked).toEqual([1_781_000_000]);
  });

  test("says 304 to one who has them already, and HEAD without a body", async () => {
    const { address } = await openDoors();
    const { headers } = await call(address, { path: "/.well-known/jwks.json" });
    const again = await call(address, {
      path: "/.well-known/jwks.json",
      headers: { "if-none-match": headers.etag ?? "" },
    });
    expect([again.status, again.text]).toEqual([304, ""]);
    const head = await call(address, { method: "HEAD", path: "/.well-known/jwks.json" });
    expect([head.status, head.text]).toEqual([200, ""]);
  });

  test("shows metadata of what is on, with the issuer byte for byte", async () => {
    const { address } = await openDoors();
    const answer = await call(address, { path: "/.well-known/oauth-authorization-server" });
    expect(answer.json).toEqual({
      issuer: "http://localhost:8181",
      jwks_uri: "http://localhost:8181/.well-known/jwks.json",
      response_types_supported: [],
      grant_types_supported: [],
    });
  });

  const issuers: [string, string, string][] = [
    ["https://chaperone.example", "", "https://chaperone.example/.well-known/jwks.json"],
    ["https://chaperone.example/", "", "https://chaperone.example/.well-known/jwks.json"],
    ["https://Chaperone.example:443/Tenant", "/Tenant", "https://Chaperone.example:443/.well-known/jwks.json/Tenant"],
    ["https://chaperone.example/a/b/", "/a/b", "https://chaperone.example/.well-known/jwks.json/a/b"],
  ];
  test.each(issuers)("puts the well-known names between host and path of %s", async (text, path, jwksUri) => {
    const { address } = await openDoors({ issuer: known(parseIssuer(text)) });
    const metadata = await call(address, { path: `/.well-known/oauth-authorization-server${path}` });
    expect(metadata.json).toMatchObject({ issuer: text, jwks_uri: jwksUri });
    const keys = await call(address, { path: jwksUri.replace(/^https:\/\/[^/]+/, "") });
    expect(keys.json["keys"]).toHaveLength(1);
  });

  test("accepts the issuer's own host by name", async () => {
    const { address } = await openDoors({ issuer: known(parseIssuer("https://chaperone.example/tenant")) });
    const path = "/.well-known/jwks.json/tenant";
    expect((await call(address, { path, headers: { host: "chaperone.example" } })).status).toBe(200);
    expect((await call(address, { path, headers: { host: "chaperone.example.org" } })).status).toBe(421);
  });

  test("satisfies a standard client's discovery", async () => {
    const port = await findFreePort();
    const issuer = `http://127.0.0.1:${port}`;
    await openDoors({ issuer: known(parseIssuer(issuer)) }, { address: { kind: "tcp", host: "127.0.0.1", port } });
    const response = await discoveryRequest(new URL(issuer), { algorithm: "oauth2", [allowInsecureRequests]: true });
    const metadata = await processDiscoveryResponse(new URL(issuer), response);
    expect(metadata).toMatchObject({ issuer, jwks_uri: `${issuer}/.well-known/jwks.json` });
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("takes no %s", async (method) => {
    const { address } = await openDoors();
    const answer = await call(address, { method, path: "/.well-known/jwks.json" });
    expect([answer.status, answer.headers.allow]).toEqual([405, "GET, HEAD"]);
  });

  test("says 500 and nothing else when the keys cannot be had", async () => {
    const keys = {
      publicKeys: () => {
        throw new Error("secret words");
      },
    };
    const { house, address } = await openDoors({ keys });
    const answer = await call(address, { path: "/.well-known/jwks.json" });
    expect(answer.status).toBe(500);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.text).not.toContain("secret words");
    expect(house.faults).toHaveLength(1);
  });
});

describe("the probe door", () => {
  test("is alive", async () => {
    const { address } = await openDoors();
    expect((await call(address, { path: "/healthz" })).json).toEqual({ alive: true });
  });

  test("is ready or not, by the names of the checks and nothing of their details", async () => {
    const checks = { policy: { ok: true, detail: "revision abc" }, signing_key: { ok: false, detail: "/etc/key" } };
    const { address } = await openDoors({ readiness: () => ({ ready: false, checks }) });
    const answer = await call(address, { path: "/readyz" });
    expect(answer.status).toBe(503);
    expect(answer.json).toEqual({ ready: false, checks: { policy: true, signing_key: false } });
    const ready = await openDoors();
    expect((await call(ready.address, { path: "/readyz" })).status).toBe(200);
  });

  test("shows the metrics in the type they have", async () => {
    const { address } = await openDoors();
    const answer = await call(address, { path: "/metrics" });
    expect([answer.status, answer.text]).toEqual([200, "up 1\n"]);
    expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  });

  test("says 500 when the metrics cannot be had", async () => {
    const { house, address } = await openDoors({ metrics: () => Promise.reject(new Error("secret words")) });
    const answer = await call(address, { path: "/metrics" });
    expect(answer.status).toBe(500);
    expect(answer.json).toMatchObject({ code: "internal_fault" });
    expect(house.faults).toHaveLength(1);
  });

  test.each(["/healthz", "/readyz", "/metrics"])("takes GET alone at %s", async (path) => {
    const { address } = await openDoors();
    for (const method of ["HEAD", "POST", "OPTIONS"]) {
      const answer = await call(address, { method, path });
      expect([answer.status, answer.headers.allow]).toEqual([405, "GET"]);
    }
  });
});

test("the admin door takes GET alone, and the operator's credential does not change that", async () => {
  const { address } = await openDoors();
  const headers = { authorization: `Bearer ${operatorCredential}` };
  const answer = await call(address, { method: "POST", path: "/admin/v1/status", headers });
  expect([answer.status, answer.headers.allow]).toEqual([405, "GET"]);
});

test("a door that is not the listener's is not there", async () => {
  const { address } = await openDoors({}, { doors: ["probe"], callers: { kind: "open" } });
  for (const path of ["/v1/authorize", "/.well-known/jwks.json", "/admin/v1/status"]) {
    expect((await call(address, { path })).status).toBe(404);
  }
});
