/**
 * The issuers of all pages in docs/issuers in one real `chaperone serve`, and each product's two tokens shown at its
 * token door. Only their keys come from a file here.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeJwt } from "jose";
import {
  allowInsecureRequests,
  type AuthorizationServer,
  clockSkew,
  customFetch,
  genericTokenEndpointRequest,
  PrivateKeyJwt,
} from "oauth4webapi";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { exampleOf, openProduct, productKey, type ProductName, productNames } from "../fakes/products.ts";
import { clientKeyId, here, makeIdentities, type ServedIdentities } from "../fakes/served-identities.ts";
import { makeFolder, readRecords, serve, type ServedHouse } from "./served-house.ts";

const as: AuthorizationServer = { issuer: here, token_endpoint: `${here}/oauth2/token` };
const urn = "urn:ietf:params:oauth";
const folder = makeFolder();
let house: ServedHouse;
let identities: ServedIdentities;

const now = (): number => Math.floor(Date.now() / 1000);

function settings(): string {
  const keys = join(folder.path, "products.jwks.json");
  writeFileSync(keys, JSON.stringify({ keys: [productKey] }));
  const issuers = productNames.map((name) => {
    const [, block] = / {2}issuers:\n([^]+)clients:\n/.exec(exampleOf(name)) ?? [];
    if (block?.includes("discovery: true") !== true) throw new Error(`the page of ${name} has no issuers`);
    return block.replaceAll("discovery: true", `jwks_file: ${keys}`);
  });
  return `  - { name: exchange, address: "127.0.0.1:0", doors: [token], callers: open }
clients:
  - { id: travel-planner, authentication: jwks_file, jwks_file: ${folder.path}/gateway.jwks.json }
identity:
  issuers:
${issuers.join("")}`;
}

beforeAll(async () => {
  identities = await makeIdentities(folder.path);
  house = await serve(folder.path, settings());
  // As in the test of the configured door: the client's clock runs 5 s ahead, and counts from the next second on.
  const listening = now();
  await vi.waitUntil(() => now() > listening, { timeout: 5000 });
});

afterAll(async () => {
  await house.kill();
  folder.remove();
});

async function exchange(name: ProductName, tokens: readonly [subject: string, actor: string]): Promise<JsonObject> {
  const product = openProduct(name, now());
  const [subject, actor] = tokens;
  const parameters = {
    subject_token: product.issue(subject),
    subject_token_type: `${urn}:token-type:${product.type}`,
    actor_token: product.issue(actor),
    actor_token_type: `${urn}:token-type:${product.type}`,
    resource: "https://flights.example/api",
  };
  const response = await genericTokenEndpointRequest(
    as,
    { client_id: "travel-planner", [clockSkew]: 5 },
    PrivateKeyJwt({ key: identities.clientKey, kid: clientKeyId }),
    `${urn}:grant-type:token-exchange`,
    parameters,
    {
      [allowInsecureRequests]: true,
      [customFetch]: (_url: string, init: RequestInit) => fetch(`${house.url("exchange")}/oauth2/token`, init),
    },
  );
  const json: unknown = await response.json();
  return isJsonObject(json) ? json : {};
}

const recordOf = (id: unknown): JsonObject | undefined =>
  readRecords(join(folder.path, "state", "audit")).find((record) => record["decision_id"] === id);

test.each<[ProductName, string, object]>([
  ["keycloak", "0d4c5a8e-6a6f-4a56-9f0e-1f3a7c1d2b33", { sub: "travel-planner" }],
  [
    "vault",
    "5f3c6d2a-8c39-6a51-3f0e-0b7a4a6f1d21",
    { sub: "e1a7b0c9-44d2-9c0f-7a31-5d2f8b6c3e90", iss: "https://vault.example:8200/v1/identity/oidc" },
  ],
  ["auth0", "auth0|64f0c2a9d3b5e7f1a2c4d6e8", { sub: "aGeNtPlAnNeR0123456789abcdefGHIJ@clients" }],
])("%s: the shipped policy reads its words, and a role token names both", async (name, sub, actor) => {
  const { issuer } = openProduct(name);
  const { access_token: token } = await exchange(name, ["person", "agent"]);
  expect(decodeJwt(typeof token === "string" ? token : "")).toMatchObject({
    sub,
    sub_id: { iss: issuer, sub },
    act: { iss: issuer, ...actor },
  });
});

test.each<[ProductName, string, string]>([
  ["entra", "c3a2b1d0-5e4f-4877-96a8-1b2c3d4e5f60", "d9e8f7a6-b5c4-4d3e-92f1-0a1b2c3d4e5f"],
  ["cognito", "a3f4c872-7041-70bd-9f3a-2f6f0c1e9d55", "7p3r9t1v5x2z8b6d4f0h1j3k5m"],
])("%s: its tokens are believed, and its words are for a policy that knows them", async (name, subject, actor) => {
  const { issuer } = openProduct(name);
  const { error, decision_id: id } = await exchange(name, ["person", "agent"]);
  expect(error).toMatch(/^invalid_(request|scope)$/);
  expect(recordOf(id)).toMatchObject({
    code: "policy_denied",
    subject: { id: subject, issuer },
    actor: { id: actor, issuer },
  });
});

test.each(productNames)("%s: an agent's token in a person's place is on record as not believed", async (name) => {
  const { error, decision_id: id } = await exchange(name, ["agent", "agent"]);
  expect(error).toBe("invalid_request");
  expect(recordOf(id)).toMatchObject({ outcome: "deny", code: "evidence_untrusted" });
});
