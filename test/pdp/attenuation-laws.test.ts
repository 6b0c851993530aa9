/** Whatever a policy says, nothing is minted beyond catalogue, ceiling, audience, lifetime or cap (MISSION, invariants 2, 3, 6). */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { decide } from "../../src/pdp/decide.ts";
import { createFakePolicy, createFakeWorld, testTime } from "../fakes/path-ports.ts";
import { namedInput, requestOf } from "../fakes/requests.ts";

const permissions = ["a:read", "a:write", "b:read", "b:write", "c:read"];
const audiences = ["https://one.example", "https://two.example"];
const roleNames = ["reader", "writer", "all", "none-such"];

const role = fc.record({
  audience: fc.constantFrom(...audiences),
  permissions: fc.uniqueArray(fc.constantFrom(...permissions), { minLength: 3 }),
  max_ttl_seconds: fc.integer({ min: 1, max: 300 }),
  enforced_by: fc.constantFrom("role", "scope"),
});
const catalogues = fc.dictionary(fc.constantFrom(...roleNames.slice(0, 3)), role, { minKeys: 2 });

/** Mostly verdicts, some of them wrong: a policy is code by someone else. */
const verdicts = fc.record(
  {
    outcome: fc.constantFrom(
      "allow",
      "allow",
      "allow",
      "allow",
      "allow",
      "allow",
      "deny",
      "approval_required",
      true,
      null,
    ),
    role: fc.constantFrom(...roleNames),
    permissions: fc.oneof(
      { weight: 9, arbitrary: fc.uniqueArray(fc.constantFrom(...permissions), { minLength: 1, maxLength: 2 }) },
      { weight: 1, arbitrary: fc.constantFrom<string[]>([], ["*"], ["a:read", "*"]) },
    ),
    ceiling: fc.constantFrom("catalogue", "catalogue", "catalogue", "scopes", "none"),
    ttl_seconds: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 1, max: 100_000 }) },
      { weight: 1, arbitrary: fc.constantFrom<unknown>(-5, 0, 1.5, Number.MAX_VALUE, "60", null) },
    ),
    limits: fc.constantFrom([], [], [], [{ id: "L" }]),
    obligations: fc.constantFrom([], [], [], [{ id: "o", type: "t", properties: {} }]),
    reasons: fc.constantFrom([], [{ code: "x", message: "y" }]),
  },
  { requiredKeys: ["outcome", "role", "permissions", "ceiling", "ttl_seconds", "limits", "obligations", "reasons"] },
);

test("an allow stays within everything that bounds it", async () => {
  let allows = 0;
  let denies = 0;
  await fc.assert(
    fc.asyncProperty(
      catalogues,
      verdicts,
      fc.option(fc.constantFrom(...audiences), { nil: undefined }),
      fc.integer({ min: -10, max: 400 }),
      async (catalogue, verdict, audience, partyLifetime) => {
        const expiresAt = testTime + partyLifetime;
        const input: JsonObject = {
          ...namedInput,
          subject: { claims: { ...namedInput.subject.claims, exp: expiresAt } },
          ...(audience === undefined ? {} : { audience }),
        };
        const world = createFakeWorld({ policy: createFakePolicy(() => verdict, catalogue) });
        const decision = await decide(requestOf(input), world);
        expect(world.records).toHaveLength(1);
        expect(world.records[0]).toMatchObject({ outcome: decision.outcome });
        if (decision.outcome !== "allow") {
          denies += 1;
          expect("token" in decision).toBe(false);
          expect("grant" in decision).toBe(false);
          return;
        }
        allows += 1;
        const { grant } = decision;
        const known = catalogue[grant.role];
        const minted = grant.permissions.toArray();
        expect(verdict.outcome).toBe("allow");
        expect(verdict.ceiling).toBe("catalogue");
        expect([verdict.limits, verdict.obligations]).toEqual([[], []]);
        expect(known?.audience).toBe(grant.audience);
        if (audience !== undefined) expect(grant.audience).toBe(audience);
        expect(minted.filter((name) => known?.permissions.includes(name) !== true)).toEqual([]);
        expect(verdict.permissions.filter((name) => !minted.some((own) => own === name))).toEqual([]);
        if (grant.isRoleNamed) expect(minted.toSorted()).toEqual(known?.permissions.toSorted());
        else expect(minted).toEqual(verdict.permissions.toSorted());
        const lifetime = grant.expiresAt - testTime;
        expect(lifetime).toBeGreaterThan(0);
        expect(lifetime).toBeLessThanOrEqual(Math.min(Number(verdict.ttl_seconds), known?.max_ttl_seconds ?? 0, 300));
        expect(grant.expiresAt).toBeLessThanOrEqual(expiresAt);
      },
    ),
    { numRuns: 3000 },
  );
  // A law that never met an allow would prove nothing.
  expect(allows).toBeGreaterThan(50);
  expect(denies).toBeGreaterThan(50);
});
