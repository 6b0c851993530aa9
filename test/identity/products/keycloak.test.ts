/** Keycloak: users and service accounts of one realm. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import { openProduct } from "../../fakes/products.ts";

const keycloak = openProduct("keycloak");
const party = /is of another kind of party/;

test("what its tokens say", async () => {
  const evidence = await keycloak.judge({ person: { scope: "profile flights" } });
  if (typeof evidence === "string") return expect.unreachable(evidence);
  expect(evidence).toMatchObject({
    subject: { id: "0d4c5a8e-6a6f-4a56-9f0e-1f3a7c1d2b33", departments: ["Operations"], roles: ["Director"] },
    actor: { id: "travel-planner", issuer: keycloak.issuer, type: "ai_agent" },
    origin: { source: "sid", value: "b7a3f1de-52f5-4bb1-8b39-6f3f0c7a9e10" },
  });
  expect(evidence.actor.capabilities.toArray()).toEqual(["book_flight", "search_flights"]);
});

describe("who is an agent", () => {
  const names = { client_id: undefined, preferred_username: "alice" };

  test.each<[string, { readonly [member: string]: Json | undefined }]>([
    ["a user who took a service account's name", { preferred_username: "service-account-travel-planner" }],
    ["the same in capitals", { preferred_username: "Service-Account-travel-planner" }],
    ["a user into whose token somebody wrote a client", { client_id: "travel-app" }],
    ["a user with that client's service account's name", { azp: "travel-app", client_id: "travel-app" }],
    ["a token that names nobody", { preferred_username: undefined }],
    ["an empty name", { preferred_username: "" }],
    ["a name that is no text", { preferred_username: 7 }],
    ["a client that is null", { client_id: null }],
  ])("%s is no person", async (_name, person) => {
    expect(await keycloak.judge({ person })).toMatch(/another kind of party|^claim_malformed/);
  });

  test.each<[string, { readonly [member: string]: Json | undefined }]>([
    ["a service account without the scope that says so", { client_id: undefined }],
    ["a service account under another name", { preferred_username: "planner" }],
    ["a service account of another client", { preferred_username: "service-account-flight-search" }],
    ["a service account without a name", { preferred_username: undefined }],
    ["a user's claims on an agent's client", names],
  ])("%s is no agent", async (_name, agent) => {
    expect(await keycloak.judge({ agent })).toMatch(party);
  });

  test("a client whose name has capitals is the agent of its service account, which has none", async () => {
    const agent = { azp: "Planner", client_id: "Planner", preferred_username: "service-account-planner" };
    const profiles = keycloak.profiles.map((options) => ({ ...options, clients: ["travel-app", "Planner"] }));
    expect(await keycloak.judge({ agent, profiles })).toMatch(/^actor_not_named/);
    const person = { may_act: { client_id: "Planner" } };
    expect(await keycloak.judge({ agent, person, profiles, client: "Planner" })).toHaveProperty("actor.id", "Planner");
  });
});

describe("who may act", () => {
  const serviceAccount = "7c1b9b62-90a5-4b1e-8b63-2d3d1b1c9a44";

  test.each<[string, Json, boolean]>([
    ["its client", { client_id: "travel-planner" }, true],
    ["its service account, by `sub` as the realm writes it", { sub: serviceAccount }, true],
    ["both", { sub: serviceAccount, client_id: "travel-planner", iss: keycloak.issuer }, true],
    ["a `sub` that is the client's name: no user of the realm", { sub: "travel-planner" }, false],
    ["another client", { client_id: "flight-search" }, false],
    [
      "the service account at another issuer",
      { sub: serviceAccount, iss: "https://other.example/realms/travel" },
      false,
    ],
    ["nobody", {}, false],
  ])("may_act names %s", async (_name, may_act, isNamed) => {
    const answer = await keycloak.judge({ person: { may_act } });
    if (isNamed) expect(answer).toHaveProperty("actor.id", "travel-planner");
    else expect(answer).toMatch(/^actor_not_named/);
  });

  test("an inner actor is named as the agent that it is, or refused", async () => {
    const act = { sub: serviceAccount, client_id: "flight-search" };
    expect(await keycloak.judge({ person: { act } })).toMatchObject({
      inner: [{ id: "flight-search", issuer: keycloak.issuer }],
    });
    expect(await keycloak.judge({ person: { act: { sub: serviceAccount } } })).toMatch(/^claim_malformed/);
    const foreign = { iss: "https://other.example", sub: "agent-7" };
    expect(await keycloak.judge({ person: { act: foreign } })).toMatchObject({
      inner: [{ id: "agent-7", issuer: "https://other.example" }],
    });
  });
});

describe("what is signed and no access token", () => {
  test.each(["Refresh", "Offline", "ID", "Logout", "DPoP", undefined, null])("claim typ %j", async (typ) => {
    expect(await keycloak.judge({ person: { typ } })).toMatch(/is not of a kind|profile pins/);
  });

  test("an ID token is taken where settings say so, as an ID token and for the audience that it has", async () => {
    const profiles = keycloak.profiles.map((options) => ({ ...options, kinds: { id_token: ["jwt"] as const } }));
    const subject = keycloak.issue("id_token");
    expect(await keycloak.judge({ subject, subjectType: "id_token", profiles })).toHaveProperty("subject.roles", []);
    expect(await keycloak.judge({ subject, subjectType: "access_token", profiles })).toMatch(/is not of a kind/);
    expect(await keycloak.judge({ subjectType: "id_token", profiles })).toMatch(/is not of a kind/);
  });

  test("the account console's audience beside ours is one too many", async () => {
    expect(await keycloak.judge({ person: { aud: ["chaperone", "account"] } })).toMatch(/is not for an audience/);
  });
});

test("with several audiences it is not said whose roles are capabilities", async () => {
  const profiles = keycloak.profiles.map((options) => ({ ...options, audiences: ["chaperone", "other"] }));
  const evidence = await keycloak.judge({ profiles });
  if (typeof evidence === "string") return expect.unreachable(evidence);
  expect(evidence.actor.capabilities.toArray()).toEqual([]);
});
