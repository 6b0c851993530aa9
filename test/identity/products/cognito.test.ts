/** Cognito: users and app clients of one pool, whose access tokens mostly have no audience. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import { openProduct } from "../../fakes/products.ts";

const cognito = openProduct("cognito");
const party = /is of another kind of party/;
const planner = "7p3r9t1v5x2z8b6d4f0h1j3k5m";
type Changes = { readonly [member: string]: Json | undefined };

test("what its tokens say", async () => {
  const evidence = await cognito.judge();
  if (typeof evidence === "string") return expect.unreachable(evidence);
  expect(evidence).toMatchObject({
    subject: { id: "a3f4c872-7041-70bd-9f3a-2f6f0c1e9d55", departments: ["Operations"], roles: ["Director"] },
    actor: { id: planner },
    origin: { source: "origin_jti", value: "f1c2d3e4-5a6b-4c7d-8e9f-0a1b2c3d4e5f" },
  });
  expect(evidence.actor.capabilities.toArray()).toEqual(["chaperone/book_flight", "chaperone/search_flights"]);
});

describe("whom a token is for", () => {
  test.each<[string, Changes]>([
    ["no scope of a resource server", { scope: "openid profile" }],
    ["the pool's own scope alone", { scope: "aws.cognito.signin.user.admin" }],
    ["another resource server", { scope: "flights/exchange" }],
    ["ours and another one", { scope: "chaperone/exchange flights/book" }],
    ["a name that only begins with ours", { scope: "chaperone2/exchange" }],
    ["a path that only begins with ours", { scope: "chaperone/a/exchange" }],
    ["our name without a scope", { scope: "chaperone" }],
    ["no scope", { scope: undefined }],
    ["scopes as a list", { scope: ["chaperone/exchange"] }],
    ["another resource, whatever the scopes", { aud: "https://flights.example" }],
    ["no resource, though the claim is there", { aud: null }],
    ["an empty list of resources", { aud: [] }],
  ])("%s: not for us", async (_name, person) => {
    expect(await cognito.judge({ person })).toMatch(/is not for an audience/);
  });

  test.each<[string, Changes]>([
    ["several scopes of ours", { scope: "openid chaperone/exchange chaperone/other" }],
    ["ours as a resource, and scopes of others", { aud: "chaperone", scope: "flights/book" }],
  ])("%s: for us", async (_name, person) => {
    expect(await cognito.judge({ person })).toHaveProperty("subject");
  });
});

describe("which token it is", () => {
  test.each(["id", "refresh", undefined, ["access"]])("token_use %j is no access token", async (token_use) => {
    expect(await cognito.judge({ person: { token_use } })).toMatch(/profile pins/);
  });

  test("an ID token is taken where settings say so, for the app client that it is for", async () => {
    const kinds = { id_token: ["absent"] as const };
    const profiles = cognito.profiles.map((options) => ({ ...options, kinds, audiences: [...options.clients] }));
    const subject = cognito.issue("id_token");
    const shown = { subject, subjectType: "id_token", actorType: "id_token", profiles } as const;
    expect(await cognito.judge({ ...shown, actor: cognito.issue("agent") })).toMatch(/is not of a kind/);
    const resource = cognito.issue("agent", { aud: planner });
    expect(await cognito.judge({ ...shown, actor: resource, actorType: "jwt" })).toMatchObject({
      subject: { roles: ["Director"] },
    });
    expect(await cognito.judge({ ...shown, subjectType: "access_token" })).toMatch(/is not of a kind|profile pins/);
  });
});

describe("who is who", () => {
  test.each<[string, Changes]>([
    ["a token without a user's name", { username: undefined }],
    ["an empty name", { username: "" }],
    ["a client as subject", { sub: "4k7hqv2m9d0c1b8n3x6z5a4s2f" }],
  ])("%s is no person", async (_name, person) => {
    expect(await cognito.judge({ person })).toMatch(party);
  });

  test.each<[string, Changes]>([
    ["a client with a user's name", { username: "alice" }],
    ["a client in a group", { "cognito:groups": ["Director"] }],
    ["another client's subject", { sub: "4k7hqv2m9d0c1b8n3x6z5a4s2f" }],
  ])("%s is no agent", async (_name, agent) => {
    expect(await cognito.judge({ agent })).toMatch(party);
  });
});
