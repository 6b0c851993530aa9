/** Laws of the least-privilege role, over random catalogues and settings in the WebAssembly that ships. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../src/domain/json.ts";
import { defaultBundle, loadPolicy, objectOf } from "./loaded-policy.ts";
import { catalogues, expectLeastPrivilege, permitLists, questions, renderInput } from "./least-privilege-cases.ts";
import type { Catalogue, Permit } from "./least-privilege-reference.ts";

const policy = await loadPolicy(defaultBundle);

/** The permits as settings of the shipped rule `permits/staff`. */
function renderStaff(permits: readonly Permit[]): Json {
  const names = new Set(permits.map((permit) => permit.capability));
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      {
        departments: ["d1", "d2"],
        roles: ["r1"],
        ttl_seconds: 60,
        grants: permits
          .filter((permit) => permit.capability === name)
          .map(({ audience, permissions }) => ({ audience, permissions })),
      },
    ]),
  );
}

function dataOf(catalogue: Catalogue, permits: readonly Permit[]): Json {
  const chaperone = objectOf(policy.data["chaperone"]);
  const settings = { ...objectOf(chaperone["settings"]), staff: renderStaff(permits) };
  const roles = Object.fromEntries(Object.entries(catalogue).map(([name, role]) => [name, { ...role }]));
  return { chaperone: { roles, settings } };
}

test("the chosen role covers what is needed, no smaller one does, and nothing is outside the catalogue", () => {
  const counts: Record<string, number> = {};
  fc.assert(
    fc.property(
      catalogues,
      permitLists,
      fc.array(questions, { minLength: 5, maxLength: 5 }),
      (roles, permits, asked) => {
        const over = policy.over(dataOf(roles, permits));
        for (const question of asked) {
          const seen = expectLeastPrivilege(over.ask(renderInput(question)), roles, permits, question);
          counts[seen] = (counts[seen] ?? 0) + 1;
        }
      },
    ),
    { numRuns: 400 },
  );
  console.log(`400 random catalogues and settings, 5 questions each: ${JSON.stringify(counts)}`);
  for (const seen of ["allowed", "denied", "ambiguous"]) expect(counts[seen] ?? 0, seen).toBeGreaterThan(20);
});

test("one permit more never takes an allow away, unless it makes the audience ambiguous", () => {
  let allowed = 0;
  fc.assert(
    fc.property(catalogues, permitLists, permitLists, questions, (roles, permits, more, question) => {
      const before = policy.over(dataOf(roles, permits)).ask(renderInput(question));
      if (before.outcome !== "allow") return;
      allowed += 1;
      const after = policy.over(dataOf(roles, [...permits, ...more])).ask(renderInput(question));
      if (after.outcome === "allow") return;
      expect(after.reasons.map((reason) => reason.code)).toEqual(["audience_ambiguous"]);
    }),
    { numRuns: 400 },
  );
  expect(allowed).toBeGreaterThan(20);
});
