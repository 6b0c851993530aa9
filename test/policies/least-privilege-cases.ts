/** Random catalogues, permits and questions from few names, so that they meet often. */
import fc from "fast-check";
import { expect } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import type { Verdict } from "../../src/domain/verdict.ts";
import { codesOf } from "./loaded-policy.ts";
import {
  type Catalogue,
  chooseRole,
  coveringRoles,
  isCovering,
  type Permit,
  type Question,
} from "./least-privilege-reference.ts";

export const capabilities = ["read", "write", "send"];
const permissions = ["a", "b", "c", "d"];
const audiences = ["https://one.example", "https://two.example"];

const setOf = (maxLength: number) => fc.uniqueArray(fc.constantFrom(...permissions), { minLength: 1, maxLength });
const audience = fc.constantFrom(...audiences);

export const catalogues: fc.Arbitrary<Catalogue> = fc.dictionary(
  fc.constantFrom("role-a", "role-b", "role-c", "role-d", "role-e", "role-f", "Role-A", "z"),
  fc.record({
    audience,
    permissions: setOf(4),
    max_ttl_seconds: fc.integer({ min: 1, max: 300 }),
    enforced_by: fc.constantFrom("role", "scope"),
  }),
  { minKeys: 2, maxKeys: 8 },
);

export const permitLists: fc.Arbitrary<readonly Permit[]> = fc.array(
  fc.record({ capability: fc.constantFrom(...capabilities), audience, permissions: setOf(2) }),
  { minLength: 1, maxLength: 10 },
);

export const questions: fc.Arbitrary<Question> = fc.record({
  capabilities: fc.uniqueArray(fc.constantFrom(...capabilities), { minLength: 1, maxLength: 2 }),
  permissions: fc.oneof(
    { weight: 3, arbitrary: fc.constant<string[]>([]) },
    { weight: 1, arbitrary: fc.uniqueArray(fc.constantFrom(...permissions), { minLength: 1, maxLength: 2 }) },
  ),
  audience: fc.option(audience, { nil: undefined, freq: 1 }),
});

/** As the sidecar would send it, from a person of department `d1` in role `r1`. */
export function renderInput(question: Question, context: JsonObject = {}): JsonObject {
  return {
    phase: "issue",
    subject: { issuer: "urn:chaperone:gateway", claims: {}, departments: ["d1"], roles: ["r1"] },
    actor: { issuer: "urn:chaperone:gateway", claims: {}, capabilities: question.capabilities, type: "ai_agent" },
    chain: [],
    asked: { capabilities: question.capabilities, permissions: question.permissions },
    ...(question.audience === undefined ? {} : { audience: question.audience }),
    context,
    time: 1_781_092_800,
  };
}

/** The laws, for a request that no guard stops. Returns what happened, for counting. */
export function expectLeastPrivilege(
  verdict: Verdict,
  catalogue: Catalogue,
  permits: readonly Permit[],
  question: Question,
): string {
  const expected = chooseRole(catalogue, permits, question);
  if (verdict.outcome !== "allow") {
    expect(verdict.outcome).toBe("deny");
    expect(expected).not.toHaveProperty("role");
    const isAmbiguous = "refused" in expected && expected.refused === "ambiguous";
    expect(codesOf(verdict).includes("audience_ambiguous")).toBe(isAmbiguous);
    return isAmbiguous ? "ambiguous" : "denied";
  }
  expect(expected).toEqual({ role: verdict.role });
  const role = catalogue[verdict.role];
  if (role === undefined) throw new Error("a role outside the catalogue");
  expect(isCovering(role, permits, question), "covers what is needed").toBe(true);
  const smaller = coveringRoles(catalogue, permits, question).filter(
    (name) => (catalogue[name]?.permissions.length ?? 0) < role.permissions.length,
  );
  expect(smaller, "no smaller covering role").toEqual([]);
  const needed = verdict.permissions.toArray();
  expect(
    needed.filter((one) => !role.permissions.includes(one)),
    "nothing outside the catalogue",
  ).toEqual([]);
  const given = permits.filter(
    (one) => one.audience === role.audience && question.capabilities.includes(one.capability),
  );
  expect(needed.filter((one) => !given.some((permit) => permit.permissions.includes(one)))).toEqual([]);
  if (question.permissions.length > 0) expect(needed).toEqual([...question.permissions].sort());
  if (question.audience !== undefined) expect(role.audience).toBe(question.audience);
  return "allowed";
}
