/**
 * Who may act for whom, at the token endpoint: good tokens of the wrong people. The policy says yes to everything, so
 * it is the sidecar alone that keeps an agent from becoming another agent, or the person.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseChainId, parseIssuer, parsePartyId } from "../../../src/domain/identifiers.ts";
import type { Json, JsonObject } from "../../../src/domain/json.ts";
import type { PolicyInput } from "../../../src/domain/policy-input.ts";
import type { Revocations } from "../../../src/ledger/index.ts";
import { decide } from "../../../src/pdp/decide.ts";
import { claimsOf, hotels, openExchangeHouse, sayYes, tokenOf } from "../../fakes/exchange-house.ts";
import { clientSecret } from "../../fakes/clients.ts";
import { createFakeHouse, gatewayCredential } from "../../fakes/doors-house.ts";
import { call, open, tcpListener } from "../../fakes/open-house.ts";
import { actorToken, agentName, agents, people, profileOf, roleToken, subjectToken } from "../../fakes/issuers.ts";
import { createFakeWorld, flights, known, ownIssuer, testTime } from "../../fakes/path-ports.ts";
import { bearerForm, type FormChanges } from "../../fakes/token-client.ts";
import { expectRefused } from "./refusal.ts";

const asBearer: FormChanges = {
  ...bearerForm,
  subject_token: undefined,
  subject_token_type: undefined,
  actor_token: undefined,
  actor_token_type: undefined,
};

describe("P6: act is what was, may_act is what may be, and neither is the other", () => {
  const other = { iss: agents.name, sub: "hotel-agent" };
  const acts = {
    "no act": undefined,
    "act that names the actor's like": { sub: "travel-agent" },
    "another act": other,
  };
  const mayActs = { "no may_act": undefined, may_act: agentName, "another may_act": other, "an empty may_act": {} };
  const table = Object.entries(acts).flatMap(([act, actClaim]) =>
    Object.entries(mayActs).map(([mayAct, claim]) => [act, mayAct, { act: actClaim, may_act: claim }] as const),
  );

  test("there are twelve combinations", () => expect(table).toHaveLength(12));

  test.each(table)("%s and %s", async (_act, mayAct, claims) => {
    const house = await openExchangeHouse();
    const answer = await house.ask({ subject_token: subjectToken(claims) });
    if (mayAct === "may_act") expect(claimsOf(answer)["act"]).toMatchObject({ sub: "travel-agent", iss: agents.name });
    else expectRefused(answer, house, "invalid_request", "actor_not_named");
  });
});

describe("P27, P28, TX-22, TX-24: a may_act in any other shape, or of almost the same name, names nobody", () => {
  const shapes: readonly (readonly [string, Json])[] = [
    ["null", null],
    ["a number", 1],
    ["true", true],
    ["text", "travel-agent"],
    ["an empty list", []],
    ["a list of nothing", [{}]],
    ["the issuer alone", { iss: agents.name }],
    ["the name in a list", { iss: agents.name, sub: ["travel-agent"] }],
    ["the name null", { iss: agents.name, sub: null }],
    ["the name as a number", { iss: agents.name, sub: 1 }],
    ["a good entry beside a wrong one", [agentName, { sub: 1 }]],
    ["in itself", { may_act: agentName }],
    ["with what the actor cannot show", { ...agentName, act: "travel-agent" }],
    ["with a member that every object has", { ...agentName, constructor: "Object" }],
    ["a star", { iss: agents.name, sub: "*" }],
    ["a prefix", { iss: agents.name, sub: "travel-" }],
    ["the name and a space", { iss: agents.name, sub: "travel-agent " }],
    ["another case", { iss: agents.name, sub: "Travel-Agent" }],
    ["the issuer and a slash", { iss: `${agents.name}/`, sub: "travel-agent" }],
    ["the issuer in another case", { iss: "https://AGENTS.example", sub: "travel-agent" }],
    ["a letter that looks alike", { iss: agents.name, sub: "tr\u0430vel-agent" }],
    ["another client", { ...agentName, client_id: "with-keys" }],
    ["the client in another case", { ...agentName, client_id: "With-Secret" }],
  ];
  test.each(shapes)("%s", async (_name, mayAct) => {
    const house = await openExchangeHouse();
    const answer = await house.ask({ subject_token: subjectToken({ may_act: mayAct }) });
    expectRefused(answer, house, "invalid_request", "actor_not_named");
  });

  test("two normal forms of one word are two names", async () => {
    const house = await openExchangeHouse();
    const [composed, decomposed] = ["r\u00e9sum\u00e9-agent", "re\u0301sume\u0301-agent"];
    const ask = (named: string, sub: string) =>
      house.ask({
        subject_token: subjectToken({ may_act: { iss: agents.name, sub: named } }),
        actor_token: actorToken({ sub }),
      });
    expect((await ask(composed, composed)).status).toBe(200);
    expectRefused(await ask(composed, decomposed), house, "invalid_request", "actor_not_named");
  });
});

describe("P5: a token that was given to somebody else", () => {
  test("the person's client is pinned, and another client's token is refused", async () => {
    const issuers = [profileOf(people, { clients: ["travel-app"] }), profileOf(agents)];
    const house = await openExchangeHouse({ issuers });
    expect((await house.ask({ subject_token: subjectToken({ azp: "travel-app" }) })).status).toBe(200);
    for (const claims of [{ azp: "other-app" }, { client_id: "other-app" }, {}]) {
      const answer = await house.ask({ subject_token: subjectToken(claims) });
      expectRefused(answer, house, "invalid_request", "evidence_untrusted");
    }
    const two = await house.ask({ subject_token: subjectToken({ azp: "travel-app", client_id: "other-app" }) });
    expectRefused(two, house, "invalid_request", "claims_conflict");
  });

  test("an agent that found a token for another agent does not become it", async () => {
    const house = await openExchangeHouse();
    const found = { subject_token: subjectToken({ may_act: { ...agentName, sub: "hotel-agent" } }) };
    expectRefused(await house.ask(found), house, "invalid_request", "actor_not_named");
    const asserted = { ...asBearer, assertion: subjectToken({ may_act: agentName }) };
    expectRefused(await house.ask(asserted), house, "invalid_grant", "actor_not_named");
  });

  test("JB-10: a client does not act by the name of an agent of another issuer", async () => {
    const house = await openExchangeHouse();
    for (const mayAct of [
      { sub: "with-secret" },
      { iss: agents.name, sub: "with-secret" },
      { client_id: "with-secret" },
    ]) {
      const asserted = { ...asBearer, assertion: subjectToken({ may_act: mayAct }) };
      expectRefused(await house.ask(asserted), house, "invalid_grant", "actor_not_named");
    }
  });
});

describe("P8: an agent is no person, and a person is no agent", () => {
  test("their tokens do not change places", async () => {
    const house = await openExchangeHouse();
    const swapped = {
      subject_token: actorToken({ may_act: { iss: people.name, sub: "alice" } }),
      actor_token: subjectToken(),
    };
    expectRefused(await house.ask(swapped), house, "invalid_request", "evidence_untrusted");
    const twoAgents = { subject_token: agents.issue({ sub: "alice", may_act: agentName }) };
    expectRefused(await house.ask(twoAgents), house, "invalid_request", "evidence_untrusted");
    const twoPeople = { actor_token: people.issue({ sub: "travel-agent" }) };
    expectRefused(await house.ask(twoPeople), house, "invalid_request", "evidence_untrusted");
  });

  test("a person of the agent's name, and an agent of the person's, stay two", async () => {
    const house = await openExchangeHouse();
    const sameName = { subject_token: subjectToken({ sub: "travel-agent" }) };
    expect(claimsOf(await house.ask(sameName))).toMatchObject({
      sub: "travel-agent",
      sub_id: { iss: people.name },
      act: { iss: agents.name, sub: "travel-agent" },
    });
  });

  test("claims that other formats put a person into are only claims", async () => {
    const house = await openExchangeHouse();
    const inverted = {
      delegator_sub: "root",
      delegation_chain: [{ sub: "root" }],
      agt: "root",
      sub_id: { sub: "root" },
    };
    expect(claimsOf(await house.ask({ subject_token: subjectToken(inverted) }))).toMatchObject({
      sub: "alice",
      sub_id: { sub: "alice", iss: people.name },
    });
  });
});

describe("P9, TX-10: nobody acts as the person", () => {
  test("not without an agent's token, not with the person's own, not as itself", async () => {
    const issuers = [profileOf(people), profileOf(agents)];
    const house = await openExchangeHouse({ issuers });
    const none = await house.ask({ actor_token: undefined, actor_token_type: undefined });
    expect([none.status, none.json["error"], house.world.records]).toEqual([400, "invalid_request", []]);
    const alice = subjectToken({ may_act: { iss: people.name, sub: "alice" } });
    expectRefused(
      await house.ask({ subject_token: alice, actor_token: alice }),
      house,
      "invalid_request",
      "chain_cycle",
    );
    const another = { subject_token: alice, actor_token: people.issue({ sub: "alice" }) };
    expectRefused(await house.ask(another), house, "invalid_request", "chain_cycle");
  });

  test("MK-7: what is minted names its actor, and is bound to no key of the person's", async () => {
    const house = await openExchangeHouse();
    const claims = claimsOf(await house.ask());
    expect(claims["act"]).toEqual({ iss: agents.name, sub: "travel-agent", sub_profile: "ai_agent" });
    expect(claims).not.toHaveProperty("cnf");
  });
});

test("TX-22, TX-24: Vault's list names an agent together with the client that asks for it", async () => {
  const issuers = [profileOf(people, { actorIssuers: [known(parseIssuer(agents.name))] }), profileOf(agents)];
  const house = await openExchangeHouse({ issuers });
  const entry = { client_id: "with-secret", sub: "travel-agent" };
  const list = { subject_token: subjectToken({ may_act: [{ client_id: "with-keys", sub: "travel-agent" }, entry] }) };
  expect(claimsOf(await house.ask(list))).toMatchObject({ act: { sub: "travel-agent" }, client_id: "with-secret" });
  for (const crossed of [
    [
      { ...entry, sub: "hotel-agent" },
      { ...entry, client_id: "with-keys" },
    ],
    [{ client_id: "with-secret" }],
    [{ ...entry, iss: people.name }],
  ]) {
    const answer = await house.ask({ subject_token: subjectToken({ may_act: crossed }) });
    expectRefused(answer, house, "invalid_request", "actor_not_named");
  }
  // The agent's own token says that it is another client's.
  const another = { ...list, actor_token: actorToken({ azp: "with-keys" }) };
  expectRefused(await house.ask(another), house, "invalid_request", "actor_not_named");
});

describe("our own token, exchanged onward", () => {
  const again = { subject_token: roleToken() };

  test("by whom it names, and by nobody else", async () => {
    const house = await openExchangeHouse();
    expect((await house.ask(again)).status).toBe(200);
    const other = { ...again, actor_token: actorToken({ sub: "hotel-agent" }) };
    expectRefused(await house.ask(other), house, "invalid_request", "actor_not_named");
  });

  test("not by its target, which holds it", async () => {
    const house = await openExchangeHouse();
    for (const sub of [flights, "https://flights.example", "flights"]) {
      const target = { ...again, actor_token: actorToken({ sub }) };
      expectRefused(await house.ask(target), house, "invalid_request", "actor_not_named");
    }
    const asserted = { ...asBearer, assertion: roleToken({ aud: "with-secret" }) };
    expectRefused(await house.ask(asserted), house, "invalid_grant", "actor_not_named");
  });

  test("not by its own holder, nor by anybody who acted before, though may_act names them (MK-6)", async () => {
    const house = await openExchangeHouse();
    const planner = { iss: agents.name, sub: "planner" };
    const holder = { subject_token: roleToken({ may_act: planner }), actor_token: actorToken({ sub: "planner" }) };
    expectRefused(await house.ask(holder), house, "invalid_request", "chain_cycle");
    const person = { iss: agents.name, sub: "bob" };
    const asSubject = roleToken({ sub: "bob", sub_id: { format: "iss_sub", ...person }, may_act: person });
    const itself = { subject_token: asSubject, actor_token: actorToken({ sub: "bob" }) };
    expectRefused(await house.ask(itself), house, "invalid_request", "chain_cycle");
  });

  test("not beyond its targets, whichever parameter says so", async () => {
    const house = await openExchangeHouse();
    const detail = JSON.stringify([{ type: "chaperone_action", locations: [hotels], actions: ["flights:book"] }]);
    for (const target of [
      { resource: hotels },
      { resource: undefined, audience: hotels },
      { resource: undefined, scope: undefined, authorization_details: detail },
    ]) {
      expectRefused(await house.ask({ ...again, ...target }), house, "invalid_target", "audience_mismatch");
    }
    const declared = { subject_token: roleToken({}, { audiences: [hotels] }) };
    expect(claimsOf(await house.ask({ ...declared, resource: hotels }))["aud"]).toBe(hotels);
    expectRefused(await house.ask(declared), house, "invalid_target", "audience_mismatch");
    // Where none is named, it is the policy that chooses, and its choice is held to the same.
    const unnamed = { ...declared, resource: undefined };
    expectRefused(await house.ask(unnamed), house, "invalid_scope", "parent_exceeded");
  });

  test("not when it has ended, not when its chain has, not deeper than it allows (MK-4)", async () => {
    const house = await openExchangeHouse();
    const ended = { subject_token: roleToken({ exp: testTime - 5 }) };
    expectRefused(await house.ask(ended), house, "invalid_request", "claims_expired");
    const leaf = { subject_token: roleToken({ may_act: undefined }) };
    expectRefused(await house.ask(leaf), house, "invalid_request", "actor_not_named");
    const deepest = { subject_token: roleToken({}, { max_depth: 1 }) };
    expectRefused(await house.ask(deepest), house, "invalid_request", "chain_too_deep");
  });

  test("not by another's signature over our name, nor by ours over a chain that does not add up", async () => {
    const house = await openExchangeHouse();
    const forged = { subject_token: people.issue({ iss: ownIssuer, sub: "alice", may_act: agentName }) };
    expectRefused(await house.ask(forged), house, "invalid_request", "evidence_untrusted");
    const longer = { subject_token: roleToken({}, { depth: 2 }) };
    expectRefused(await house.ask(longer), house, "invalid_request", "parent_mismatch");
  });

  test("a stranger's grant, lineage and chain count for nothing", async () => {
    const house = await openExchangeHouse();
    const delegation = { v: 1, grant_id: "g-1", lineage: [], depth: 1, max_depth: 8, audiences: [hotels] };
    const posing = subjectToken({ delegation, txn: "c-1", scope: "flights:book", roles: ["admin"] });
    const claims = claimsOf(await house.ask({ subject_token: posing }));
    expect(claims["txn"]).not.toBe("c-1");
    expect(claims).toMatchObject({ delegation: { depth: 1, lineage: [] } });
  });
});

test("TX-14, TX-20, MK-5: a stranger's act becomes inner actors, as evidence, and its smuggled members are left behind", async () => {
  const house = await openExchangeHouse();
  const act = {
    sub: "first",
    exp: 9e9,
    may_act: agentName,
    delegation: { v: 1 },
    roles: ["admin"],
    act: { iss: ownIssuer, sub: "root", scope: "flights:pay" },
  };
  const claims = claimsOf(await house.ask({ subject_token: subjectToken({ act }) }));
  expect(claims["act"]).toEqual({
    iss: agents.name,
    sub: "travel-agent",
    sub_profile: "ai_agent",
    act: { iss: people.name, sub: "first", act: { iss: ownIssuer, sub: "root" } },
  });
  expect(house.lastRecord()).toMatchObject({ chain: [{ id: "root" }, { id: "first" }], grant: { depth: 3 } });
});

test("P15: a chain that is exchanged again and again before its end does not live longer", async () => {
  const next = (at: number) => ({ iss: agents.name, sub: `agent-${at}` });
  const answer = (input: PolicyInput): JsonObject => ({
    ...sayYes(input),
    delegation: { may_act: [next((input.parent?.depth ?? 0) + 2)], audiences: [], max_depth: 8 },
  });
  const house = await openExchangeHouse({ answer });
  let token = subjectToken({ may_act: next(1), exp: testTime + 100 });
  for (let at = 1; at <= 8; at += 1) {
    house.clock.time = testTime + at * 10;
    const actor = actorToken({ sub: `agent-${at}`, iat: house.clock.time, exp: house.clock.time + 3000 });
    const answered = await house.ask({ subject_token: token, actor_token: actor });
    token = tokenOf(answered);
    expect(claimsOf(answered)["exp"]).toBe(testTime + 100);
  }
});

describe("P31: our own token as decoded claims, at the authorize door", () => {
  const usual = { subject: { sub: "alice" }, actor: { sub: "travel-agent", capabilities: "book_flight" } };

  async function askDecoded(parties: { readonly subject: JsonObject; readonly actor: JsonObject }, credential: string) {
    const world = createFakeWorld();
    const house = createFakeHouse({ decide: (request) => decide(request, world) });
    const { addresses } = await open(house, [tcpListener()]);
    const { subject, actor } = parties;
    const body = JSON.stringify({ input: { subject: { claims: subject }, actor: { claims: actor } } });
    const headers = { "content-type": "application/json", authorization: `Bearer ${credential}` };
    const answer = await call(addresses[0]?.address, { body, headers });
    return { status: answer.status, allow: answer.json["allow"], record: world.records.at(-1) };
  }

  test("other people's claims are believed, from a gateway alone", async () => {
    expect(await askDecoded(usual, gatewayCredential)).toMatchObject({
      status: 200,
      allow: true,
      record: { vouched_by: "gateway" },
    });
    expect(await askDecoded(usual, clientSecret)).toMatchObject({ status: 401, record: undefined });
  });

  test.each(["subject", "actor"])("ours are not, as the %s's", async (party) => {
    const minted = claimsOf(await (await openExchangeHouse()).ask());
    const { delegation: _grant, ...disguised } = minted;
    for (const claims of [minted, disguised, { ...disguised, iss: people.name, delegation: {} }]) {
      expect(await askDecoded({ ...usual, [party]: claims }, gatewayCredential)).toMatchObject({
        status: 200,
        allow: false,
        record: { outcome: "deny", code: "token_evidence_required" },
      });
    }
  });
});

describe("P34, P42, TX-13: what is revoked ends every exchange below it", () => {
  const party = (iss: string, sub: string) => [known(parseIssuer(iss)), known(parsePartyId(sub))] as const;

  test.each<[string, (revocations: Revocations) => void]>([
    ["the person", (ledger) => ledger.revokeParty(...party(people.name, "alice"))],
    ["the agent that asks", (ledger) => ledger.revokeParty(...party(agents.name, "travel-agent"))],
    ["an agent that acted before", (ledger) => ledger.revokeParty(...party(agents.name, "planner"))],
    ["the chain", (ledger) => ledger.revokeChain(known(parseChainId("c-1")))],
  ])("%s", async (_name, revoke) => {
    const house = await openExchangeHouse();
    const onward = { subject_token: roleToken() };
    expect((await house.ask(onward)).status).toBe(200);
    revoke(house.world.revocations);
    // The very same tokens, verified a moment ago: nothing of the answer was remembered
    expectRefused(await house.ask(onward), house, "invalid_request", "revoked");
  });
});

describe("P7: through an inner actor nobody gets more than without it", () => {
  const terms = { may_act: [agentName], audiences: [], max_depth: 4 };
  const usual: JsonObject = { permissions: ["flights:book"], ttl_seconds: 60, delegation: terms };
  const { delegation: _ends, ...leaf } = usual;
  const withAct = { subject_token: subjectToken({ act: { sub: "admin-agent" } }) };

  const openTold = (alone: JsonObject, through: JsonObject) =>
    openExchangeHouse({
      answer: (input) => {
        const { delegation: _any, ...verdict } = sayYes(input);
        return { ...verdict, ...(input.chain.length > 0 ? through : alone) };
      },
    });

  test.each<[string, JsonObject, JsonObject]>([
    ["a longer life", usual, { ...usual, ttl_seconds: 61 }],
    ["a permission more", usual, { ...usual, permissions: ["flights:book", "flights:pay"] }],
    ["another role", usual, { ...usual, role: "whole-flights" }],
    ["a lower ceiling", { ...usual, ceiling: "scopes" }, usual],
    ["a next hop", leaf, usual],
    ["one hop more", usual, { ...usual, delegation: { ...terms, max_depth: 5 } }],
    ["a target more", usual, { ...usual, delegation: { ...terms, audiences: [hotels] } }],
    [
      "a next actor more",
      usual,
      { ...usual, delegation: { ...terms, may_act: [agentName, { ...agentName, sub: "b" }] } },
    ],
    [
      "the next actor of another issuer",
      usual,
      { ...usual, delegation: { ...terms, may_act: [{ ...agentName, iss: people.name }] } },
    ],
  ])("not %s", async (_name, alone, through) => {
    const house = await openTold(alone, through);
    expectRefused(await house.ask(withAct), house, "invalid_request", "inner_actor_decisive");
  });

  test("less is what an inner actor may cause", async () => {
    const house = await openTold(usual, { ...leaf, ttl_seconds: 10 });
    const claims = claimsOf(await house.ask(withAct));
    expect(claims).not.toHaveProperty("may_act");
    expect(claims["exp"]).toBe(testTime + 10);
  });
});

const hop = fc.record(
  {
    sub: fc.constantFrom("admin-agent", "planner", "alice", "travel-agent"),
    iss: fc.constantFrom(people.name, agents.name, ownIssuer),
  },
  { requiredKeys: ["sub"] },
);
const nodes = fc.array(hop, { maxLength: 6 });

function nest(hops: readonly object[]): JsonObject | undefined {
  let act: JsonObject | undefined;
  for (const one of hops) act = { ...one, ...(act === undefined ? {} : { act }) };
  return act;
}

/** Policies that somebody who writes `act` would wish for. */
const gullible: readonly ((input: PolicyInput) => boolean)[] = [
  ({ chain }) => chain.some(({ id }) => id === "admin-agent"),
  ({ chain }) => chain.some(({ issuer }) => issuer === ownIssuer),
  ({ chain }) => chain.length > 1,
  ({ chain }) => chain.length === 0,
  (input) => JSON.stringify(input).includes("admin"),
  () => true,
];

test("P7, TX-16, law: at the endpoint too, no inner actor that is added, taken away or changed makes a deny an allow", async () => {
  let isAllowed: (input: PolicyInput) => boolean = () => true;
  const denied = { outcome: "deny", reasons: [{ code: "no", message: "No." }] };
  const house = await openExchangeHouse({ answer: (input) => (isAllowed(input) ? sayYes(input) : denied) });
  const seen = { allowed: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(nodes, nodes, fc.constantFrom(...gullible), async (before, after, policy) => {
      isAllowed = policy;
      const statusOf = async (act: JsonObject | undefined) =>
        (await house.ask({ subject_token: subjectToken({ act }) })).status;
      const bare = await statusOf(undefined);
      const [one, other] = [await statusOf(nest(before)), await statusOf(nest(after))];
      seen[one === 200 ? "allowed" : "refused"] += 1;
      if (bare !== 200) expect([one, other]).toEqual([400, 400]);
    }),
    { seed: 8693, numRuns: 150 },
  );
  expect(Math.min(seen.allowed, seen.refused)).toBeGreaterThan(10);
});
