/**
 * Issuers that are trusted and sign nonsense: whatever stands in a token, no fault comes of it, and a role token comes
 * only where person, actor and may_act are what a reader of plain JSON would say they are.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isJsonObject, type Json, type JsonObject } from "../../../src/domain/json.ts";
import { claimsOf, openExchangeHouse } from "../../fakes/exchange-house.ts";
import { agentName, agents, here, ourselves, people } from "../../fakes/issuers.ts";
import { flights, ownIssuer, testTime } from "../../fakes/path-ports.ts";

const values: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    "alice",
    "travel-agent",
    "__proto__",
    "",
    " ",
    null,
    true,
    0,
    -1,
    1.5,
    testTime,
    testTime + 60,
    String(testTime),
    here,
    [here],
    people.name,
    agents.name,
    ownIssuer,
    agentName,
    [agentName],
    { sub: "travel-agent" },
    { iss: agents.name, sub: "travel-agent", act: { sub: "first" } },
    { format: "iss_sub", iss: people.name, sub: "alice" },
    { v: 1, grant_id: "g-1", lineage: [], depth: 1, max_depth: 3 },
  ),
  fc.jsonValue({ maxDepth: 4 }),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const members = fc.constantFrom(
  ..."iss sub aud exp iat nbf may_act act cnf typ nonce scope client_id azp sid txn sub_id sub_profile".split(" "),
  ..."delegation authorization_details roles capabilities departments realm_access constructor toString events".split(
    " ",
  ),
);
const changes = fc
  .array(fc.tuple(members, values), { minLength: 1, maxLength: 3 })
  .map((pairs) => Object.fromEntries(pairs));

const whole = { iat: testTime - 10, exp: testTime + 200, aud: here };
const person = { ...whole, iss: people.name, sub: "alice", may_act: agentName };
const agent = { ...whole, iss: agents.name, sub: "travel-agent" };
const own = {
  ...person,
  iss: ownIssuer,
  aud: flights,
  sub_id: { format: "iss_sub", iss: people.name, sub: "alice" },
  act: { iss: agents.name, sub: "planner" },
  txn: "c-1",
  scope: "flights:book",
  delegation: { v: 1, grant_id: "g-1", lineage: [], depth: 1, max_depth: 3 },
};

const texts = (value: unknown): JsonObject[] =>
  (Array.isArray(value) ? value : [value]).filter((each) => isJsonObject(each));
const memberOf = (object: unknown, name: string): Json | undefined => (isJsonObject(object) ? object[name] : undefined);

test.each<[string, JsonObject]>([
  ["a person's", person],
  ["ours", own],
])("with %s token and an agent's", async (_name, subject) => {
  const house = await openExchangeHouse();
  const issuer = subject === own ? ourselves : people;
  const seen = { allowed: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.option(changes, { freq: 3, nil: {} }),
      fc.option(changes, { freq: 2, nil: {} }),
      async (one, other) => {
        const shown = { ...subject, ...one };
        const acting = { ...agent, ...other };
        const lifetime = subject === own ? { iat: testTime - 10, nbf: testTime - 10 } : {};
        const answer = await house.ask({
          subject_token: issuer.issue(JSON.stringify({ ...lifetime, ...shown })),
          actor_token: agents.issue(JSON.stringify(acting)),
        });
        expect(memberOf(house.lastRecord(), "code")).not.toBe("internal_fault");
        if (answer.status !== 200) {
          seen.refused += 1;
          expect([answer.status, answer.json["access_token"]]).toEqual([400, undefined]);
          return;
        }
        seen.allowed += 1;
        const claims = claimsOf(answer);
        const named = [...texts(shown["may_act"]), ...texts(memberOf(shown["delegation"], "may_act"))];
        expect(named).toContainEqual(expect.objectContaining({ sub: acting["sub"] }));
        expect([claims["sub"], memberOf(claims["sub_id"], "iss")]).toEqual([shown["sub"], people.name]);
        expect(claims["act"]).toMatchObject({ iss: agents.name, sub: acting["sub"] });
        expect(claims["sub"]).not.toBe(ownIssuer);
        expect(Number(claims["exp"])).toBeLessThanOrEqual(Math.min(Number(shown["exp"]), acting.exp));
        expect(claims["scope"]).toBe("flights:book");
      },
    ),
    { seed: 8693, numRuns: 500 },
  );
  expect(Math.min(seen.allowed, seen.refused)).toBeGreaterThan(40);
});
