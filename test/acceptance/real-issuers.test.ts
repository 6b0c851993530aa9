/**
 * Nothing here is made by us but the sidecar: two OpenID providers issue the tokens, standard clients that are told only
 * our issuer exchange them, and libraries in two languages verify what comes out.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRemoteJWKSet, decodeJwt, exportJWK, generateKeyPair, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runOrThrow } from "../../scripts/fetch-tool.ts";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { verifyRoleToken } from "../../src/verify/index.ts";
import { findFreePort } from "../fakes/free-port.ts";
import { type OpenidProvider, startOpenidProvider, travelApp } from "../fakes/openid-provider.ts";
import { createPythonVerifier } from "../fakes/python-verifier.ts";
import { nextSecond } from "../fakes/served-identities.ts";
import { root } from "../house/source-tree.ts";
import { makeFolder, readRecords, serve, type ServedHouse } from "./served-house.ts";

const flights = "https://flights.example/api";
const hotels = "https://hotels.example/api";
const exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const typeOf = (name: "access_token" | "id_token"): string => `urn:ietf:params:oauth:token-type:${name}`;
const clientSecret = "the-secret-of-the-planner-0123456789-0123";

const folder = makeFolder();
let here = "";
let agents: OpenidProvider;
let people: OpenidProvider;
let house: ServedHouse;
let client: openid.Configuration;

beforeAll(async () => {
  agents = await startOpenidProvider({
    algorithm: "RS256",
    agents: {
      "travel-planner": { capabilities: "book_flight search_flights" },
      "flight-search": { capabilities: "search_flights" },
    },
  });
  const staff = { departments: ["Operations"], realm: { roles: ["Director"] } };
  people = await startOpenidProvider({
    algorithm: "ES256",
    people: {
      alice: { ...staff, may_act: { iss: agents.issuer, sub: "travel-planner" } },
      bob: staff,
      // As Vault writes it.
      carol: { ...staff, may_act: [{ client_id: "travel-planner", sub: "travel-planner" }] },
    },
  });
  await agents.saveKeys(join(folder.path, "agents.jwks.json"));
  await people.saveKeys(join(folder.path, "people.jwks.json"));
  writeFileSync(join(folder.path, "planner.secret"), clientSecret);
  const key = await makeClientKey(join(folder.path, "gateway.jwks.json"));
  await makeBundle(join(folder.path, "bundle"));
  const port = await findFreePort();
  here = `http://127.0.0.1:${port}`;
  house = await serve(folder.path, settings(port));
  await nextSecond();
  client = await openid.discovery(new URL(here), "agent-gateway", { [oauth.clockSkew]: 5 }, openid.PrivateKeyJwt(key), {
    algorithm: "oauth2",
    execute: [openid.allowInsecureRequests],
  });
});

afterAll(async () => {
  await house.stop();
  await Promise.all([agents.close(), people.close()]);
  folder.remove();
});

async function makeClientKey(path: string): Promise<CryptoKey> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  writeFileSync(path, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: "ES256", use: "sig" }] }));
  return privateKey;
}

/** The shipped policy, whose next actors are of the issuer that there is here. */
async function makeBundle(path: string): Promise<void> {
  mkdirSync(path);
  await runOrThrow("tar", ["-xzf", join(root, "bundle", "default.tar.gz"), "-C", path]);
  const data = readFileSync(join(path, "data.json"), "utf8");
  writeFileSync(join(path, "data.json"), data.replaceAll("https://idp.example", agents.issuer));
}

const settings = (
  port: number,
): string => `  - { name: exchange, address: "127.0.0.1:${port}", doors: [token, public], callers: open }
issuer: "${here}"
keys: { kind: development }
policy: { bundle: "${folder.path}/bundle" }
identity:
  issuers:
    - { issuer: "${people.issuer}", jwks_file: "${folder.path}/people.jwks.json", algorithms: [ES256], typ: { id_token: [absent] },
        audiences: ["${here}", ${travelApp}], vouches_for: subjects, departments: { path: [departments] }, roles: { path: [realm, roles] },
        actor_issuers: ["${agents.issuer}"] }
    - { issuer: "${agents.issuer}", jwks_file: "${folder.path}/agents.jwks.json", algorithms: [RS256], audiences: ["${here}"],
        vouches_for: actors, capabilities: { path: [capabilities], separator: space } }
clients:
  - { id: agent-gateway, authentication: jwks_file, jwks_file: "${folder.path}/gateway.jwks.json" }
  - { id: travel-planner, authentication: secret_file, secret_file: "${folder.path}/planner.secret" }
`;

type Parameters = Readonly<Record<string, string>>;

async function tokensOf(person: string, agent: string): Promise<Record<string, string>> {
  const { accessToken } = await people.signIn(person, here);
  const actor = await agents.logIn(agent, here);
  return {
    subject_token: accessToken,
    subject_token_type: typeOf("access_token"),
    actor_token: actor,
    actor_token_type: typeOf("access_token"),
    resource: flights,
  };
}

/** By openid-client, with a JWT that its key signed. */
const exchangeByKey = (parameters: Parameters) => openid.genericGrantRequest(client, exchange, { ...parameters });

/** By oauth4webapi, with a secret. */
async function exchangeBySecret(parameters: Parameters): Promise<oauth.TokenEndpointResponse> {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const found = await oauth.discoveryRequest(new URL(here), { algorithm: "oauth2", ...insecure });
  const server = await oauth.processDiscoveryResponse(new URL(here), found);
  const planner = { client_id: "travel-planner" };
  const proof = oauth.ClientSecretBasic(clientSecret);
  const answer = await oauth.genericTokenEndpointRequest(server, planner, proof, exchange, parameters, insecure);
  return oauth.processGenericTokenEndpointResponse(server, planner, answer);
}

const recordOf = (id: unknown): JsonObject | undefined =>
  readRecords(join(folder.path, "state", "audit")).find((record) => record["decision_id"] === id);

/** The OAuth error and the code on record. */
async function refusalOf(parameters: Parameters): Promise<readonly unknown[]> {
  const refused = await exchangeByKey(parameters).catch((error: unknown) => error);
  if (!(refused instanceof openid.ResponseBodyError)) return [refused];
  const { decision_id: id } = refused.cause;
  return [refused.status, refused.error, recordOf(id)?.["code"]];
}

describe("a person's token and an agent's, as their providers issue them", () => {
  test("openid-client finds the endpoint by our metadata and exchanges them", async () => {
    const answer = await exchangeByKey(await tokensOf("alice", "travel-planner"));
    const { access_token: token, ...rest } = answer;
    expect(rest).toEqual({
      issued_token_type: typeOf("access_token"),
      token_type: "bearer",
      expires_in: 60,
      scope: "flights:book flights:cancel flights:search",
    });
    const keys = createRemoteJWKSet(new URL(client.serverMetadata().jwks_uri ?? ""));
    const { payload } = await jwtVerify(token, keys, { issuer: here, audience: flights, typ: "at+jwt" });
    expect(payload).toMatchObject({
      sub: "alice",
      sub_id: { format: "iss_sub", iss: people.issuer, sub: "alice" },
      act: { iss: agents.issuer, sub: "travel-planner" },
      client_id: "agent-gateway",
    });
  });

  test("oauth4webapi does the same, and hands a part of it on: two actors, one person, one chain", async () => {
    const first = await exchangeBySecret({ ...(await tokensOf("alice", "travel-planner")) });
    const onward = { subject_token: first.access_token, actor_token: await agents.logIn("flight-search", here) };
    const asked = { ...(await tokensOf("alice", "travel-planner")), ...onward, scope: "flights:search" };
    const second = await exchangeBySecret(asked);
    expect(second).toMatchObject({ scope: "flights:search", issued_token_type: typeOf("access_token") });
    expect(second.expires_in).toBeLessThanOrEqual(first.expires_in ?? 0);
  });

  test("TX-22, TX-24: a list that names agent and client lets that agent act, through that client alone", async () => {
    const tokens = await tokensOf("carol", "travel-planner");
    expect((await exchangeBySecret(tokens)).scope).toContain("flights:book");
    expect(await refusalOf(tokens)).toEqual([400, "invalid_request", "actor_not_named"]);
  });

  test("an ID token is taken where it is said to be one", async () => {
    const { idToken } = await people.signIn("alice", here);
    const shown = { subject_token: idToken, subject_token_type: typeOf("id_token") };
    const answer = await exchangeByKey({ ...(await tokensOf("alice", "travel-planner")), ...shown });
    expect(answer.scope).toContain("flights:book");
  });
});

describe("the token of two hops", () => {
  let token = "";
  let verifyInPython: Awaited<ReturnType<typeof createPythonVerifier>>;
  const jwksUri = (): string => client.serverMetadata().jwks_uri ?? "";
  beforeAll(async () => {
    verifyInPython = await createPythonVerifier();
    const tokens = await tokensOf("alice", "travel-planner");
    const { access_token: first } = await exchangeByKey(tokens);
    const onward = { subject_token: first, actor_token: await agents.logIn("flight-search", here) };
    ({ access_token: token } = await exchangeByKey({ ...tokens, ...onward, scope: "flights:search" }));
  });

  test("says the same to jose, to chaperone/verify and to Python", async () => {
    const keys = createRemoteJWKSet(new URL(jwksUri()));
    const { payload } = await jwtVerify(token, keys, { issuer: here, audience: flights, typ: "at+jwt" });
    const ours = await verifyRoleToken(token, { issuer: here, audience: flights, jwks: jwksUri() });
    const [python] = await verifyInPython(jwksUri(), [{ token, issuer: here, audience: flights }]);
    expect(python).toEqual({ claims: payload });
    expect(payload).toMatchObject({
      sub: "alice",
      scope: "flights:search",
      act: {
        iss: agents.issuer,
        sub: "flight-search",
        act: { iss: agents.issuer, sub: "travel-planner" },
      },
    });
    expect(ours).toMatchObject({
      subject: { id: "alice", issuer: people.issuer },
      actor: { id: "flight-search", issuer: agents.issuer },
      permissions: ["flights:search"],
    });
  });

  test("is refused by Python for another audience or issuer, altered, unsigned, or of another issuer's making", async () => {
    const [header = "", claims = "", signature = ""] = token.split(".");
    const alteredClaims = Buffer.from(
      Buffer.from(claims, "base64url").toString().replace("flights:search", "flights:cancel"),
    ).toString("base64url");
    const expected = { issuer: here, audience: flights };
    const unsigned = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt", kid: kidOf(header) })).toString(
      "base64url",
    );
    const answers = await verifyInPython(jwksUri(), [
      { token, ...expected, audience: hotels },
      { token, ...expected, issuer: "https://chaperone.example" },
      { token: [header, alteredClaims, signature].join("."), ...expected },
      {
        token: [header, claims, `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`].join("."),
        ...expected,
      },
      { token: [unsigned, claims, ""].join("."), ...expected },
      { token: await agents.logIn("flight-search", flights), ...expected, issuer: agents.issuer },
    ]);
    expect(answers.map(({ refused }) => refused)).toEqual([
      "InvalidAudienceError",
      "InvalidIssuerError",
      "InvalidSignatureError",
      "InvalidSignatureError",
      "InvalidAlgorithmError",
      "PyJWKClientError",
    ]);
  });
});

function kidOf(header: string): unknown {
  const parsed: unknown = JSON.parse(Buffer.from(header, "base64url").toString());
  return isJsonObject(parsed) ? parsed["kid"] : undefined;
}

describe("a provider's token that is good for something else is refused here", () => {
  const untrusted = [400, "invalid_request", "evidence_untrusted"];

  test("P4: one for another resource", async () => {
    const tokens = await tokensOf("alice", "travel-planner");
    const elsewhere = await people.signIn("alice", hotels);
    expect(await refusalOf({ ...tokens, subject_token: elsewhere.accessToken })).toEqual(untrusted);
    expect(await refusalOf({ ...tokens, actor_token: await agents.logIn("travel-planner", hotels) })).toEqual(
      untrusted,
    );
  });

  test("P2: an ID token as an access token, and the reverse", async () => {
    const tokens = await tokensOf("alice", "travel-planner");
    const { idToken } = await people.signIn("alice", here);
    expect(await refusalOf({ ...tokens, subject_token: idToken })).toEqual(untrusted);
    expect(await refusalOf({ ...tokens, subject_token_type: typeOf("id_token") })).toEqual(untrusted);
  });

  test("P8: an agent as the person, a person as the agent, both swapped", async () => {
    const tokens = await tokensOf("alice", "travel-planner");
    const { subject_token: person = "", actor_token: agent = "" } = tokens;
    expect(await refusalOf({ ...tokens, subject_token: agent })).toEqual(untrusted);
    expect(await refusalOf({ ...tokens, actor_token: person })).toEqual(untrusted);
    expect(await refusalOf({ ...tokens, subject_token: agent, actor_token: person })).toEqual(untrusted);
  });

  test("P6: that of a person who names no agent, or another one", async () => {
    const unnamed = [400, "invalid_request", "actor_not_named"];
    expect(await refusalOf(await tokensOf("bob", "travel-planner"))).toEqual(unnamed);
    expect(await refusalOf(await tokensOf("alice", "flight-search"))).toEqual(unnamed);
  });

  test("DP-19: one that is bound to a key, which whoever shows it here need not have", async () => {
    const tokens = await tokensOf("alice", "travel-planner");
    const bound = await agents.logIn("travel-planner", here, "dpop");
    expect(decodeJwt(bound)).toHaveProperty("cnf.jkt");
    expect(await refusalOf({ ...tokens, actor_token: bound })).toEqual(untrusted);
  });

  test("P9: a person's alone, without an agent's", async () => {
    const { actor_token: _token, actor_token_type: _type, ...alone } = await tokensOf("alice", "travel-planner");
    expect(await refusalOf(alone)).toEqual([400, "invalid_request", undefined]);
  });
});

test("P33: what was shown and what was issued stands neither in the log nor in the records", () => {
  const written = JSON.stringify([house.lines, readRecords(join(folder.path, "state", "audit"))]);
  expect(written.length).toBeGreaterThan(10_000);
  expect(written).not.toMatch(/eyJ/);
});
