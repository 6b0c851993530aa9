/** What the token endpoint mints, and when it mints nothing (MK-*, TX-19, TX-23), with everything real but the policy. */
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../../src/domain/json.ts";
import { tokenErrors } from "../../../src/doors/token-errors.ts";
import { claimsOf, hotels, openExchangeHouse, sayYes, tokenOf } from "../../fakes/exchange-house.ts";
import { actorToken, agents, people, profileOf, roleToken, subjectToken } from "../../fakes/issuers.ts";
import { createFakeWorld, flights } from "../../fakes/path-ports.ts";
import { expectRefused } from "./refusal.ts";

describe("MK-10: no yes, no token", () => {
  const no = [{ code: "no", message: "No." }];

  test.each<[string, unknown, string]>([
    ["a no", { outcome: "deny", reasons: no }, "policy_denied"],
    ["nothing", undefined, "policy_fault"],
    ["null", null, "policy_fault"],
    ["false", false, "policy_fault"],
    ["a bare true", true, "policy_fault"],
    ["the word", "allow", "policy_fault"],
    ["the outcome alone", { outcome: "allow" }, "policy_fault"],
    ["another outcome", { outcome: "Allow" }, "policy_fault"],
  ])("%s", async (_name, verdict, code) => {
    const house = await openExchangeHouse({ answer: () => verdict });
    expectRefused(await house.ask(), house, "invalid_request", code);
  });

  test("a policy that breaks", async () => {
    const answer = (): never => {
      throw new RangeError("eyJ secret words");
    };
    const house = await openExchangeHouse({ answer });
    expectRefused(await house.ask(), house, "invalid_request", "internal_fault");
  });

  test("a person who has to be asked first", async () => {
    const house = await openExchangeHouse({ answer: () => ({ outcome: "approval_required", reasons: no }) });
    const { status, json } = await house.ask();
    expect([status, json["error"], json["access_token"]]).toEqual([400, "invalid_request", undefined]);
    expect(house.lastRecord()).toMatchObject({ outcome: "approval_required" });
  });

  test.each<[string, JsonObject, string]>([
    ["a limit that nothing counts", { limits: [{ id: "L1", max_calls: 1 }] }, "limit_unenforceable"],
    ["an obligation", { obligations: [{ id: "o", type: "step-up", properties: {} }] }, "obligation_unenforceable"],
    ["a role that the catalogue has not", { role: "root" }, "role_unknown"],
  ])("%s", async (_name, more, code) => {
    const house = await openExchangeHouse({ answer: (input) => ({ ...sayYes(input), ...more }) });
    expectRefused(await house.ask(), house, "invalid_request", code);
  });
});

test("MK-11: one evaluation decides, and what it said is what is minted, whatever it says later", async () => {
  let asked = 0;
  const answer = (input: Parameters<typeof sayYes>[0]): JsonObject => {
    asked += 1;
    return asked === 1 ? sayYes(input) : { ...sayYes(input), permissions: ["flights:pay"] };
  };
  const house = await openExchangeHouse({ answer });
  expect(claimsOf(await house.ask())["scope"]).toBe("flights:book");
  expect(asked).toBe(1);
});

describe("MK-12: no token without a record before it", () => {
  test("a log that cannot be written leaves no token", async () => {
    const house = await openExchangeHouse({ ports: { log: { record: () => Promise.reject(new Error("disk full")) } } });
    const { status, json } = await house.ask();
    expect([status, json]).toEqual([
      400,
      { error: "invalid_request", error_description: tokenErrors.invalid_request, decision_id: json["decision_id"] },
    ]);
  });

  test("the record stands there, with the token's id, before the token is signed", async () => {
    const { minter } = createFakeWorld();
    const seen: string[] = [];
    const log = { record: () => void seen.push("recorded") };
    const signing: typeof minter = {
      prepare: (grant) => ({ ...minter.prepare(grant), sign: () => (seen.push("signed"), "a.b.c") }),
    };
    const house = await openExchangeHouse({ ports: { log, minter: signing } });
    expect((await house.ask()).status).toBe(200);
    expect(seen).toEqual(["recorded", "signed"]);
  });
});

test("MK-13: two exchanges of the same never share a jti, and each is on record", async () => {
  const house = await openExchangeHouse();
  const tokens = new Set<string>();
  const ids = new Set<Json | undefined>();
  for (let at = 0; at < 50; at += 1) {
    const answer = await house.ask();
    tokens.add(tokenOf(answer));
    ids.add(claimsOf(answer)["jti"]);
  }
  expect([tokens.size, ids.size, house.world.records.length]).toEqual([50, 50, 50]);
});

test("MK-15: what is said of a refusal is one sentence that is the same for everybody", async () => {
  const message = "Alice is under investigation: see eyJhbGciOi";
  const house = await openExchangeHouse({
    answer: () => ({ outcome: "deny", reasons: [{ code: "secret_rule", message }] }),
  });
  const { text } = await house.ask();
  for (const word of ["alice", "Alice", "secret_rule", "travel-agent", people.name, agents.name, "eyJ"]) {
    expect(text).not.toContain(word);
  }
});

describe("MK-1: the ceiling that policy declares", () => {
  const scopes = (input: Parameters<typeof sayYes>[0]): JsonObject => ({ ...sayYes(input), ceiling: "scopes" });

  test("is what both tokens allow; a token that says nothing of scopes allows nothing (TT-5)", async () => {
    const house = await openExchangeHouse({ answer: scopes });
    const [person, agent] = [subjectToken({ scope: "flights" }), actorToken({ scope: "flights" })];
    const both = { subject_token: person, actor_token: agent };
    expect(claimsOf(await house.ask(both))["scope"]).toBe("flights:book");
    for (const less of [
      { subject_token: person },
      { actor_token: agent },
      {},
      { ...both, subject_token: subjectToken({ scope: "hotels" }) },
      { ...both, actor_token: actorToken({ scope: "" }) },
      { ...both, scope: "flights:book flights:pay" },
    ]) {
      expectRefused(await house.ask(less), house, "invalid_scope", "ceiling_exceeded");
    }
  });
});

describe("MK-1: all that is asked, or nothing", () => {
  const granting =
    (role: string, ...permissions: readonly string[]) =>
    (input: Parameters<typeof sayYes>[0]): JsonObject => ({ ...sayYes(input), role, permissions: [...permissions] });

  test("what policy leaves out of an ask refuses the ask, and is never silently left out", async () => {
    const house = await openExchangeHouse({ answer: granting("all-flights", "flights:search") });
    expect(claimsOf(await house.ask({ scope: "flights:search" }))["scope"]).toBe("flights:search");
    for (const scope of ["flights:book", "flights:search flights:book"]) {
      expectRefused(await house.ask({ scope }), house, "invalid_scope", "asked_not_granted");
    }
    const tied = [{ type: "chaperone_action", actions: ["flights:pay"], identifier: "trip-1" }];
    const asked = { scope: "flights:search", authorization_details: JSON.stringify(tied) };
    expectRefused(await house.ask(asked), house, "invalid_scope", "asked_not_granted");
  });

  test("a role that its target reads whole cannot carry a part with strings, so it is not minted without them", async () => {
    const house = await openExchangeHouse({ answer: granting("whole-flights", "flights:pay") });
    const constraints = { max_amount: { amount: "5.00", currency: "EUR" } };
    for (const strings of [{ constraints }, { identifier: "trip-1" }]) {
      const details = [{ type: "chaperone_action", actions: ["flights:pay"], ...strings }];
      const asked = { scope: undefined, authorization_details: JSON.stringify(details) };
      expectRefused(await house.ask(asked), house, "invalid_scope", "constraint_unenforceable");
    }
    // Nor is a part of it handed on as the whole.
    const onward = { subject_token: roleToken({ scope: "flights:pay" }), scope: "flights:pay" };
    expectRefused(await house.ask(onward), house, "invalid_scope", "parent_exceeded");
  });
});

describe("MK-2: strings that are attached stay attached", () => {
  const detail = (more: JsonObject, actions: readonly string[] = ["flights:pay"]): JsonObject => ({
    type: "chaperone_action",
    locations: [flights],
    actions,
    ...more,
  });
  const euros = (amount: Json, currency: Json = "EUR"): JsonObject => ({
    constraints: { max_amount: { amount, currency } },
  });
  const parent = roleToken({
    authorization_details: [detail({ ...euros("600.00"), identifier: "trip-1" })],
    may_act: { iss: agents.name, sub: "travel-agent" },
  });
  const asking = (details: unknown, scope?: string) => ({
    subject_token: parent,
    scope,
    authorization_details: JSON.stringify(details),
  });
  const held = { ...euros("600.00"), identifier: "trip-1" };

  test.each<[string, JsonObject]>([
    ["the same", held],
    ["less", { ...held, ...euros("5") }],
    ["the same, written otherwise", { ...held, ...euros("600") }],
    [
      "less, by one constraint more",
      { ...held, constraints: { max_amount: { amount: "600.00", currency: "EUR" }, one_of: { values: ["a"] } } },
    ],
  ])("%s may be asked", async (_name, more) => {
    const house = await openExchangeHouse();
    const answer = await house.ask(asking([detail(more)]));
    expect(answer.json["authorization_details"]).toEqual([detail(more)]);
    // RAR-6: the token says the same, and says it nowhere else.
    expect(claimsOf(answer)).toMatchObject({ authorization_details: [detail(more)], scope: "" });
    expect(claimsOf(answer)).not.toHaveProperty("roles");
  });

  test.each<[string, readonly JsonObject[]]>([
    ["more", [detail({ ...held, ...euros("600.01") })]],
    ["no constraint", [detail({ identifier: "trip-1" })]],
    ["another currency", [detail({ ...held, ...euros("5", "USD") })]],
    ["another object", [detail({ ...held, identifier: "trip-2" })]],
    ["any object", [detail(euros("5"))]],
    ["one action more", [detail(held, ["flights:pay", "flights:cancel"])]],
    ["the same and the same without strings", [detail(held), detail({})]],
    ["another constraint in its place", [detail({ identifier: "trip-1", constraints: { one_of: { values: ["a"] } } })]],
  ])("%s may not", async (_name, details) => {
    const house = await openExchangeHouse();
    expectRefused(await house.ask(asking(details)), house, "invalid_scope", "parent_exceeded");
  });

  test("nor the bare permission as a scope, alone or beside it", async () => {
    const house = await openExchangeHouse();
    const bare = { subject_token: parent, scope: "flights:pay" };
    expectRefused(await house.ask(bare), house, "invalid_scope", "parent_exceeded");
    const beside = asking([detail(held)], "flights:pay");
    expectRefused(await house.ask(beside), house, "invalid_scope", "parent_exceeded");
  });

  test.each<[string, Json]>([
    ["an amount as a number", detail(euros(5))],
    ["an amount with an exponent", detail(euros("1e3"))],
    ["an amount below nothing", detail(euros("-5"))],
    ["an amount with a sign", detail(euros("+5"))],
    ["an amount in other digits", detail(euros("\u0665"))],
    ["a constraint that nobody knows", detail({ constraints: { max_speed: { value: 1 } } })],
    ["a constraint that every object has", detail({ constraints: { constructor: {} } })],
    ["a type that nobody knows", { ...detail({}), type: "root" }],
    ["limits, which nothing counts", detail({ limits: { max_calls: 1 } })],
  ])("RAR-2, RAR-9: %s cannot be compared, so it is not read", async (_name, one) => {
    const house = await openExchangeHouse();
    const { status, json } = await house.ask(asking([one]));
    expect([status, json["error"]]).toEqual([400, "invalid_authorization_details"]);
    expect(house.world.records).toEqual([]);
  });
});

test("MK-8: one token, one target, by whichever parameter it was named", async () => {
  const house = await openExchangeHouse();
  const named = JSON.stringify([{ type: "chaperone_action", locations: [hotels], actions: ["flights:book"] }]);
  for (const target of [
    { resource: hotels },
    { resource: undefined, audience: hotels },
    { resource: undefined, authorization_details: named },
  ]) {
    expect(claimsOf(await house.ask(target))["aud"]).toBe(hotels);
  }
  for (const target of [
    { resource: [flights, hotels] },
    { audience: hotels },
    { authorization_details: named },
    { resource: `${flights}#x` },
  ]) {
    const { status, json } = await house.ask(target);
    expect([status, json["error"]]).toEqual([400, "invalid_target"]);
  }
});

test("MK-8: almost the same target is another", async () => {
  const house = await openExchangeHouse();
  for (const resource of [
    `${flights}/`,
    "https://FLIGHTS.example/api",
    "https://flights.example:443/api",
    `${flights}?`,
  ]) {
    expectRefused(await house.ask({ resource }), house, "invalid_target", "audience_mismatch");
  }
});

test("MK-5, TX-19: who asks, for whom and what, in the claims that RFC 8693 names, each one text", async () => {
  const house = await openExchangeHouse();
  const claims = claimsOf(await house.ask({ scope: "flights:search flights:book" }));
  expect(claims).toMatchObject({ scope: "flights:book flights:search", client_id: "with-secret", sub: "alice" });
  expect(claims["sub_id"]).toEqual({ format: "iss_sub", iss: people.name, sub: "alice" });
});

test("TX-23: one next actor is an object in may_act; of several none stands there", async () => {
  const several = [
    { iss: agents.name, sub: "one" },
    { iss: agents.name, sub: "two" },
  ];
  let mayAct = several.slice(0, 1);
  const house = await openExchangeHouse({
    answer: (input) => ({ ...sayYes(input), delegation: { may_act: mayAct, audiences: [], max_depth: 3 } }),
  });
  expect(claimsOf(await house.ask())["may_act"]).toEqual(several[0]);
  mayAct = several;
  const claims = claimsOf(await house.ask());
  expect(claims).not.toHaveProperty("may_act");
  expect(claims).toMatchObject({ delegation: { may_act: several } });
});

test("P35: what tokens call themselves adds no claim and replaces none", async () => {
  const house = await openExchangeHouse({ issuers: [profileOf(people), profileOf(agents)] });
  const usual = claimsOf(await house.ask());
  const loud = {
    admin: true,
    roles: ["root"],
    scope: "flights",
    cnf_hint: "x",
    txn: "c-0",
    client_id: "root",
    azp: "root",
    authorization_details: [{ type: "root" }],
    policy: { id: "none" },
    decision_id: "d-0",
    sub_id: { format: "iss_sub", iss: people.name, sub: "root" },
    jti: "t-0",
    nbf: 1,
  };
  const changed = await house.ask({
    subject_token: subjectToken(loud),
    actor_token: actorToken({ ...loud, sub_profile: "service" }),
  });
  const own = ["jti", "txn", "decision_id", "delegation", "act"];
  const rest = (claims: JsonObject) => Object.entries(claims).filter(([name]) => !own.includes(name));
  expect(rest(claimsOf(changed))).toEqual(rest(usual));
  expect(claimsOf(changed)["act"]).toEqual({ iss: agents.name, sub: "travel-agent", sub_profile: "service" });
});
