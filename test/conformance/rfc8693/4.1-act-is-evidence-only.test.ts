/** RFC 8693 §4.1: TX-14…TX-16, TX-20, TX-21, and the pitfalls P7, P8, P9: inner actors and claims are no authority. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json, JsonObject } from "../../../src/domain/json.ts";
import type { PolicyInput } from "../../../src/domain/policy-input.ts";
import { decide } from "../../../src/pdp/decide.ts";
import {
  actorToken,
  agentName,
  agents,
  createVerifier,
  exchangeOf,
  judge,
  people,
  subjectToken,
  usualProfiles,
} from "../../fakes/issuers.ts";
import { createFakePolicy, createFakeWorld, foundingVerdict } from "../../fakes/path-ports.ts";

test("TX-15, TX-20: the subject's nested act becomes the chain, earliest first, and the actor is the one who shows itself", async () => {
  const act = { sub: "second", iss: agents.name, act: { sub: "first" } };
  expect(await judge({ subject: subjectToken({ act }) })).toMatchObject({
    actor: { id: "travel-agent", issuer: agents.name },
    inner: [
      { id: "first", issuer: people.name },
      { id: "second", issuer: agents.name },
    ],
  });
});

test.each<[string, Json]>([
  ["a text", "travel-agent"],
  ["a list", [agentName]],
  ["null", null],
  ["an object without a name", { iss: agents.name }],
  ["a name that is none", { sub: 7 }],
  ["an issuer that is none", { sub: "a", iss: 7 }],
  ["a good one around a wrong one", { sub: "a", act: "b" }],
])("TX-14: act as %s refuses the token", async (_name, act) => {
  const subject = subjectToken({ act });
  expect(await judge({ subject })).toMatch(/^claim_malformed/);
});

test("TX-14: times and audiences inside act count for nothing", async () => {
  const act = { sub: "first", exp: 1, nbf: 9e12, aud: "https://elsewhere.example" };
  expect(await judge({ subject: subjectToken({ act }) })).toMatchObject({ inner: [{ id: "first" }] });
});

test("TX-21: an actor's token that carries act is refused, whatever it holds", async () => {
  for (const act of [{ sub: "first" }, {}, null, "x"]) {
    expect(await judge({ actor: actorToken({ act }) })).toMatch(/^evidence_untrusted: The actor token already carries/);
  }
});

test("P9: nobody acts for itself, with one token or with two", async () => {
  const issuers = usualProfiles.map((profile) =>
    profile.kind === "oidc" ? { ...profile, vouchesFor: "both" as const } : profile,
  );
  const subject = subjectToken({ may_act: { sub: "alice" } });
  expect(await judge({ subject, actor: subject }, issuers)).toMatch(/^chain_cycle/);
  expect(await judge({ subject, actor: people.issue({ sub: "alice" }) }, issuers)).toMatch(/^chain_cycle/);
});

test("P7: a rule that looks for act or may_act among the claims finds none", async () => {
  const evidence = await judge({ subject: subjectToken({ act: { sub: "admin-agent" }, name: "Alice" }) });
  expect(evidence).toMatchObject({ subject: { claims: { name: "Alice" } } });
  expect(evidence).not.toHaveProperty("subject.claims.act");
  expect(evidence).not.toHaveProperty("subject.claims.may_act");
});

const hop = fc.record(
  { sub: fc.constantFrom("admin-agent", "planner", "searcher"), iss: fc.constantFrom(people.name, agents.name) },
  { requiredKeys: ["sub"] },
);
const oddHop = fc.record(
  {
    sub: fc.oneof(fc.constantFrom("travel-agent", "alice", "urn:chaperone:x", ""), fc.integer()),
    iss: fc.constantFrom(people.name, agents.name, 7),
    role: fc.constant("admin"),
  },
  { requiredKeys: [] },
);
const acts = fc.array(fc.oneof({ weight: 6, arbitrary: hop }, { weight: 1, arbitrary: oddHop }), { maxLength: 5 });

function nest(nodes: readonly object[]): JsonObject | undefined {
  let act: JsonObject | undefined;
  for (const one of nodes) act = { ...one, ...(act === undefined ? {} : { act }) };
  return act;
}

/** Policies that an attacker would wish for: each allows because of something that an inner actor could say. */
const gullible: readonly ((input: PolicyInput) => boolean)[] = [
  ({ chain }) => chain.some(({ id }) => id === "admin-agent"),
  ({ chain }) => chain.length > 1,
  ({ chain }) => chain.length === 0,
  (input) => JSON.stringify(input).includes("admin"),
  () => true,
];

test("P7, law: removing, adding or changing inner actors never turns a deny into an allow", async () => {
  const outcomes = { allow: 0, deny: 0, turnedToDeny: 0 };
  const outcomeOf = async (isAllowed: (input: PolicyInput) => boolean, act: JsonObject | undefined) => {
    const denied = { outcome: "deny", reasons: [{ code: "no", message: "No." }] };
    const world = createFakeWorld({
      evidence: createVerifier(),
      policy: createFakePolicy((input) => (isAllowed(input) ? foundingVerdict : denied)),
    });
    const decision = await decide(exchangeOf({ subject: subjectToken({ act }) }), world);
    return decision.outcome;
  };
  await fc.assert(
    fc.asyncProperty(acts, fc.constantFrom(...gullible), async (nodes, isAllowed) => {
      const without = await outcomeOf(isAllowed, undefined);
      const withActs = await outcomeOf(isAllowed, nest(nodes));
      outcomes[withActs === "allow" ? "allow" : "deny"] += 1;
      if (without === "allow" && withActs !== "allow") outcomes.turnedToDeny += 1;
      if (without !== "allow") expect(withActs).not.toBe("allow");
    }),
    { numRuns: 400 },
  );
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(20);
});
