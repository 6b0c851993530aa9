/**
 * The agent's side behind nginx and Caddy, which ask by a request of their own and remove nothing from the call by
 * themselves: what their pages tell an operator to write lets our token through and nothing that a client made up.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { gatewayCredential, makeFolder } from "../acceptance/served-house.ts";
import { runCaddy } from "../fakes/caddy.ts";
import { type EchoUpstream, startEchoUpstream } from "../fakes/echo-upstream.ts";
import type { RunningGateway, SentHeaders } from "../fakes/gateway-process.ts";
import { agent, payloadOf, person } from "../fakes/held-operations.ts";
import { runNginx } from "../fakes/nginx.ts";
import { caddyLog, caddySite, withLine } from "./caddy-sites.ts";
import { agentName, personHeader } from "./identity-providers.ts";
import { nginxLocations } from "./nginx-locations.ts";
import { booking, host, startTravelMesh, toolCall, type TravelMesh } from "./travel-mesh.ts";

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

const site = (listener = "caddy"): string =>
  caddySite("issue", { address: mesh.agentSide.url(listener), upstream: upstream.address });
const showCredential = `header_up X-Chaperone-Gateway-Credential ${gatewayCredential}`;

const starters: Readonly<Record<string, () => Promise<RunningGateway>>> = {
  nginx: () =>
    runNginx({ locations: nginxLocations("issue", mesh.agentSide.url("nginx")), upstream: upstream.address }),
  Caddy: () => runCaddy(site()),
  "Caddy with a credential": () => runCaddy(withLine(site("caddy-credential"), "uri /", showCredential)),
  "Caddy that trusts what clients forward": () =>
    runCaddy(withLine(site(), "uri /", "trusted_proxies private_ranges 127.0.0.0/8")),
};

/** What a client could write to be taken for somebody else, or its call for another. */
const forged: Readonly<Record<string, string>> = {
  "x-person": payloadOf({ ...person, sub: "alice" }),
  "x-agent": payloadOf(agent),
  "x-chaperone-gateway-credential": "a-credential-that-a-client-made-up-0123456789",
  "x-forwarded-host": "evil.example",
  "x-forwarded-method": "GET",
  "x-forwarded-uri": "/admin",
  "x-original-method": "GET",
  "x-original-uri": "/admin",
};

describe.each(Object.entries(starters))("through %s", (name, start) => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.stop());

  async function expectAway(headers: SentHeaders, statuses: readonly number[], target = booking): Promise<void> {
    const before = upstream.received.length;
    const { status, received } = await gateway.send(target, headers, "{}");
    expect(received).toBeUndefined();
    expect(statuses).toContain(status);
    expect(upstream.received).toHaveLength(before);
  }

  test("the founding call arrives with a token that the resource verifies, and without those of person and agent", async () => {
    const { status, received } = await gateway.send(booking, alice, "{}");
    expect(status).toBe(200);
    expect(received).toMatchObject({ method: "POST", target: booking, headers: { host, "content-length": "2" } });
    const claims = await mesh.verify(received?.headers["authorization"]);
    expect(claims).toMatchObject({ sub: "alice", roles: ["flight-booker"], scope: "flights:book" });
    expect(claims["act"]).toMatchObject({ sub: agentName });
    expect(received?.headers).not.toHaveProperty(personHeader);
    for (const shown of [alice["authorization"], alice[personHeader]]) {
      expect(JSON.stringify(received)).not.toContain(String(shown).split(".").at(-1));
    }
  });

  test("Marketing does not leave", () => expectAway(mark, [403]));

  test("a call that nobody declared does not leave, nor one that only its body would tell", async () => {
    await expectAway(alice, [403], "/admin");
    await expectAway({ ...alice, "content-type": "application/json" }, [403], toolCall);
  });

  test("what a client forges gets it nowhere, without tokens or with those of somebody else", async () => {
    await expectAway({ host, ...forged }, [401]);
    await expectAway({ ...mark, ...forged }, [403]);
    const named = { "x-forwarded-uri": booking, "x-original-uri": booking, "x-forwarded-host": host };
    await expectAway({ ...alice, ...named }, [403], "/admin");
    await expectAway({ ...alice, ...named, host: "evil.example" }, [403]);
  });

  test("what a client forges beside its tokens changes nothing and does not arrive", async () => {
    const { status, received } = await gateway.send(booking, { ...alice, ...forged, "x-trace": "kept" }, "{}");
    expect([status, received?.method, received?.target]).toEqual([200, "POST", booking]);
    const { headers = {} } = received ?? {};
    expect(await mesh.verify(headers["authorization"])).toMatchObject({ sub: "alice" });
    expect(headers).toMatchObject({ host, "x-trace": "kept" });
    expect(headers).not.toHaveProperty("x-chaperone-gateway-credential");
    const told = name === "nginx" ? [] : ["x-forwarded-method", "x-forwarded-uri"];
    for (const each of told) expect(headers).not.toHaveProperty(each);
    if (name !== "nginx") expect(headers["x-forwarded-host"]).not.toBe("evil.example");
  });

  test("a second authorization, or one of an agent's own making, is not taken", async () => {
    const [, token = ""] = String(alice["authorization"]).split(" ");
    const [head = "", , signature = ""] = token.split(".");
    const widened = payloadOf({ ...decodeJwt(token), Capabilities: "book_flight cancel_flight" });
    await expectAway({ ...alice, authorization: `Bearer ${[head, widened, signature].join(".")}` }, [401]);
    // nginx takes one alone.
    await expectAway({ ...alice, authorization: [String(alice["authorization"]), `Bearer ${signature}`] }, [400, 401]);
    await expectAway({ host, [personHeader]: token, authorization: `Bearer ${String(alice[personHeader])}` }, [401]);
  });

  test.each([
    "authorization",
    personHeader,
    "x-chaperone-gateway-credential",
    "x-forwarded-uri, x-forwarded-method, x-forwarded-host",
    "x-original-uri, x-original-method",
    "x-http-method-override",
    "host",
  ])("a client that names %s in Connection takes nothing off", async (names) => {
    const connection = `close, ${names}`;
    const { status, received } = await gateway.send(booking, { ...alice, connection }, "{}");
    expect([status, received?.method, received?.target]).toEqual([200, "POST", booking]);
    expect(received?.headers).toMatchObject({ host });
    expect(await mesh.verify(received?.headers["authorization"])).toMatchObject({ sub: "alice" });
    expect(received?.headers).not.toHaveProperty(personHeader);
    await expectAway({ ...alice, connection, "x-http-method-override": "DELETE" }, [403]);
  });

  test("a client that waits to be told to go on gets the same answers", async () => {
    const expecting = { expect: "100-continue" };
    const { status, received } = await gateway.send(booking, { ...alice, ...expecting }, "{}");
    expect([status, received?.method, received?.target]).toEqual([200, "POST", booking]);
    expect(await mesh.verify(received?.headers["authorization"])).toMatchObject({ sub: "alice" });
    await expectAway({ ...mark, ...expecting }, [403]);
    await expectAway({ ...mark, expect: "something else" }, [403, 417, 500, 502]);
  });

  test("a client that asks for another protocol gets none", async () => {
    const upgrade = { connection: "Upgrade", upgrade: "websocket" };
    const { status, received } = await gateway.send(booking, { ...alice, ...upgrade }, "{}");
    expect([status, received?.headers["upgrade"]]).toEqual([200, undefined]);
    await expectAway({ ...mark, ...upgrade }, [403]);
  });
});

test("the access log that Caddy's page shows has the call and no token of anybody", async () => {
  const folder = makeFolder();
  const path = join(folder.path, "access.log");
  const caddy = await runCaddy(`${caddyLog(path)}\n${site()}`);
  const tokens = [alice["authorization"], alice[personHeader]].map((shown) => String(shown).split(".").at(-1) ?? "");
  try {
    expect(await caddy.send(booking, { ...alice, "x-trace": "kept" }, "{}")).toMatchObject({ status: 200 });
    await vi.waitFor(() => expect(readFileSync(path, "utf8")).toContain("kept"));
    expect(tokens.filter((signature) => readFileSync(path, "utf8").includes(signature))).toEqual([]);
  } finally {
    await caddy.stop();
    folder.remove();
  }
});

describe("a listener that wants a credential, asked by Caddy, answers no call", () => {
  const withoutPass = async (shown: string, headers: SentHeaders): Promise<void> => {
    const caddy = await runCaddy(site("caddy-credential").replace("uri /", `uri /\n${shown}`));
    try {
      const { length } = upstream.received;
      expect(await caddy.send(booking, headers, "")).toMatchObject({ status: 403, received: undefined });
      expect(upstream.received).toHaveLength(length);
    } finally {
      await caddy.stop();
    }
  };

  test("when it shows none", () => withoutPass("", alice));

  test("when it shows another, though its client shows the right one", () =>
    withoutPass("header_up X-Chaperone-Gateway-Credential another-credential-0123456789abcdef", {
      ...alice,
      "x-chaperone-gateway-credential": gatewayCredential,
    }));
});
