/** Entra: users, applications and agent identities of one tenant, in tokens of version 2. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import { openProduct } from "../../fakes/products.ts";
import { parseIssuer } from "../../../src/domain/identifiers.ts";
import { createVerifier } from "../../fakes/issuers.ts";
import { known } from "../../fakes/path-ports.ts";

const entra = openProduct("entra");
const party = /is of another kind of party/;
type Changes = { readonly [member: string]: Json | undefined };

test("what its tokens say", async () => {
  const evidence = await entra.judge();
  if (typeof evidence === "string") return expect.unreachable(evidence);
  expect(evidence).toMatchObject({
    subject: { id: "c3a2b1d0-5e4f-4877-96a8-1b2c3d4e5f60", roles: ["Director"] },
    actor: { id: "d9e8f7a6-b5c4-4d3e-92f1-0a1b2c3d4e5f" },
    origin: { source: "sid" },
  });
  expect(evidence.subject.departments).toEqual(["0b9c8d7e-6f5a-4b3c-8d2e-1f0a9b8c7d6e"]);
  expect(evidence.subject.scopes?.toArray()).toEqual(["flights:book", "flights:search"]);
  expect(evidence.actor.capabilities.toArray()).toEqual(["book_flight", "search_flights"]);
});

describe("one tenant, one version", () => {
  test.each<[string, Changes]>([
    ["another tenant's id", { tid: "00000001-0000-0ff1-ce00-000000000000" }],
    ["no tenant", { tid: undefined }],
    ["two tenants", { tid: ["8f5e1c7a-3b0d-4c7e-9a51-0d2f6b7c8e90"] }],
    ["version 1", { ver: "1.0" }],
    ["no version", { ver: undefined }],
    ["version 2 as a number", { ver: 2 }],
  ])("%s", async (_name, changes) => {
    expect(await entra.judge({ person: changes })).toMatch(/profile pins/);
    expect(await entra.judge({ agent: changes })).toMatch(/profile pins/);
  });

  test("a token of the version 1 issuer is of nobody", async () => {
    const iss = "https://sts.windows.net/8f5e1c7a-3b0d-4c7e-9a51-0d2f6b7c8e90/";
    expect(await entra.judge({ person: { iss, ver: "1.0" } })).toMatch(/an issuer that has no profile/);
  });

  test.each([
    "https://login.microsoftonline.com/common/v2.0",
    "https://login.microsoftonline.com/organizations/v2.0",
    "https://login.microsoftonline.com/travel.example/v2.0",
    "https://login.microsoftonline.com/{tenantid}/v2.0",
    "https://login.microsoftonline.com/8f5e1c7a-3b0d-4c7e-9a51-0d2f6b7c8e90",
    "https://sts.windows.net/8f5e1c7a-3b0d-4c7e-9a51-0d2f6b7c8e90/",
  ])("%s stops the start", (name) => {
    const [options] = entra.profiles;
    const issuer = parseIssuer(name) ?? parseIssuer(name.replace(/[{}]/g, "x"));
    if (options === undefined) return expect.unreachable();
    expect(() => createVerifier([{ ...options, issuer: known(issuer) }])).toThrow(
      expect.objectContaining({ code: "issuer_not_of_profile" }),
    );
  });
});

describe("who is who", () => {
  test.each<[string, Changes]>([
    ["an app-only token that does not say so", { scp: undefined, idtyp: undefined }],
    ["an app-only token with a scope", { idtyp: "app" }],
    ["a device", { idtyp: "device" }],
    ["an empty scope", { scp: "" }],
    ["scopes as a list", { scp: ["Trips.Book"] }],
    ["an agent's user account", { idtyp: "user", xms_sub_fct: "3 13" }],
    ["an agent identity", { idtyp: "user", xms_sub_fct: "11" }],
    ["facets that are no text", { xms_sub_fct: ["3"] }],
  ])("%s is no person", async (_name, person) => {
    expect(await entra.judge({ person })).toMatch(party);
  });

  test("a person says `user`, or nothing; an agent that acts for one is seen in `azp` alone", async () => {
    for (const idtyp of ["user", undefined]) {
      expect(await entra.judge({ person: { idtyp, xms_act_fct: "11 9 3" } })).toHaveProperty("inner", []);
    }
    expect(await entra.judge({ person: { xms_sub_fct: "110 131" } })).toHaveProperty("subject");
  });

  test.each<[string, Changes]>([
    ["one that does not say `app`", { idtyp: undefined }],
    ["one with a person's scopes", { scp: "Trips.Book" }],
  ])("%s is no agent", async (_name, agent) => {
    expect(await entra.judge({ agent })).toMatch(party);
  });

  test("nobody without an object id, no agent without a client", async () => {
    expect(await entra.judge({ person: { oid: undefined } })).toMatch(/^claim_malformed/);
    expect(await entra.judge({ agent: { azp: undefined } })).toMatch(/was not issued to a client/);
  });
});

test.each<[string, Changes]>([
  ["_claim_names", { groups: undefined, _claim_names: { groups: "src1" } }],
  ["_claim_sources", { _claim_sources: { src1: { endpoint: "https://graph.example/me" } } }],
  ["hasgroups", { groups: undefined, hasgroups: true }],
])("groups that are elsewhere (%s) are not fetched, and not taken for none", async (_name, person) => {
  expect(await entra.judge({ person })).toMatch(/keeps some claims elsewhere/);
});
