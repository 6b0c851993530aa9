/** Who may call: the socket, a credential, nobody's word. */
import { describe, expect, test } from "vitest";
import type { CallerOptions, ListenerOptions } from "../../src/doors/index.ts";
import { createFakeHouse, foundingBody, gatewayCredential, operatorCredential } from "../fakes/doors-house.ts";
import { call, createFolder, open, socketListener, tcpListener } from "../fakes/open-house.ts";
import { codesOf, rawRequest, sendRaw, statusesOf } from "../fakes/raw-connection.ts";

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

async function openTcp(parts: Partial<ListenerOptions> = {}) {
  const house = createFakeHouse();
  const { addresses } = await open(house, [tcpListener({ doors: ["authorize", "public", "admin"], ...parts })]);
  return { house, address: addresses[0]?.address };
}

describe("a gateway at a TCP address", () => {
  test("is believed with its credential, under the name that the credential has", async () => {
    const { house, address } = await openTcp();
    const answer = await call(address, { body: foundingBody, headers: bearer(gatewayCredential) });
    expect(answer.json).toMatchObject({ allow: true });
    expect(house.asked[0]?.origin).toMatchObject({ gateway: "edge", listener: "tcp" });
  });

  test("may write the scheme as it likes", async () => {
    const { address } = await openTcp();
    const headers = { authorization: `bearer  ${gatewayCredential}` };
    expect((await call(address, { body: foundingBody, headers })).status).toBe(200);
  });

  const refused: Record<string, Record<string, string>> = {
    "no credential, though it comes from loopback": {},
    "an empty credential": { authorization: "Bearer " },
    "a credential without its last character": bearer(gatewayCredential.slice(0, -1)),
    "a credential with one character more": bearer(`${gatewayCredential}x`),
    "a credential in another case": bearer(gatewayCredential.toUpperCase()),
    "the operator's credential": bearer(operatorCredential),
    "the credential without a scheme": { authorization: gatewayCredential },
    "another scheme": { authorization: `Basic ${Buffer.from(`edge:${gatewayCredential}`).toString("base64")}` },
    "two credentials in one header": { authorization: `Bearer ${gatewayCredential}, Bearer ${gatewayCredential}` },
    "the header of another door": { "x-chaperone-gateway-credential": gatewayCredential },
    "a proxy's header": { "proxy-authorization": `Bearer ${gatewayCredential}` },
    "the word of a proxy": { "x-forwarded-for": "127.0.0.1", "x-forwarded-client-cert": "URI=spiffe://mesh/gateway" },
  };
  test.each(Object.entries(refused))("is refused with %s", async (_what, headers) => {
    const { house, address } = await openTcp();
    const answer = await call(address, { body: foundingBody, headers });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
    expect(answer.json).toEqual({
      code: "credential_required",
      message: "The caller did not prove who it is.",
    });
    expect(house.asked).toEqual([]);
    expect(house.turnedAway).toEqual(["credential_required"]);
  });

  test("is refused with the header twice, even when both are right", async () => {
    const { house, address } = await openTcp();
    const line = `Authorization: Bearer ${gatewayCredential}`;
    const answered = await sendRaw(
      address,
      rawRequest(
        [
          "POST /v1/authorize HTTP/1.1",
          "Host: localhost",
          "Content-Type: application/json",
          "Connection: close",
          line,
          line.replace("Authorization", "AUTHORIZATION"),
          `Content-Length: ${foundingBody.length}`,
        ],
        foundingBody,
      ),
    );
    expect(statusesOf(answered)).toEqual([401]);
    expect(codesOf(answered)).toEqual(["credential_required"]);
    expect(house.asked).toEqual([]);
  });
});

describe("an operator", () => {
  test("sees the status with the operator's credential", async () => {
    const { address } = await openTcp();
    const answer = await call(address, { path: "/admin/v1/status", headers: bearer(operatorCredential) });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ version: "test" });
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  test.each([{}, bearer(gatewayCredential), bearer(`${operatorCredential} `.repeat(2))])(
    "is nobody who shows something else",
    async (headers) => {
      const { address } = await openTcp();
      const answer = await call(address, { path: "/admin/v1/status", headers });
      expect(answer.status).toBe(401);
      expect(answer.json).toMatchObject({ code: "credential_required" });
    },
  );

  test("is nobody at the socket either, unless the credential is shown", async () => {
    const listener = socketListener(await createFolder(), { doors: ["authorize", "admin"] });
    const { addresses } = await open(createFakeHouse(), [listener]);
    expect((await call(addresses[0]?.address, { path: "/admin/v1/status" })).status).toBe(401);
  });
});

describe("a web page", () => {
  const fromPages: Record<string, string>[] = [
    { origin: "https://attacker.example" },
    { origin: "null" },
    { origin: "http://localhost:8181" },
    { "sec-fetch-site": "cross-site" },
  ];
  test.each(fromPages)("is refused although it has the credential: %o", async (headers) => {
    const { house, address } = await openTcp();
    const authorize = await call(address, {
      body: foundingBody,
      headers: { ...headers, ...bearer(gatewayCredential) },
    });
    const admin = await call(address, {
      path: "/admin/v1/status",
      headers: { ...headers, ...bearer(operatorCredential) },
    });
    expect([authorize.status, admin.status]).toEqual([403, 403]);
    expect(authorize.json).toMatchObject({ code: "origin_not_accepted" });
    expect(house.asked).toEqual([]);
  });

  test("may read public keys", async () => {
    const { address } = await openTcp();
    const headers = { origin: "https://resource.example" };
    expect((await call(address, { path: "/.well-known/jwks.json", headers })).status).toBe(200);
  });
});

describe("a Host header", () => {
  const accepted = ["localhost", "LOCALHOST:8181", "127.0.0.1", "10.1.2.3:80", "[::1]:8181", "chaperone.internal"];
  test.each(accepted)("that no web page can rebind is accepted: %s", async (host) => {
    const { address } = await openTcp({ hosts: ["Chaperone.internal"] });
    expect((await call(address, { path: "/.well-known/jwks.json", headers: { host } })).status).toBe(200);
  });

  const refused = [
    "attacker.example",
    "localhost.attacker.example",
    "localhost.",
    "127.0.0.1.nip.io",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "localhost@attacker.example",
    "localhost:8181:80",
    "[::1",
    "[attacker]",
    "user:pass@localhost",
    "localhost, attacker.example",
  ];
  test.each(refused)("that names something else is refused at every door: %s", async (host) => {
    const { house, address } = await openTcp();
    const headers = { host, ...bearer(gatewayCredential) };
    const authorize = await call(address, { body: foundingBody, headers });
    const keys = await call(address, { path: "/.well-known/jwks.json", headers: { host } });
    expect([authorize.status, keys.status]).toEqual([421, 421]);
    expect(authorize.json).toMatchObject({ code: "host_not_accepted" });
    expect(house.asked).toEqual([]);
  });

  test.each([
    ["GET /.well-known/jwks.json HTTP/1.1", "Connection: close"],
    ["GET /.well-known/jwks.json HTTP/1.0"],
    ["GET /.well-known/jwks.json HTTP/1.1", "Connection: close", "Host: "],
    ["GET /.well-known/jwks.json HTTP/1.1", "Connection: close", "Host: localhost", "Host: localhost"],
    ["GET /.well-known/jwks.json HTTP/1.1", "Connection: close", "Host: localhost", "host: attacker.example"],
  ])("stands there exactly once: %s", async (...lines) => {
    const { address } = await openTcp();
    const answered = await sendRaw(address, rawRequest(lines));
    expect(statusesOf(answered)).toEqual([421]);
  });
});

describe("at the socket", () => {
  test("the caller is the configured gateway, whatever it says of itself", async () => {
    const house = createFakeHouse();
    const { addresses } = await open(house, [socketListener(await createFolder())]);
    const headers = { ...bearer(gatewayCredential), host: "anything.example", "x-gateway": "other" };
    await call(addresses[0]?.address, { body: foundingBody, headers });
    expect(house.asked[0]?.origin.gateway).toBe("local");
  });

  test("a credential can be asked for besides", async () => {
    const callers: CallerOptions = { kind: "credential" };
    const { addresses } = await open(createFakeHouse(), [socketListener(await createFolder(), { callers })]);
    const address = addresses[0]?.address;
    expect((await call(address, { body: foundingBody })).status).toBe(401);
    expect((await call(address, { body: foundingBody, headers: bearer(gatewayCredential) })).status).toBe(200);
  });
});
