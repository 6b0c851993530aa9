/** The HTTP dialects over real sockets: each reads its own headers, answers what its gateway understands, and fails to "no". */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExtAuthzOptions } from "../../../../src/doors/index.ts";
import type { DialectName } from "../../../../src/doors/ext-authz/http/dialects.ts";
import { deny, createFakeHouse, type FakeHouse, gatewayCredential } from "../../../fakes/doors-house.ts";
import { askedBy, dialectNames, type Held } from "../../../fakes/dialect-wires.ts";
import { agent, byPayload, inUse, payloadOf, person } from "../../../fakes/held-operations.ts";
import { type Answer, call, createFolder, open, socketListener, tcpListener } from "../../../fakes/open-house.ts";
import { rawRequest, sendRaw, statusesOf } from "../../../fakes/raw-connection.ts";

const evidence = { "x-person": payloadOf(person), "x-agent": payloadOf(agent) };

async function openDialect(name: DialectName, options: ExtAuthzOptions = byPayload, parts: Partial<FakeHouse> = {}) {
  const house = createFakeHouse(parts);
  const listener = socketListener(await createFolder(), { doors: [name], extAuthz: options });
  const { addresses } = await open(house, [listener]);
  const address = addresses[0]?.address;
  const ask = (held: Partial<Held> = {}): Promise<Answer> => {
    const { method = "POST", host = "flights.example", target = "/flights/LH400", headers = evidence } = held;
    return call(address, askedBy[name]({ ...held, method, host, target, headers }));
  };
  return { house, ask, address };
}

describe.each(dialectNames)("%s", (name) => {
  test("lets the founding call through with a role token and nothing else to read", async () => {
    const { ask, house } = await openDialect(name);
    const answer = await ask();
    expect(answer).toMatchObject({ status: 200, text: "" });
    expect(answer.headers.authorization).toBe("Bearer fake.role.token");
    expect(house.asked[0]?.call).toMatchObject({ method: "POST", host: "flights.example", path: "/flights/LH400" });
  });

  test("turns a denied call away, and says no more than its caller may know", async () => {
    const { ask } = await openDialect(name, byPayload, { decide: async () => deny });
    const answer = await ask();
    expect(answer.status).toBe(403);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(JSON.parse(answer.text)).toEqual({ title: "denied", status: 403, decision_id: "decision-1" });
    expect(answer.headers.authorization).toBeUndefined();
  });

  test("asks for evidence where there is none", async () => {
    const { ask } = await openDialect(name);
    const answer = await ask({ headers: {} });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
  });

  test("stands on the resource's side as it was told, and mints nothing there", async () => {
    const { ask, house } = await openDialect(name, inUse);
    const answer = await ask({ headers: { authorization: "Bearer role.token.shown" } });
    expect(answer.status).toBe(200);
    expect(answer.headers.authorization).toBeUndefined();
    expect(house.used).toMatchObject([{ evidence: { token: { compact: "role.token.shown" } } }]);
    expect((await ask()).status).toBe(401);
  });

  test("a header twice is no evidence", async () => {
    const { ask } = await openDialect(name);
    expect((await ask({ headers: { ...evidence, "x-person": [evidence["x-person"], "e30"] } })).status).toBe(401);
  });

  test.each(["/flights/../flights/LH400", "//flights/LH400", "/flights%2fLH400", "/flights/LH400;x", "/admin"])(
    "%s is no way around",
    async (target) => {
      const { ask, house } = await openDialect(name);
      expect((await ask({ target })).status).toBe(403);
      expect(house.asked).toEqual([]);
    },
  );

  test("takes nobody's word for a call over TCP without its credential, which is no header of the call", async () => {
    const house = createFakeHouse();
    const { addresses } = await open(house, [tcpListener({ doors: [name], extAuthz: byPayload })]);
    const ask = (headers: Record<string, string | string[]>) =>
      call(
        addresses[0]?.address,
        askedBy[name]({
          method: "POST",
          host: "flights.example",
          target: "/flights/LH400",
          headers: { ...evidence, ...headers },
        }),
      );
    const field = "x-chaperone-gateway-credential";
    for (const headers of [
      {},
      { authorization: `Bearer ${gatewayCredential}` },
      { [field]: "wrong-credential-of-the-test-0123456789" },
      { [field]: `Bearer ${gatewayCredential}` },
      { [field]: [gatewayCredential, gatewayCredential] },
    ]) {
      expect((await ask(headers)).status).toBe(403);
    }
    expect(house.asked).toEqual([]);
    expect((await ask({ [field]: gatewayCredential })).status).toBe(200);
  });

  test("more at once than agreed is a limit, and a broken house is a no", async () => {
    const entered = Promise.withResolvers<void>();
    const held = Promise.withResolvers<never>();
    const decide = () => {
      entered.resolve();
      return held.promise;
    };
    const house = createFakeHouse({ decide });
    const listener = socketListener(await createFolder(), { doors: [name], extAuthz: byPayload, concurrencyMax: 1 });
    const { addresses } = await open(house, [listener]);
    const ask = () =>
      call(
        addresses[0]?.address,
        askedBy[name]({ method: "POST", host: "flights.example", target: "/flights/LH400", headers: evidence }),
      );
    const first = ask();
    await entered.promise;
    const second = await ask();
    held.reject(new Error("broken"));
    const statuses = [(await first).status, second.status];
    expect(statuses).toEqual([403, name === "auth_request" ? 403 : 429]);
    expect(house.turnedAway).toEqual(["busy"]);
  });

  test("whatever arrives, only a decision lets through and only what its gateway understands is said", async () => {
    const { ask, house } = await openDialect(name);
    const odd = fc.constantFrom("", "/", "/flights/LH400", "/flights/..", "*", "http://flights.example/flights/LH400");
    let through = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          target: fc.oneof(
            fc.constant("/flights/LH400"),
            odd,
            fc.webPath().map((path) => path || "/"),
          ),
          method: fc.oneof(fc.constant("POST"), fc.constantFrom("GET", "PUT", "DELETE", "PATCH", "OPTIONS")),
          host: fc.constantFrom("flights.example", "FLIGHTS.example.", "evil.example", "flights.example:443"),
          headers: fc.oneof(
            fc.constant(evidence),
            fc.constantFrom({}, { "x-person": "e30" }, { "x-agent": "%%%", "x-person": "e30" }),
          ),
        }),
        async (held) => {
          if (name === "ext_authz_http" && held.target === "") return;
          const before = house.asked.length;
          const { status } = await ask(held);
          expect([200, 401, 403]).toContain(status);
          if (status !== 200) return;
          through += 1;
          expect(house.asked.length).toBe(before + 1);
        },
      ),
      { numRuns: 300 },
    );
    expect(through).toBeGreaterThan(0);
  });
});

describe("no dialect reads another's headers", () => {
  const plain = { method: "POST", host: "flights.example", target: "/flights/LH400", headers: evidence };

  test.each<[DialectName, DialectName]>([
    ["auth_request", "forward_auth"],
    ["auth_request", "ext_authz_http"],
    ["forward_auth", "auth_request"],
    ["forward_auth", "ext_authz_http"],
    ["ext_authz_http", "auth_request"],
    ["ext_authz_http", "forward_auth"],
  ])("%s, asked as %s asks", async (listening, asking) => {
    const { address, house } = await openDialect(listening);
    expect((await call(address, askedBy[asking](plain))).status).toBe(403);
    expect(house.asked).toEqual([]);
  });

  test.each<[DialectName, string]>([
    ["auth_request", "x-original-uri"],
    ["auth_request", "x-original-method"],
    ["forward_auth", "x-forwarded-uri"],
    ["forward_auth", "x-forwarded-host"],
    ["forward_auth", "x-forwarded-method"],
  ])("%s takes no call that %s names twice", async (name, header) => {
    const { address, house } = await openDialect(name);
    const wire = askedBy[name](plain);
    const twice = [String(wire.headers[header]), "/elsewhere"];
    expect((await call(address, { ...wire, headers: { ...wire.headers, [header]: twice } })).status).toBe(403);
    expect(house.asked).toEqual([]);
  });
});

describe("ext_authz_http", () => {
  test("reads the body that Envoy sends, and says which part of it is missing", async () => {
    const { ask, house } = await openDialect("ext_authz_http");
    const json = { ...evidence, "content-type": "application/json" };
    await ask({ headers: json, body: '{"method":"tools/call","params":{"name":"book"}}' });
    await ask({ headers: { ...json, "x-envoy-auth-partial-body": "true" }, body: "{" });
    await ask({ headers: { ...json, "x-envoy-auth-partial-body": "true" } });
    await ask({ headers: json, body: "{" });
    await ask({ headers: json, body: " ".repeat(70_000) });
    await ask({});
    expect(house.asked.map((request) => request.call?.body)).toEqual([
      { form: "json", value: { method: "tools/call", params: { name: "book" } } },
      { form: "partial" },
      { form: "partial" },
      { form: "malformed" },
      { form: "partial" },
      { form: "absent" },
    ]);
  });

  test("tells Envoy which headers stay behind", async () => {
    const { ask } = await openDialect("ext_authz_http");
    expect((await ask()).headers["x-envoy-auth-headers-to-remove"]).toMatch(/^x-person, x-agent, x-chaperone-/);
  });

  test("is no open proxy: an absolute form, CONNECT and broken HTTP get a no", async () => {
    const { address, house } = await openDialect("ext_authz_http");
    const lines = (first: string) => [first, "Host: flights.example", "Connection: close"];
    const absolute = await sendRaw(address, rawRequest(lines("POST http://flights.example/flights/LH400 HTTP/1.1")));
    const connected = await sendRaw(address, rawRequest(lines("CONNECT flights.example:443 HTTP/1.1")));
    const broken = await sendRaw(address, "POST /flights/LH400\r\n\r\n");
    expect([absolute, connected, broken].flatMap(statusesOf).every((status) => status >= 400 && status < 500)).toBe(
      true,
    );
    expect(house.asked).toEqual([]);
  });
});

test("nginx is told the code and the id that its client is not", async () => {
  const { ask } = await openDialect("auth_request", byPayload, { decide: async () => deny });
  const { headers } = await ask();
  expect([headers["x-chaperone-code"], headers["x-chaperone-decision-id"]]).toEqual(["policy_denied", "decision-1"]);
});
