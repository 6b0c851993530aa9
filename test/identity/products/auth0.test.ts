/** Auth0: users and machine-to-machine applications, in both token profiles. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import { openProduct } from "../../fakes/products.ts";

const auth0 = openProduct("auth0");
const party = /is of another kind of party/;
const planner = "aGeNtPlAnNeR0123456789abcdefGHIJ";
type Changes = { readonly [member: string]: Json | undefined };

test("what its tokens say, in either profile", async () => {
  for (const actor of ["agent", "agent_rfc9068"]) {
    const evidence = await auth0.judge({ actor: auth0.issue(actor) });
    if (typeof evidence === "string") return expect.unreachable(evidence);
    expect(evidence).toMatchObject({
      subject: { id: "auth0|64f0c2a9d3b5e7f1a2c4d6e8", departments: ["Operations"], roles: ["Director"] },
      actor: { id: `${planner}@clients` },
      origin: { source: "decision" },
    });
    expect(evidence.subject.scopes?.toArray()).toEqual(["flights:book", "flights:search"]);
    expect(evidence.actor.capabilities.toArray()).toEqual(["book_flight", "search_flights"]);
  }
});

test("departments and roles are read nowhere before settings say where", async () => {
  const profiles = auth0.profiles.map((options) => ({ ...options, departments: undefined, roles: undefined }));
  const person = { roles: ["Director"], departments: ["Operations"] };
  expect(await auth0.judge({ person, profiles })).toMatchObject({ subject: { departments: [], roles: [] } });
});

describe("who is who", () => {
  test.each<[string, Changes]>([
    ["a user id with the suffix of clients", { sub: "auth0|alice@clients" }],
    ["a subject that is no user id", { sub: "alice" }],
    ["its own client", { sub: "Xb2kPqR7sTuVwXyZ0123456789AbCdEf@clients" }],
    ["a user in a token of the client credentials grant", { gty: "client-credentials" }],
    ["the same in a list", { gty: ["refresh_token", "client-credentials"] }],
  ])("%s is no person", async (_name, person) => {
    expect(await auth0.judge({ person })).toMatch(party);
  });

  test.each<[string, Changes]>([
    ["another client's subject", { sub: "Xb2kPqR7sTuVwXyZ0123456789AbCdEf@clients" }],
    ["a client's subject from another grant", { gty: "password" }],
    ["a grant that is no text", { gty: 7 }],
    ["the client's name without the suffix", { sub: planner }],
  ])("%s is no agent", async (_name, agent) => {
    expect(await auth0.judge({ agent })).toMatch(party);
  });

  test.each(["password", "authorization_code", ["refresh_token", "authorization_code"]])(
    "a person who signed in by %j is one",
    async (gty) => {
      expect(await auth0.judge({ person: { gty } })).toHaveProperty("subject.id", "auth0|64f0c2a9d3b5e7f1a2c4d6e8");
    },
  );
});

test("its userinfo endpoint beside us is one audience too many, unless settings take it", async () => {
  const person = { aud: ["https://chaperone.example", "https://travel.eu.auth0.com/userinfo"] };
  expect(await auth0.judge({ person })).toMatch(/is not for an audience/);
  const profiles = auth0.profiles.map((options) => ({ ...options, multipleAudiences: "accept" as const }));
  expect(await auth0.judge({ person, profiles })).toHaveProperty("subject");
});
