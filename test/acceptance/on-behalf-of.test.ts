/**
 * The jwt-bearer grant (RFC 7523) as Entra's clients use it, by `openid-client` through a served sidecar: the person's
 * token is the assertion, the authenticated client is the actor, and every refusal of the assertion is `invalid_grant`.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from "jose";
import * as openid from "openid-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { findFreePort } from "../fakes/free-port.ts";
import { agentsIssuer, issuerSettings, makeIdentities, type ServedIdentities } from "../fakes/served-identities.ts";
import { servedMetadata } from "../fakes/served-metadata.ts";
import { root } from "../house/source-tree.ts";
import { makeFolder, readRecords, serve, type ServedHouse } from "./served-house.ts";

const flights = "https://flights.example/api";
const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const staff = { departments: ["Operations"], realm: { roles: ["Director"] } };
const secretOf = (client: string): string => `the-secret-of-${client}-0123456789-0123456789`;

const folder = makeFolder();
let here = "";
let house: ServedHouse;
let identities: ServedIdentities;

/** Agents of the issuer of agents, who ask in their own name; the last one is able to do nothing. */
const clients = ["travel-planner", "flight-search", "newcomer"] as const;
type Client = (typeof clients)[number];

beforeAll(async () => {
  const port = await findFreePort();
  here = `http://127.0.0.1:${port}`;
  identities = await makeIdentities(folder.path, here);
  for (const client of clients) writeFileSync(join(folder.path, `${client}.secret`), secretOf(client));
  const listed = (client: Client, capabilities: string): string =>
    `  - { id: ${client}, issuer: "${agentsIssuer}", authentication: secret_file, secret_file: "${folder.path}/${client}.secret"${capabilities} }`;
  house = await serve(
    folder.path,
    `  - { name: exchange, address: "127.0.0.1:${port}", doors: [token, public], callers: open }
issuer: "${here}"
policy: { bundle: "${root}/bundle/default.tar.gz" }
keys: { kind: development }
${issuerSettings(folder.path, here)}
clients:
${listed("travel-planner", ", capabilities: [book_flight, search_flights]")}
${listed("flight-search", ", capabilities: [search_flights]")}
${listed("newcomer", "")}
`,
  );
});

afterAll(async () => {
  await house.stop();
  folder.remove();
});

const person = (claims: Readonly<Record<string, unknown>> = {}, client: Client = "travel-planner"): Promise<string> =>
  identities.person({ sub: "alice", ...staff, may_act: { iss: agentsIssuer, sub: client }, ...claims });

interface Asked {
  readonly client?: Client;
  readonly assertion: string;
  readonly scope?: string;
  readonly resource?: string;
}

async function ask({ client = "travel-planner", resource = flights, ...asked }: Asked) {
  const config = await openid.discovery(new URL(here), client, secretOf(client), openid.ClientSecretBasic(), {
    algorithm: "oauth2",
    execute: [openid.allowInsecureRequests],
  });
  return openid.genericGrantRequest(config, jwtBearer, { ...asked, resource, requested_token_use: "on_behalf_of" });
}

async function claimsOf(token: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${here}/.well-known/jwks.json`));
  return (await jwtVerify(token, keys, { issuer: here, audience: flights, typ: "at+jwt" })).payload;
}

const recordOf = (id: unknown): JsonObject | undefined =>
  readRecords(join(folder.path, "state", "audit")).find((record) => record["decision_id"] === id);

/** The OAuth error, and the code on record. */
async function refusalOf(asked: Asked): Promise<readonly unknown[]> {
  const refused = await ask(asked).catch((error: unknown) => error);
  if (!(refused instanceof openid.ResponseBodyError)) return [refused];
  return [refused.status, refused.error, recordOf(refused.cause["decision_id"])?.["code"]];
}

test("the metadata names the one way that these clients have, in its two forms", async () => {
  const metadata = await fetch(`${here}/.well-known/oauth-authorization-server`);
  const methods = ["client_secret_basic", "client_secret_post"];
  expect(await metadata.json()).toEqual(servedMetadata(here, here, { methods }));
});

describe("a client on behalf of a person", () => {
  test("JB-1, JB-10: gets a token in which it is the actor", async () => {
    const answer = await ask({ assertion: await person() });
    const { access_token: token, ...rest } = answer;
    expect(rest).toEqual({
      token_type: "bearer",
      expires_in: 60,
      scope: "flights:book flights:cancel flights:search",
    });
    const claims = await claimsOf(token);
    expect(claims).toMatchObject({
      sub: "alice",
      act: { iss: agentsIssuer, sub: "travel-planner" },
      client_id: "travel-planner",
    });
    expect(claims["act"]).not.toHaveProperty("act");
    expect(recordOf(claims["decision_id"])).toMatchObject({
      outcome: "allow",
      gateway: "travel-planner",
      vouched_by: "signature",
      actor: { id: "travel-planner", issuer: agentsIssuer, capabilities: ["book_flight", "search_flights"] },
    });
  });

  test("asks for a part of what it is able to do", async () => {
    expect(await ask({ assertion: await person(), scope: "flights:search" })).toMatchObject({
      scope: "flights:search",
    });
  });

  test("hands a part on: the next client shows our token as its assertion, and acts one hop deeper", async () => {
    const { access_token: first } = await ask({ assertion: await person() });
    const { access_token: second } = await ask({ client: "flight-search", assertion: first, scope: "flights:search" });
    expect(await claimsOf(second)).toMatchObject({
      sub: "alice",
      client_id: "flight-search",
      scope: "flights:search",
      txn: (await claimsOf(first))["txn"],
      act: { sub: "flight-search", act: { sub: "travel-planner" } },
      delegation: { depth: 2 },
    });
    const again = { client: "flight-search", assertion: second, scope: "flights:search" } as const;
    expect(await refusalOf(again)).toEqual([400, "invalid_grant", "actor_not_named"]);
    const never = { client: "newcomer", assertion: first, scope: "flights:search" } as const;
    expect(await refusalOf(never)).toEqual([400, "invalid_grant", "actor_not_named"]);
  });

  test("JB-7: shows the person's token as often as it lives, because each time is a job of its own", async () => {
    const assertion = await person();
    const [first, second] = [await ask({ assertion }), await ask({ assertion })];
    const ids = [(await claimsOf(first.access_token)).jti, (await claimsOf(second.access_token)).jti];
    expect(new Set(ids).size).toBe(2);
  });
});

describe("what a client is able to do is what configuration says of it", () => {
  const nobody = "newcomer" as const;

  test("nothing, where it says nothing: neither everything nor anything by name", async () => {
    const assertion = await person({}, nobody);
    expect(await refusalOf({ client: nobody, assertion })).toEqual([400, "invalid_scope", "nothing_asked"]);
    const named = { client: nobody, assertion, scope: "flights:search" };
    expect(await refusalOf(named)).toEqual([400, "invalid_scope", "policy_denied"]);
  });

  test("and never more, whatever the person may do", async () => {
    const assertion = await person({}, "flight-search");
    const booking = { client: "flight-search", assertion, scope: "flights:book" } as const;
    expect(await refusalOf(booking)).toEqual([400, "invalid_scope", "policy_denied"]);
  });
});

describe("JB-8: an assertion that is not good is an invalid_grant", () => {
  const now = (): number => Math.floor(Date.now() / 1000);
  const cases: [string, () => Promise<string>, string][] = [
    ["JB-2: without iss", () => person({ iss: undefined }), "evidence_untrusted"],
    ["JB-2: without sub", () => person({ sub: undefined }), "claim_malformed"],
    ["JB-2: without aud", () => person({ aud: undefined }), "evidence_untrusted"],
    ["JB-2: without exp", () => person({ exp: undefined }), "claim_malformed"],
    ["JB-3: for another server", () => person({ aud: "https://as.example" }), "evidence_untrusted"],
    ["JB-3: for us and another", () => person({ aud: [here, "https://as.example"] }), "evidence_untrusted"],
    ["JB-4: for our issuer with a slash", () => person({ aud: `${here}/` }), "evidence_untrusted"],
    ["JB-4: of an issuer with a slash", () => person({ iss: "https://people.example/" }), "evidence_untrusted"],
    ["JB-4: of an issuer in capitals", () => person({ iss: "https://PEOPLE.example" }), "evidence_untrusted"],
    ["JB-5: expired", () => person({ iat: now() - 600, exp: now() - 60 }), "claims_expired"],
    ["JB-5: that lives unreasonably long", () => person({ exp: now() + 100_000 }), "evidence_untrusted"],
    ["JB-6: not valid yet", () => person({ nbf: now() + 120 }), "claims_not_yet_valid"],
    ["JB-6: issued in the future", () => person({ iat: now() + 120 }), "claims_not_yet_valid"],
    ["JB-10: of a person who names another client", () => person({}, "flight-search"), "actor_not_named"],
    ["JB-10: of a person who names nobody", () => person({ may_act: undefined }), "actor_not_named"],
    ["JB-10: of an agent, and no person's", () => identities.agent({ sub: "alice" }), "evidence_untrusted"],
    ["P1: unsigned", async () => unsigned(await person()), "evidence_untrusted"],
  ];
  test.each(cases)("%s", async (_name, make, code) => {
    expect(await refusalOf({ assertion: await make() })).toEqual([400, "invalid_grant", code]);
  });

  test("so is one of a person whom policy lets nothing of this, or not there", async () => {
    const assertion = await person({ departments: ["Marketing"] });
    expect(await refusalOf({ assertion, scope: "flights:search" })).toEqual([400, "invalid_grant", "policy_denied"]);
    const elsewhere = { assertion: await person(), scope: "flights:search", resource: "https://hotels.example" };
    expect(await refusalOf(elsewhere)).toEqual([400, "invalid_grant", "policy_denied"]);
  });
});

function unsigned(token: string): string {
  const [, claims = ""] = token.split(".");
  const header = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt" })).toString("base64url");
  return `${header}.${claims}.AA`;
}
