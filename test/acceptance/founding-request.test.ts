/** The request that started it all, through a real server, checked by libraries that nobody here wrote. */
import { createRemoteJWKSet, jwtVerify } from "jose";
import { allowInsecureRequests, validateJwtAccessToken } from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { textOf } from "../fakes/gateway.ts";
import { foundingInput, namedInput } from "../fakes/requests.ts";
import { gatewayCredential, makeFolder, operatorCredential, type ServedHouse, serve } from "./served-house.ts";

const folder = makeFolder();
let house: ServedHouse;
beforeAll(async () => {
  house = await serve(folder.path);
});
afterAll(async () => {
  await house.stop();
  folder.remove();
});

const keys = () => createRemoteJWKSet(new URL("/.well-known/jwks.json", house.url("gateway-tcp")));
const issuer = "http://localhost:8181";

describe("over the unix socket", () => {
  test("it is allowed, with a least-privilege role token for one audience", async () => {
    const { status, body } = await house.ask(foundingInput);
    expect(status).toBe(200);
    expect(body).toMatchObject({ allow: true, outcome: "allow", role: "flight-booker", permissions: ["flights:book"] });
    expect(body["expires_in"]).toBeLessThanOrEqual(60);
    expect(Object.keys(body).toSorted()).toEqual(
      [
        "allow",
        "audience",
        "decision_id",
        "expires_in",
        "outcome",
        "permissions",
        "policy",
        "reasons",
        "role",
        "token",
      ].toSorted(),
    );
  });

  test("Marketing is told no, with a code and a message", async () => {
    const subject = { claims: { Department: "Marketing", Role: "Director" } };
    const { status, body } = await house.ask({ ...foundingInput, subject });
    expect(status).toBe(200);
    expect(body).toMatchObject({ allow: false, outcome: "deny", reasons: [{ code: "capability_not_permitted" }] });
    expect("token" in body).toBe(false);
  });

  test("parties that have a sub are named in the token", async () => {
    const { body } = await house.ask(namedInput);
    const { payload } = await jwtVerify(textOf(body, "token"), keys(), {
      issuer,
      audience: textOf(body, "audience"),
      typ: "at+jwt",
    });
    expect(payload).toMatchObject({ sub: "alice", act: { sub: "travel-agent" }, client_id: "travel-agent" });
  });
});

describe("the token", () => {
  test("verifies with the served keys and says what the answer says", async () => {
    const { body } = await house.ask(foundingInput);
    const options = { issuer, audience: textOf(body, "audience"), typ: "at+jwt", algorithms: ["ES256"] };
    const { payload } = await jwtVerify(textOf(body, "token"), keys(), options);
    expect(payload).toMatchObject({
      scope: "flights:book",
      roles: ["flight-booker"],
      decision_id: body["decision_id"],
      policy: body["policy"],
      delegation: { v: 1, lineage: [], depth: 1 },
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(body["expires_in"]);
  });

  test("is refused for every other audience, issuer and type", async () => {
    const { body } = await house.ask(foundingInput);
    const token = textOf(body, "token");
    const right = { issuer, audience: textOf(body, "audience"), typ: "at+jwt" };
    for (const wrong of [
      { audience: "https://hotels.example/api" },
      { issuer: "https://other.example" },
      { typ: "JWT" },
    ]) {
      await expect(jwtVerify(token, keys(), { ...right, ...wrong })).rejects.toThrow(/unexpected/);
    }
    const [head = "", claims = "", signature = ""] = token.split(".");
    const flipped = `${signature.slice(0, 10)}${signature[10] === "A" ? "B" : "A"}${signature.slice(11)}`;
    await expect(jwtVerify([head, claims, flipped].join("."), keys(), right)).rejects.toThrow(/signature/);
  });

  test("passes a standard resource server's check", async () => {
    const { body } = await house.ask(namedInput);
    const server = { issuer, jwks_uri: `${house.url("gateway-tcp")}/.well-known/jwks.json` };
    const call = new Request("https://flights.example/api", {
      headers: { authorization: `Bearer ${textOf(body, "token")}` },
    });
    const claims = await validateJwtAccessToken(server, call, textOf(body, "audience"), {
      [allowInsecureRequests]: true,
    });
    expect(claims).toMatchObject({ sub: "alice", client_id: "travel-agent" });
  });
});

describe("over TCP", () => {
  const ask = (headers: Record<string, string>) =>
    fetch(`${house.url("gateway-tcp")}/v1/authorize`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ input: foundingInput }),
    });

  test("with the gateway's credential it is answered", async () => {
    const response = await ask({ authorization: `Bearer ${gatewayCredential}` });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ allow: true });
  });

  test.each<[string, Record<string, string>]>([
    ["without one", {}],
    ["with the operator's", { authorization: `Bearer ${operatorCredential}` }],
    ["with one that is nearly right", { authorization: `Bearer ${gatewayCredential.slice(0, -1)}X` }],
    ["with another scheme", { authorization: `Basic ${gatewayCredential}` }],
  ])("%s it is 401 and nothing is decided", async (_name, headers) => {
    const response = await ask(headers);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect(await response.json()).toMatchObject({ code: "credential_required" });
  });
});

test("the probe is ready, and the operator sees the policy", async () => {
  expect((await fetch(`${house.url("probe")}/readyz`)).status).toBe(200);
  expect((await fetch(`${house.url("probe")}/healthz`)).status).toBe(200);
  const status = await fetch(`${house.url("admin")}/admin/v1/status`, {
    headers: { authorization: `Bearer ${operatorCredential}` },
  });
  expect(await status.json()).toMatchObject({ policy: { active: { id: "chaperone" } } });
  expect((await fetch(`${house.url("admin")}/admin/v1/status`)).status).toBe(401);
});
