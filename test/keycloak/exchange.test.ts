/** Token exchange with a real Keycloak: its people and agents sign in as always, and a standard client exchanges. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import type { TokenEndpointResponse } from "openid-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { verifyRoleToken } from "../../src/verify/index.ts";
import { type RunningKeycloak, startKeycloak } from "./running-keycloak.ts";
import { authenticate, signIn } from "./sign-in.ts";
import { type AgentName, agents, flights, serveTravelHouse, type TravelHouse } from "./travel-house.ts";
import { alice, bob, declareRealm, eve, travelRealm } from "./travel-realm.ts";

const fixture = join(import.meta.dirname, "..", "fixtures", "issuers", "keycloak.json");
const tokenSchema = z.object({ header: z.object({ typ: z.string() }), claims: z.record(z.string(), z.unknown()) });
const fixtureSchema = z.object({
  tokens: z.object({ person: tokenSchema, agent: tokenSchema, id_token: tokenSchema }),
});

let keycloak: RunningKeycloak;
let realm: string;
let travel: TravelHouse;
/** What Keycloak gave Alice at the portal. */
let portal: TokenEndpointResponse;

beforeAll(async () => {
  keycloak = await startKeycloak();
  await keycloak.admin("POST", "", travelRealm);
  realm = keycloak.issuer("travel");
  travel = await serveTravelHouse(realm, declareRealm(realm));
  portal = await signIn(realm, "travel-portal", alice);
});

afterAll(async () => {
  await travel.remove();
  await keycloak.stop();
});

const tokenOf = (agent: AgentName): Promise<string> => authenticate(realm, agent, agents[agent]);

/** Alice's own trip: her token from the portal, and the planner's. */
const trip = async (scope?: string) => ({
  subject: portal.access_token,
  actor: await tokenOf("travel-planner"),
  ...(scope === undefined ? {} : { scope }),
});

describe("a person and an agent of Keycloak", () => {
  test("become one role token that names both and that any resource server can verify", async () => {
    const answer = await travel.exchange("travel-planner", await trip());
    expect(answer).toMatchObject({
      token_type: "bearer",
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      expires_in: 60,
      scope: "flights:book flights:cancel flights:search",
    });
    const { jwks_uri: jwks } = await fetchJson(`${travel.url}/.well-known/oauth-authorization-server`);
    const keys = createRemoteJWKSet(new URL(String(jwks)));
    const expected = { issuer: travel.url, audience: flights, typ: "at+jwt" };
    const { payload } = await jwtVerify(answer.access_token, keys, expected);
    const person = decodeJwt(portal.access_token);
    expect(payload).toMatchObject({
      sub: person.sub,
      sub_id: { iss: realm, sub: person.sub },
      act: { iss: realm, sub: "travel-planner" },
      client_id: "travel-planner",
      roles: ["travel-desk"],
    });
    expect(payload).not.toHaveProperty("groups");
    const role = await verifyRoleToken(answer.access_token, {
      issuer: travel.url,
      audience: flights,
      jwks: String(jwks),
      requirePermissions: ["flights:book"],
    });
    expect(role.actor).toMatchObject({ issuer: realm, id: "travel-planner" });
    expect(role.subject).toMatchObject({ issuer: realm, id: person.sub });
    expect(travel.recordOf(payload["decision_id"])).toMatchObject({
      outcome: "allow",
      door: "token",
      vouched_by: "signature",
    });
  });

  test("hand on: a second agent gets a part of it, and the chain stays", async () => {
    const first = await travel.exchange("travel-planner", await trip());
    const onward = { subject: first.access_token, actor: await tokenOf("flight-search"), scope: "flights:search" };
    // Keycloak writes the one `typ` or the other, as the client is set.
    expect(
      [first.access_token, onward.actor, portal.access_token].map((token) => decodeProtectedHeader(token).typ),
    ).toEqual(["at+jwt", "at+jwt", "JWT"]);
    const second = await travel.exchange("flight-search", onward);
    const [before, after] = [decodeJwt(first.access_token), decodeJwt(second.access_token)];
    expect(after).toMatchObject({
      sub: before.sub,
      sub_id: before["sub_id"],
      txn: before["txn"],
      scope: "flights:search",
      act: { iss: realm, sub: "flight-search", act: { iss: realm, sub: "travel-planner" } },
    });
    expect(after.exp).toBeLessThanOrEqual(before.exp ?? 0);
    const wider = await travel.refuse("flight-search", { ...onward, scope: "flights:search flights:pay" });
    expect(wider).toMatchObject({ status: 400, error: "invalid_scope" });
  });

  test("get what the person may do, and no more than the agent is able to", async () => {
    const [director, assistant] = [
      await signIn(realm, "travel-kiosk", alice),
      await signIn(realm, "travel-kiosk", bob),
    ];
    const actor = await tokenOf("flight-search");
    const asked = { subject: assistant.access_token, actor };
    expect(await travel.exchange("flight-search", asked)).toMatchObject({ scope: "flights:search" });
    const booking = { subject: director.access_token, actor, scope: "flights:book" };
    expect(await travel.refuse("flight-search", booking)).toMatchObject({ status: 400, error: "invalid_scope" });

    const { access_token: subject } = await signIn(realm, "travel-portal", bob);
    const planned = { subject, actor: await tokenOf("travel-planner") };
    expect(await travel.refuse("travel-planner", planned)).toMatchObject({ status: 400, code: "policy_denied" });
  });

  test("need no `may_act` where the operator listed who may act", async () => {
    const { access_token: subject } = await signIn(realm, "travel-kiosk", alice);
    expect(decodeJwt(subject)).not.toHaveProperty("may_act");
    const { access_token: token } = await travel.exchange("flight-search", {
      subject,
      actor: await tokenOf("flight-search"),
    });
    expect(decodeJwt(token)).toMatchObject({ act: { sub: "flight-search" }, scope: "flights:search" });
  });
});

const untrusted = (use: string, what: string) => ({
  status: 400,
  error: "invalid_request",
  code: "evidence_untrusted",
  reason: `The ${use} token ${what}.`,
});

const otherParty = "is of another kind of party than it is shown for, or does not tell";

describe("no token comes of", () => {
  test("an agent that the person's token does not name", async () => {
    const asked = { subject: portal.access_token, actor: await tokenOf("price-watch") };
    const refused = { status: 400, error: "invalid_request", code: "actor_not_named" };
    expect(await travel.refuse("price-watch", asked)).toMatchObject(refused);
    // The operator's list is for tokens that say nothing; this one names somebody else.
    const listed = { subject: portal.access_token, actor: await tokenOf("flight-search") };
    expect(await travel.refuse("flight-search", listed)).toMatchObject(refused);
  });

  test("the named agent's token in another client's hands", async () => {
    expect(await travel.refuse("price-watch", await trip())).toMatchObject({ status: 400, code: "actor_not_named" });
  });

  test("the two tokens swapped", async () => {
    const { subject, actor } = await trip();
    const swapped = { subject: actor, actor: subject };
    expect(await travel.refuse("travel-planner", swapped)).toMatchObject(untrusted("subject", otherParty));
  });

  test("an agent in the person's place, also where the operator listed who may act", async () => {
    const asked = { subject: await tokenOf("travel-planner"), actor: await tokenOf("flight-search") };
    expect(await travel.refuse("flight-search", asked)).toMatchObject(untrusted("subject", otherParty));
  });

  test("a person in the agent's place", async () => {
    const { access_token: actor } = await signIn(realm, "travel-portal", bob);
    const asked = { subject: portal.access_token, actor };
    expect(await travel.refuse("travel-planner", asked)).toMatchObject(untrusted("actor", otherParty));
  });

  test("a person who is called like an agent's service account, on either side", async () => {
    const { access_token: token } = await signIn(realm, "travel-portal", eve);
    const actor = await tokenOf("travel-planner");
    expect(await travel.refuse("travel-planner", { subject: token, actor })).toMatchObject(
      untrusted("subject", otherParty),
    );
    const asked = { subject: portal.access_token, actor: token };
    expect(await travel.refuse("travel-planner", asked)).toMatchObject(untrusted("actor", otherParty));
  });

  test("a token for another application", async () => {
    const { access_token: subject } = await signIn(realm, "expense-portal", alice);
    const asked = { subject, actor: await tokenOf("travel-planner") };
    expect(await travel.refuse("travel-planner", asked)).toMatchObject(
      untrusted("subject", "is not for an audience that its issuer's profile accepts"),
    );
  });

  test("an ID token or a refresh token as access token, and an ID token as what it is", async () => {
    const actor = await tokenOf("travel-planner");
    const { id_token: idToken = "", refresh_token: refreshToken = "" } = portal;
    expect(decodeJwt(idToken).sub).toBe(decodeJwt(portal.access_token).sub);
    expect(decodeProtectedHeader(refreshToken).alg).toBe("HS512");
    for (const subject of [idToken, refreshToken]) {
      const refused = await travel.refuse("travel-planner", { subject, actor });
      expect(refused).toMatchObject({ status: 400, error: "invalid_request", code: "evidence_untrusted" });
    }
    const shown = { subject: idToken, subjectType: "id_token", actor } as const;
    expect(await travel.refuse("travel-planner", shown)).toMatchObject({ status: 400, code: "evidence_untrusted" });
  });

  test("another realm's token of the same Keycloak", async () => {
    const asked = { subject: await keycloak.adminToken(), actor: await tokenOf("travel-planner") };
    expect(decodeJwt(asked.subject).iss).toBe(keycloak.issuer("master"));
    expect(await travel.refuse("travel-planner", asked)).toMatchObject(
      untrusted("subject", "is of an issuer that has no profile"),
    );
  });

  test("a token whose claims were changed after Keycloak signed it", async () => {
    const [header, payload, signature] = portal.access_token.split(".");
    const claims = { ...decodeJwt(portal.access_token), may_act: { client_id: "price-watch" } };
    const forged = [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
    expect(payload).not.toBe(forged.split(".")[1]);
    const asked = { subject: forged, actor: await tokenOf("price-watch") };
    expect(await travel.refuse("price-watch", asked)).toMatchObject(
      untrusted("subject", "is not signed with a key of its issuer"),
    );
  });

  test("a token that is over", async () => {
    const { access_token: subject } = await signIn(realm, "travel-terminal", alice);
    const { exp = 0 } = decodeJwt(subject);
    const actor = await tokenOf("flight-search");
    await expect.poll(() => Date.now() / 1000, { timeout: 10_000 }).toBeGreaterThan(exp + 1);
    const refused = { status: 400, error: "invalid_request", code: "claims_expired" };
    expect(await travel.refuse("flight-search", { subject, actor })).toMatchObject(refused);
  });

  test("our own role token in the agent's place", async () => {
    const { access_token: actor } = await travel.exchange("travel-planner", await trip());
    const asked = { subject: portal.access_token, actor };
    expect(await travel.refuse("travel-planner", asked)).toMatchObject({ status: 400, code: "evidence_untrusted" });
  });

  test("a wrong secret", async () => {
    const response = await fetch(`${travel.url}/oauth2/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`travel-planner:${agents["price-watch"]}`)}` },
      body: new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:token-exchange" }),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: "invalid_client" });
  });
});

test("an end of the session in Keycloak is not seen here: a token counts until it is over", async () => {
  const { access_token: subject } = await signIn(realm, "travel-portal", alice);
  const { sid } = decodeJwt(subject);
  await keycloak.admin("DELETE", `/travel/sessions/${String(sid)}`);
  const asked = { subject, actor: await tokenOf("travel-planner") };
  expect(await travel.exchange("travel-planner", asked)).toMatchObject({ token_type: "bearer" });
});

test("the tokens of test/fixtures, which quick tests read, are like real ones", async () => {
  const { tokens } = fixtureSchema.parse(JSON.parse(readFileSync(fixture, "utf8")));
  const real = { person: portal.access_token, agent: await tokenOf("travel-planner"), id_token: portal.id_token ?? "" };
  for (const name of ["person", "agent", "id_token"] as const) {
    const claims: Record<string, unknown> = decodeJwt(real[name]);
    // An agent has it where its client names web origins.
    const { "allowed-origins": _origins, ...written } = tokens[name].claims;
    const kindOf = (value: unknown): string => (Array.isArray(value) ? "list" : typeof value);
    const kindsIn = (token: Record<string, unknown>): unknown =>
      Object.keys(written).map((claim) => `${claim}: ${kindOf(token[claim])}`);
    expect(kindsIn(claims)).toEqual(kindsIn(written));
    expect(decodeProtectedHeader(real[name]).typ).toBe(tokens[name].header.typ);
    expect(claims["typ"]).toBe(written["typ"]);
  }
});

async function fetchJson(url: string): Promise<Record<string, unknown>> {
  const answer: unknown = await (await fetch(url)).json();
  return typeof answer === "object" && answer !== null ? { ...answer } : {};
}
