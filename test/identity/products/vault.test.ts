/** Vault: an OIDC provider for people, identity tokens for agents, and `may_act` as its list. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import { openProduct } from "../../fakes/products.ts";
import { createVerifier } from "../../fakes/issuers.ts";

const vault = openProduct("vault");
const entity = "e1a7b0c9-44d2-9c0f-7a31-5d2f8b6c3e90";

test("what its tokens say", async () => {
  const evidence = await vault.judge();
  if (typeof evidence === "string") return expect.unreachable(evidence);
  expect(evidence).toMatchObject({
    subject: { id: "5f3c6d2a-8c39-6a51-3f0e-0b7a4a6f1d21", departments: ["Operations"], roles: ["Director"] },
    actor: { id: entity, issuer: "https://vault.example:8200/v1/identity/oidc" },
    origin: { source: "decision" },
  });
  expect(evidence.actor.capabilities.toArray()).toEqual(["book_flight", "search_flights"]);
});

test("both are shown as a JWT as well, and never as an access token", async () => {
  expect(await vault.judge({ subjectType: "jwt", actorType: "jwt" })).toHaveProperty("actor.id", entity);
  expect(await vault.judge({ subjectType: "access_token" })).toMatch(/is not of a kind/);
  expect(await vault.judge({ actorType: "access_token" })).toMatch(/is not of a kind/);
});

describe("TX-22: its list of who may act", () => {
  const named = { client_id: "travel-planner", sub: entity };

  test.each<[string, Json | undefined, boolean]>([
    ["one entry", [named], true],
    ["one of two", [{ client_id: "other", sub: entity }, named], true],
    ["one object", named, true],
    ["the entity alone", [{ sub: entity }], true],
    ["another client", [{ client_id: "other", sub: entity }], false],
    ["another entity", [{ client_id: "travel-planner", sub: "5f3c6d2a-8c39-6a51-3f0e-0b7a4a6f1d21" }], false],
    ["the entity at another Vault", [{ ...named, iss: "https://other.example/v1/identity/oidc" }], false],
    ["an entry with a number", [{ ...named, level: 7 }], false],
    ["a right entry beside one that is none", [named, "travel-planner"], false],
    ["an empty list", [], false],
    ["a list of nothing", [{}], false],
    ["nothing", undefined, false],
  ])("%s", async (_name, may_act, isNamed) => {
    const answer = await vault.judge({ person: { may_act } });
    if (isNamed) expect(answer).toHaveProperty("actor.id", entity);
    else expect(answer).toMatch(/^actor_not_named/);
  });

  test("the client is the one at our door, too", async () => {
    expect(await vault.judge({ client: "somebody-else" })).toMatch(/^actor_not_named/);
    expect(await vault.judge({ agent: { client_id: "somebody-else" } })).toMatch(/^actor_not_named/);
  });
});

describe("an issuer vouches for one side", () => {
  const [provider, identity] = vault.profiles;

  test.each(["both", "actors"] as const)("the provider for %s stops the start", (vouchesFor) => {
    if (provider === undefined) return expect.unreachable();
    expect(() => createVerifier([{ ...provider, vouchesFor }])).toThrow(
      expect.objectContaining({ code: "use_not_of_profile" }),
    );
  });

  test.each(["both", "subjects"] as const)("identity tokens for %s stop the start", (vouchesFor) => {
    if (identity === undefined) return expect.unreachable();
    expect(() => createVerifier([{ ...identity, vouchesFor }])).toThrow(
      expect.objectContaining({ code: "use_not_of_profile" }),
    );
  });
});
