/** The shipped policy on the next hop: what it offers, and that taking a fact away never offers more. */
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { type AllowVerdict, isWithin } from "../../src/domain/verdict.ts";
import { removals, retypes } from "./input-mutations.ts";
import { defaultBundle, loadPolicy, type LoadedPolicy, objectOf, samplesOf } from "./loaded-policy.ts";

const policy = await loadPolicy(defaultBundle);
const chaperone = objectOf(policy.data["chaperone"]);
const samples = samplesOf(policy);
const allowed = samples.filter((sample) => sample.outcome === "allow");

function allow(input: JsonObject, by: LoadedPolicy = policy): AllowVerdict {
  const verdict = by.ask(input);
  if (verdict.outcome !== "allow") throw new Error(`not allowed: ${JSON.stringify(verdict.reasons)}`);
  return verdict;
}

const inputOf = (name: string): JsonObject => objectOf(samples.find((sample) => sample.name === name)?.input);

/** The shipped rules with other delegation settings; undefined takes them away. */
function withSettings(delegation: JsonObject | undefined): LoadedPolicy {
  const { delegation: _, ...others } = objectOf(chaperone["settings"]);
  const settings = delegation === undefined ? others : { ...others, delegation };
  return policy.over({ ...policy.data, chaperone: { ...chaperone, settings } });
}

describe("the shipped settings", () => {
  test("speak of roles of the catalogue, and every one of them is offered as it stands", () => {
    const settings = objectOf(objectOf(chaperone["settings"])["delegation"]);
    expect(Object.keys(settings).length).toBeGreaterThan(1);
    for (const name of Object.keys(settings)) expect(Object.keys(objectOf(chaperone["roles"]))).toContain(name);
    const { delegation } = allow(inputOf("trip_that_may_be_handed_on"));
    expect(delegation).toEqual({
      mayAct: [
        { issuer: "https://idp.example", id: "flight-booking" },
        { issuer: "https://idp.example", id: "flight-search" },
      ],
      audiences: ["https://flights.example/api"],
      depthMax: 3,
    });
  });

  test("offer nothing to the founding request, which names nobody", () => {
    expect(allow(inputOf("founding")).delegation).toBeUndefined();
  });

  test("offer nothing at the last hop", () => {
    expect(allow(inputOf("delegation_at_the_last_hop")).delegation).toBeUndefined();
  });

  test.each([["none", undefined] as const, ["empty ones", {}] as const])(
    "end every chain when there are %s",
    (_, own) => {
      const other = withSettings(own);
      expect(allowed.length).toBeGreaterThan(10);
      for (const { input } of allowed) expect(allow(input, other).delegation).toBeUndefined();
    },
  );
});

test("no fact that is removed or retyped adds a next hop, or widens the one that is offered", () => {
  const next = { iss: "https://idp.example", sub: "next-agent" };
  const terms = { may_act: [next], audiences: ["https://flights.example/api"], max_depth: 3 };
  const every = withSettings(
    Object.fromEntries(Object.keys(objectOf(chaperone["roles"])).map((name) => [name, terms])),
  );
  const counts = { changes: 0, offered: 0 };
  for (const by of [policy, every]) {
    for (const { name, input } of allowed) {
      const before = allow(input, by);
      if (before.delegation !== undefined) counts.offered += 1;
      for (const { what, input: changed } of [...removals(input), ...retypes(input)]) {
        counts.changes += 1;
        const after = by.ask(changed);
        if (after.outcome === "allow" && !isWithin(after, before)) throw new Error(`${name} ${what}`);
      }
    }
  }
  console.log(`changes of requests that are allowed: ${JSON.stringify(counts)}`);
  expect(counts.offered).toBeGreaterThan(6);
  expect(counts.changes).toBeGreaterThan(5_000);
});
