/** The law (DESIGN §4): removing or retyping any field of the input never turns a deny into an allow. */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { isJsonObject, type Json, type JsonObject } from "../../src/domain/json.ts";
import { type Mutation, removals, retypes } from "./input-mutations.ts";
import { codesOf, defaultBundle, loadPolicy, objectOf, samplesOf } from "./loaded-policy.ts";

const policy = await loadPolicy(defaultBundle);
const samples = samplesOf(policy);
const others = samples.filter((sample) => sample.outcome !== "allow");

const outcomeOf = (input: Json): string => policy.ask(input).outcome;

let single = 0;
afterAll(() => {
  console.log(`single changes asked: ${single}, of ${others.length} requests that are not allowed`);
});

describe.each(others.map((sample) => [sample.name, sample.input] as const))("%s is not allowed", (name, input) => {
  test("and stays so whatever is removed or retyped", () => {
    const mutations = [...removals(input), ...retypes(input)];
    expect(mutations.filter((mutation) => outcomeOf(mutation.input) === "allow").map(({ what }) => what)).toEqual([]);
    expect(mutations.length, name).toBeGreaterThan(200);
    single += mutations.length;
  });
});

test("P26: nor does any pair of changes turn a deny into more, or an approval into an allow", () => {
  let asked = 0;
  for (const { name, input, outcome } of others) {
    for (const [first, second] of pairsOf(input)) {
      asked += 1;
      const after = outcomeOf(second.input);
      if (after !== "deny" && after !== outcome) throw new Error(`${name} ${first.what} ${second.what}: ${after}`);
    }
  }
  console.log(`pairs of changes asked: ${asked}, of ${others.length} requests that are not allowed`);
  expect(asked).toBeGreaterThan(3_000);
});

describe("what every request has", () => {
  const required = [
    "phase",
    "subject",
    "subject.issuer",
    "subject.claims",
    "subject.departments",
    "subject.roles",
    "actor",
    "actor.issuer",
    "actor.claims",
    "actor.capabilities",
    "actor.type",
    "chain",
    "asked",
    "asked.capabilities",
    "asked.permissions",
    "context",
    "time",
  ];

  test.each(required)("%s: without it, or with another type, the answer is input_malformed", (path) => {
    for (const { input } of samples) {
      const wrong = [...removals(input), ...retypes(input)].filter(
        ({ what }) => what === `without ${path}` || what.startsWith(`${path} as `),
      );
      expect(wrong.length).toBeGreaterThan(8);
      for (const mutation of wrong) {
        const verdict = policy.ask(mutation.input);
        expect([mutation.what, verdict.outcome, codesOf(verdict)]).toEqual([
          mutation.what,
          "deny",
          ["input_malformed"],
        ]);
      }
    }
  });
});

test("the law holds for random requests around the shipped rules", () => {
  const counts = { requests: 0, allowed: 0, changes: 0 };
  fc.assert(
    fc.property(randomRequests(), (input) => {
      counts.requests += 1;
      if (outcomeOf(input) === "allow") {
        counts.allowed += 1;
        return;
      }
      for (const { what, input: changed } of [...removals(input), ...retypes(input)]) {
        counts.changes += 1;
        if (outcomeOf(changed) === "allow") throw new Error(`allowed ${what}`);
      }
    }),
    { numRuns: 80 },
  );
  console.log(`random requests: ${JSON.stringify(counts)}`);
  expect(counts.changes).toBeGreaterThan(5_000);
});

/** A sample of all pairs; not two retypes, because two can give a field its own type and another value. */
function* pairsOf(input: JsonObject): Generator<readonly [Mutation, Mutation]> {
  const every = (n: number, list: readonly Mutation[]) => list.filter((_, index) => index % n === 0);
  for (const first of every(2, removals(input))) {
    if (!isJsonObject(first.input)) continue;
    for (const second of every(13, [...removals(first.input), ...retypes(first.input)])) yield [first, second];
  }
  for (const first of every(17, retypes(input))) {
    if (!isJsonObject(first.input)) continue;
    for (const second of every(2, removals(first.input))) yield [first, second];
  }
}

/** A sample with some of its facts replaced by others that the shipped rules know. */
function randomRequests(): fc.Arbitrary<JsonObject> {
  const some = (...names: string[]) => fc.subarray(names, { minLength: 0, maxLength: 2 });
  const facts = fc.record(
    {
      departments: some("Operations", "Finance", "Sales", "Support", "Engineering", "Marketing"),
      roles: some("Director", "Manager", "Clerk", "Accountant", "Engineer"),
      tier: fc.constantFrom("public", "internal", "restricted", "secret"),
      amount: fc.constantFrom(-1, 0, 1, 1000, 1001, 10_000, 10_001),
      currency: fc.constantFrom("EUR", "USD"),
      time: fc.integer({ min: 1_780_000_000, max: 1_790_000_000 }),
      id: fc.constantFrom("stock-agent", "alice"),
    },
    { requiredKeys: [] },
  );
  return fc.tuple(fc.constantFrom(...samples), facts).map(([{ input }, changed]) => {
    const { departments, roles, tier, amount, currency, time, id } = changed;
    const subject = { ...objectOf(input["subject"]), ...given({ departments, roles, id }) };
    const action = { name: "random", properties: given({ amount, currency }) };
    const resource = { type: "record", properties: given({ tier }) };
    return { ...input, subject, ...given({ time }), action, resource };
  });
}

function given(parts: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
