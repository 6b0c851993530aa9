/** The token door as an operator configures it: the page's example, a real `chaperone serve`, an unmodified OAuth client. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from "jose";
import {
  allowInsecureRequests,
  type AuthorizationServer,
  clockSkew,
  customFetch,
  genericTokenEndpointRequest,
  PrivateKeyJwt,
  processGenericTokenEndpointResponse,
} from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import {
  agentsIssuer,
  clientKeyId,
  here,
  makeIdentities,
  nextSecond,
  peopleIssuer,
  type ServedIdentities,
} from "../fakes/served-identities.ts";
import { root } from "../house/source-tree.ts";
import { makeFolder, readRecords, serve, type ServedHouse } from "./served-house.ts";

const flights = "https://flights.example/api";
const exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessToken = "urn:ietf:params:oauth:token-type:access_token";
const as: AuthorizationServer = { issuer: here, token_endpoint: `${here}/oauth2/token` };

const folder = makeFolder();
let house: ServedHouse;
let identities: ServedIdentities;

/** The example of docs/doors/token.md, with its files in the test's folder and a free port. */
function exampleSettings(): { readonly rest: string; readonly listener: string } {
  const page = readFileSync(join(root, "docs/doors/token.md"), "utf8");
  const example = /```yaml\n([^`]+)```/.exec(page)?.[1] ?? "";
  const [rest = "", listener = ""] = example.split("listeners:\n");
  return {
    rest: rest.replaceAll(/jwks_file: (\w)/g, `jwks_file: ${folder.path}/$1`),
    listener: listener.replace("127.0.0.1:8184", "127.0.0.1:0"),
  };
}

beforeAll(async () => {
  identities = await makeIdentities(folder.path);
  const { rest, listener } = exampleSettings();
  house = await serve(folder.path, listener + rest);
  await nextSecond();
});

afterAll(async () => {
  await house.kill();
  folder.remove();
});

interface Exchange {
  readonly subject: string;
  readonly actor: string;
  readonly scope?: string;
  readonly key?: CryptoKey;
}

/** The request that the client sent last, to be sent again. */
let sent: RequestInit = {};

function redirect(_url: string, init: RequestInit): Promise<Response> {
  sent = init;
  return fetch(`${house.url("exchange")}/oauth2/token`, init);
}

function request({ subject, actor, scope, key = identities.clientKey }: Exchange): Promise<Response> {
  const client = { client_id: "agent-gateway", [clockSkew]: 5 };
  const parameters = {
    subject_token: subject,
    subject_token_type: accessToken,
    actor_token: actor,
    actor_token_type: accessToken,
    ...(scope === undefined ? {} : { scope }),
    resource: flights,
  };
  const options = { [allowInsecureRequests]: true, [customFetch]: redirect };
  const proof = PrivateKeyJwt({ key, kid: clientKeyId });
  return genericTokenEndpointRequest(as, client, proof, exchange, parameters, options);
}

async function grant(asked: Exchange): Promise<{ readonly token: string; readonly claims: JWTPayload }> {
  const response = await request(asked);
  const { access_token: token } = await processGenericTokenEndpointResponse(
    as,
    { client_id: "agent-gateway" },
    response,
  );
  const keys = createRemoteJWKSet(new URL(`${house.url("gateway-tcp")}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(token, keys, { issuer: here, audience: flights, typ: "at+jwt" });
  return { token, claims: payload };
}

async function refuse(asked: Exchange): Promise<{ readonly status: number; readonly json: JsonObject }> {
  return read(await request(asked));
}

async function read(response: Response): Promise<{ readonly status: number; readonly json: JsonObject }> {
  const json: unknown = await response.json();
  return { status: response.status, json: isJsonObject(json) ? json : {} };
}

const alice = (): Promise<string> =>
  identities.person({
    sub: "alice",
    departments: ["Operations"],
    realm: { roles: ["Director"] },
    may_act: { iss: agentsIssuer, sub: "travel-planner" },
  });
const planner = (): Promise<string> =>
  identities.agent({ sub: "travel-planner", capabilities: "book_flight search_flights" });
const searcher = (): Promise<string> => identities.agent({ sub: "flight-search", capabilities: "search_flights" });

const recordOf = (id: unknown): JsonObject | undefined =>
  readRecords(join(folder.path, "state", "audit")).find((record) => record["decision_id"] === id);

describe("the configured token door", () => {
  test("makes a person's and an agent's token into a role token that names both", async () => {
    const { claims } = await grant({ subject: await alice(), actor: await planner() });
    expect(claims).toMatchObject({
      sub: "alice",
      act: { sub: "travel-planner", iss: agentsIssuer },
      sub_id: { iss: peopleIssuer, sub: "alice" },
      // The target enforces whole roles, and the token says what the role really holds.
      scope: "flights:book flights:cancel flights:search",
    });
    expect(recordOf(claims["decision_id"])).toMatchObject({ outcome: "allow", door: "token", vouched_by: "signature" });
  });

  test("lets a named sub-agent take a part of it, one hop deeper, and no more than that", async () => {
    const first = await grant({ subject: await alice(), actor: await planner() });
    const onward = { subject: first.token, actor: await searcher() };
    const { claims } = await grant({ ...onward, scope: "flights:search" });
    expect(claims).toMatchObject({
      sub: "alice",
      txn: first.claims["txn"],
      scope: "flights:search",
      act: { sub: "flight-search", act: { sub: "travel-planner" } },
    });
    expect(claims.exp).toBeLessThanOrEqual(first.claims.exp ?? 0);
    expect(recordOf(claims["decision_id"])).toMatchObject({ outcome: "allow", phase: "delegate" });

    const narrow = await grant({ subject: await alice(), actor: await planner(), scope: "flights:search" });
    expect(narrow.claims["scope"]).toBe("flights:search");
    const wider = await refuse({ ...onward, subject: narrow.token, scope: "flights:search flights:book" });
    expect(wider).toMatchObject({ status: 400, json: { error: "invalid_scope" } });
    expect(recordOf(wider.json["decision_id"])).toMatchObject({
      outcome: "deny",
      phase: "delegate",
      code: "parent_exceeded",
      asked: { permissions: ["flights:book", "flights:search"] },
    });
  });

  test("tells the client that its ask is too wide, also when a guard of the policy would object to it as well", async () => {
    const held = await grant({ subject: await alice(), actor: await planner(), scope: "flights:search" });
    const scope = "flights:search invoices:pay";
    const wider = await refuse({ subject: held.token, actor: await searcher(), scope });
    expect(wider).toMatchObject({ status: 400, json: { error: "invalid_scope" } });
    expect(recordOf(wider.json["decision_id"])).toMatchObject({ outcome: "deny", code: "parent_exceeded" });
  });

  test("hands on what the role was rounded up to, and no token is ever wider than the one before", async () => {
    const first = await grant({ subject: await alice(), actor: await planner() });
    const { claims } = await grant({ subject: first.token, actor: await searcher(), scope: "flights:cancel" });
    expect(claims["scope"]).toBe(first.claims["scope"]);
    const narrow = await grant({ subject: await alice(), actor: await planner(), scope: "flights:search" });
    const wider = await refuse({ subject: narrow.token, actor: await searcher(), scope: "flights:cancel" });
    expect(wider).toMatchObject({ status: 400, json: { error: "invalid_scope" } });
  });

  test("takes a role token for nobody's proof of being an agent", async () => {
    const first = await grant({ subject: await alice(), actor: await planner() });
    const { status, json } = await refuse({ subject: await alice(), actor: first.token });
    expect({ status, error: json["error"] }).toEqual({ status: 400, error: "invalid_request" });
    expect(recordOf(json["decision_id"])).toMatchObject({ outcome: "deny", code: "evidence_untrusted" });
  });

  test("believes no person from the issuer of agents", async () => {
    const subject = await identities.agent({ sub: "alice", may_act: { iss: agentsIssuer, sub: "travel-planner" } });
    const { status, json } = await refuse({ subject, actor: await planner() });
    expect({ status, error: json["error"] }).toEqual({ status: 400, error: "invalid_request" });
    expect(recordOf(json["decision_id"])).toMatchObject({ outcome: "deny", code: "evidence_untrusted" });
  });

  test("knows a client by its own key, and an assertion once", async () => {
    const { privateKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    const asked = { subject: await alice(), actor: await planner() };
    const stranger = await refuse({ ...asked, key: privateKey });
    expect(stranger).toMatchObject({ status: 401, json: { error: "invalid_client" } });

    await grant(asked);
    const replayed = await read(await redirect("", sent));
    expect(replayed).toMatchObject({ status: 401, json: { error: "invalid_client" } });
  });
});

test("a key file that is missing stops the start, by its name", async () => {
  const { rest, listener } = exampleSettings();
  const other = makeFolder();
  try {
    const settings = listener + rest.replace("people.jwks.json", "nobody.jwks.json");
    await expect(serve(other.path, settings)).rejects.toThrow(/keys_unreadable/);
  } finally {
    other.remove();
  }
});
