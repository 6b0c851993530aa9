/**
 * Tokens in, role token out, with everything real that the exchange itself consists of: the door, the clients, the
 * tokens' signatures, the path and its records. Policy and minter are fakes that say what they are told.
 */
import { describe, expect, test } from "vitest";
import { detailType } from "../../src/domain/authorization-detail.ts";
import { parseIssuer, parsePartyId } from "../../src/domain/identifiers.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import { decide } from "../../src/pdp/decide.ts";
import { allow } from "../fakes/doors-house.ts";
import { actorToken, agentName, agents, createVerifier, people, roleToken, subjectToken } from "../fakes/issuers.ts";
import {
  createFakePolicy,
  createFakeWorld,
  flights,
  foundingVerdict,
  known,
  ownIssuer,
  testTime,
} from "../fakes/path-ports.ts";
import { bearerForm, exchangeForm, type FormChanges, openTokenHouse, tokenType } from "../fakes/token-client.ts";

/** Grants what is asked by name at the flights, role by role; and may let somebody act next. */
function verdictFor({ asked }: PolicyInput): JsonObject {
  const permissions = asked.permissions.length > 0 ? [...asked.permissions] : ["flights:book"];
  return { ...foundingVerdict, role: "flight-agent", permissions };
}

async function openExchange(answer: (input: PolicyInput) => unknown = verdictFor) {
  const world = createFakeWorld({ evidence: createVerifier(), policy: createFakePolicy(answer) });
  const house = await openTokenHouse(allow, { decide: (request) => decide(request, world) });
  const form = {
    ...exchangeForm,
    subject_token: subjectToken(),
    actor_token: actorToken(),
    actor_token_type: tokenType("access_token"),
  };
  return {
    ...house,
    records: world.records,
    revocations: world.revocations,
    ask: (changes: FormChanges = {}) => house.exchange({ ...form, ...changes }),
  };
}

describe("an agent exchanges a person's token and its own", () => {
  test("for one target, and what is on record is what was answered", async () => {
    const { ask, records } = await openExchange();
    const answer = await ask({ resource: flights, scope: "flights:book" });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ access_token: "signed.by.fake", expires_in: 60, scope: "flights:book" });
    expect(records[0]).toMatchObject({
      door: "token",
      outcome: "allow",
      vouched_by: "signature",
      subject: { id: "alice", issuer: people.name },
      actor: { id: "travel-agent", issuer: agents.name },
      client: { id: "with-secret", issuer: ownIssuer },
      audience: flights,
      grant: { client_id: "with-secret", audience: flights, permissions: ["flights:book"], depth: 1 },
    });
  });

  test("P33: no token stands on record, whichever way it ends", async () => {
    const { ask, records } = await openExchange();
    await ask({ resource: flights, scope: "flights:book" });
    await ask({ scope: "flights:fly" });
    await ask({ subject_token: `${subjectToken()}x` });
    expect(records).toHaveLength(3);
    expect(JSON.stringify(records)).not.toMatch(/eyJ/);
  });

  test("with strings attached: the answer and the record say so, and no scope does", async () => {
    const { ask, records } = await openExchange();
    const constraints = { max_amount: { amount: "600.00", currency: "EUR" } };
    const detail = { type: detailType, locations: [flights], actions: ["flights:book"], constraints };
    const { json } = await ask({ authorization_details: JSON.stringify([detail]) });
    expect(json["authorization_details"]).toEqual([detail]);
    expect(json).not.toHaveProperty("scope");
    expect(records[0]).toMatchObject({ grant: { permissions: [], authorization_details: [detail] } });
  });

  test("JB-10: by jwt-bearer the client acts, if the person's token names it", async () => {
    const { exchange, records } = await openExchange();
    const form = { ...bearerForm, scope: "flights:book", resource: flights };
    const named = subjectToken({ may_act: { iss: ownIssuer, sub: "with-secret" } });
    expect((await exchange({ ...form, assertion: named })).status).toBe(200);
    expect(records[0]).toMatchObject({ actor: { id: "with-secret" }, subject: { id: "alice" } });
    const other = subjectToken({ may_act: agentName });
    expect((await exchange({ ...form, assertion: other })).json).toMatchObject({ error: "invalid_grant" });
    expect(records[1]).toMatchObject({ outcome: "deny", code: "actor_not_named" });
  });
});

describe("an exchange that is refused says the OAuth word and keeps the reason", () => {
  const cases: [string, FormChanges, string, string][] = [
    [
      "TX-9: a subject token with a broken signature",
      { subject_token: `${subjectToken().slice(0, -6)}AAAAAA` },
      "invalid_request",
      "evidence_untrusted",
    ],
    [
      "TX-9: an actor token that expired",
      { actor_token: actorToken({ exp: testTime - 60, iat: testTime - 600 }) },
      "invalid_request",
      "claims_expired",
    ],
    [
      "TX-6: a token of another kind than it is said to be",
      { subject_token_type: tokenType("id_token") },
      "invalid_request",
      "evidence_untrusted",
    ],
    [
      "TX-17: no may_act means nobody (P6)",
      { subject_token: subjectToken({ may_act: undefined }) },
      "invalid_request",
      "actor_not_named",
    ],
    [
      "TX-18: a may_act that names somebody else",
      { actor_token: actorToken({ sub: "other" }) },
      "invalid_request",
      "actor_not_named",
    ],
    [
      "TX-21: an actor that is itself delegated",
      { actor_token: actorToken({ act: { sub: "x" } }) },
      "invalid_request",
      "evidence_untrusted",
    ],
    [
      "TX-22: a may_act that is empty",
      { subject_token: subjectToken({ may_act: [] }) },
      "invalid_request",
      "actor_not_named",
    ],
    ["our own token as actor token", { actor_token: roleToken() }, "invalid_request", "evidence_untrusted"],
    [
      "a permission that the role has not",
      { scope: "flights:book flights:fly" },
      "invalid_scope",
      "permission_not_covered",
    ],
    ["another target than the role's", { resource: "https://hotels.example" }, "invalid_target", "audience_mismatch"],
    [
      "P22: a token beyond its bound",
      { subject_token: subjectToken({ padding: "x".repeat(20_000) }) },
      "invalid_request",
      "evidence_untrusted",
    ],
  ];
  test.each(cases)("%s", async (_name, changes, error, code) => {
    const { ask, records } = await openExchange();
    const answer = await ask(changes);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error, decision_id: "decision-1" });
    expect(answer.json).not.toHaveProperty("access_token");
    expect(records[0]).toMatchObject({ outcome: "deny", code, decision_id: "decision-1" });
  });
});

describe("tokens that were exchanged a moment ago, and whose signatures are therefore not verified again", () => {
  const refused = { status: 400, json: { error: "invalid_request" } };

  test("are refused as soon as the person is revoked", async () => {
    const { ask, records, revocations } = await openExchange();
    expect((await ask()).status).toBe(200);
    revocations.revokeParty(known(parseIssuer(people.name)), known(parsePartyId("alice")));
    expect(await ask()).toMatchObject(refused);
    expect(records[1]).toMatchObject({ outcome: "deny", code: "revoked" });
  });

  test("are judged by the policy of this moment", async () => {
    let isAllowed = true;
    const objection = { outcome: "deny", reasons: [{ code: "not_now", message: "Not now." }] };
    const { ask, records } = await openExchange((input) => (isAllowed ? verdictFor(input) : objection));
    expect((await ask()).status).toBe(200);
    isAllowed = false;
    expect(await ask()).toMatchObject(refused);
    expect(records[1]).toMatchObject({ outcome: "deny", code: "policy_denied" });
  });
});

describe("our token exchanged onward", () => {
  const onward = { subject_token: roleToken(), resource: flights };

  test("TX-15, TX-20: narrows: the same chain, one hop deeper, no more than asked", async () => {
    const { ask, records } = await openExchange();
    const answer = await ask({ ...onward, scope: "flights:book" });
    expect(answer.json).toMatchObject({ scope: "flights:book" });
    expect(answer.json["expires_in"]).toBeLessThanOrEqual(50);
    expect(records[0]).toMatchObject({
      phase: "delegate",
      grant: { txn: "c-1", lineage: ["g-1"], depth: 2, sub: "alice", act: "travel-agent" },
    });
  });

  test("asking for more than it has is an invalid_scope, never silently less", async () => {
    const { ask, records } = await openExchange();
    expect((await ask({ ...onward, scope: "flights:book flights:cancel" })).json).toMatchObject({
      error: "invalid_scope",
    });
    expect(records[0]).toMatchObject({ outcome: "deny", code: "parent_exceeded" });
  });

  test("asking for nothing by name is an invalid_scope (RFC 6749 §3.3)", async () => {
    const { ask, records } = await openExchange();
    expect((await ask(onward)).json).toMatchObject({ error: "invalid_scope" });
    expect(records[0]).toMatchObject({ outcome: "deny", code: "nothing_asked" });
  });
});
