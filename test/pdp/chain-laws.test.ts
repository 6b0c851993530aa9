/**
 * Chains of one to eight hops of random asks, held to a model simple enough to be right by looking: whatever a child
 * gets lies within every ancestor, ends no later than any of them, and keeps origin and chain id (MISSION, invariant 2).
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type AuthorizationDetail,
  isDetailWithin,
  parseAuthorizationDetails,
} from "../../src/domain/authorization-detail.ts";
import { areWithin, parseConstraints } from "../../src/domain/constraint.ts";
import { DecisionRequest } from "../../src/domain/decision-request.ts";
import type { VerifiedEvidence } from "../../src/domain/delegation-chain.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import type { Grant } from "../../src/domain/grant.ts";
import { type Permission, parseAudience, parsePartyId, parsePermission } from "../../src/domain/identifiers.ts";
import { emptyObject, type JsonObject } from "../../src/domain/json.ts";
import { onwardAudiences, type ParentGrant } from "../../src/domain/parent-grant.ts";
import { decide } from "../../src/pdp/decide.ts";
import { createFakePolicy, createFakeWorld, known, ownIssuer, testTime } from "../fakes/path-ports.ts";
import { testOrigin } from "../fakes/requests.ts";

const names = ["a:read", "a:write", "b:read", "b:write"];
const audiences = ["https://one.example", "https://two.example"];
/** Everything at both audiences, enforced permission by permission, so that only the algebra narrows. */
const catalogue = Object.fromEntries(
  audiences.map((audience, at) => [
    `all-${at}`,
    { audience, permissions: names, max_ttl_seconds: 300, enforced_by: "scope" },
  ]),
);

const constraints = fc.record(
  {
    max_amount: fc.record({
      amount: fc.constantFrom("5", "10", "10.00", "99.5", "100"),
      currency: fc.constantFrom("EUR", "USD"),
    }),
    one_of: fc.record({ values: fc.uniqueArray(fc.constantFrom("x", "y", "z"), { minLength: 1 }) }),
  },
  { requiredKeys: [] },
);
const someNames = fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 });
const details = fc.array(
  fc.record(
    {
      type: fc.constant("chaperone_action"),
      actions: someNames,
      identifier: fc.constantFrom("trip-1", "trip-2"),
      constraints,
    },
    { requiredKeys: ["type", "actions"] },
  ),
  { maxLength: 2 },
);
const hops = fc.array(
  fc.record({
    permissions: fc.uniqueArray(fc.constantFrom(...names)),
    details,
    audience: fc.constantFrom(...audiences),
    ttl: fc.integer({ min: 1, max: 300 }),
    onward: fc.record({
      audiences: fc.uniqueArray(fc.constantFrom(...audiences)),
      depth: fc.integer({ min: 1, max: 9 }),
    }),
  }),
  { minLength: 1, maxLength: 8 },
);

const toSet = (list: readonly string[]) => ExactSet.of(list.map((name): Permission => known(parsePermission(name))));

function parentOf(grant: Grant): ParentGrant {
  return {
    id: grant.id,
    lineage: grant.lineage,
    chainId: grant.chainId,
    audience: grant.audience,
    audiences: grant.delegation?.audiences ?? [],
    permissions: grant.permissions,
    details: grant.details,
    depth: grant.depth,
    depthMax: grant.depthMax,
    expiresAt: grant.expiresAt,
  };
}

function evidenceOf(hop: number, parent: Grant | undefined): VerifiedEvidence {
  const party = { issuer: ownIssuer, claims: emptyObject, expiresAt: undefined, scopes: undefined };
  return {
    vouchedBy: "signature",
    subject: { ...party, id: known(parsePartyId("alice")), departments: [], roles: [] },
    actor: { ...party, id: known(parsePartyId(`agent-${hop}`)), capabilities: ExactSet.of([]), type: "ai_agent" },
    inner: Array.from({ length: hop }, (_, at) => ({ id: known(parsePartyId(`agent-${at}`)), issuer: ownIssuer })),
    origin: { issuer: ownIssuer, source: "sid", value: "session" },
    parent: parent === undefined ? undefined : parentOf(parent),
  };
}

/** The model: a plain ask needs the plain permission; a tied ask needs it plain, or tied no tighter. */
function mayGrant(parent: Grant, permissions: readonly string[], asked: readonly AuthorizationDetail[]): boolean {
  const free: readonly string[] = parent.permissions.toArray();
  return (
    permissions.every((name) => free.includes(name)) &&
    asked.every(
      (detail) =>
        detail.permissions.toArray().every((name) => free.includes(name)) ||
        parent.details.some((outer) => isDetailWithin(detail, outer)),
    )
  );
}

test("law: nothing in a chain is wider than any of its ancestors", async () => {
  let granted = 0;
  let refused = 0;
  let deepest = 0;
  await fc.assert(
    fc.asyncProperty(hops, async (asks) => {
      const ancestors: Grant[] = [];
      for (const [at, ask] of asks.entries()) {
        const parent = ancestors.at(-1);
        const asked = known(parseAuthorizationDetails(ask.details));
        const needed = [...new Set([...ask.permissions, ...asked.flatMap((one) => one.permissions.toArray())])];
        if (needed.length === 0) continue;
        const verdict: JsonObject = {
          outcome: "allow",
          role: `all-${audiences.indexOf(ask.audience)}`,
          permissions: needed,
          ceiling: "catalogue",
          ttl_seconds: ask.ttl,
          limits: [],
          obligations: [],
          delegation: {
            may_act: [{ iss: ownIssuer, sub: `agent-${at + 1}` }],
            audiences: ask.onward.audiences,
            max_depth: ask.onward.depth,
          },
          reasons: [],
        };
        const hop = ancestors.length;
        const world = createFakeWorld({
          evidence: { verify: () => evidenceOf(hop, parent) },
          policy: createFakePolicy(() => verdict, catalogue),
          rules: { unnamedParties: "deny", depthMax: 8, lifetimeSecondsMax: 300 },
        });
        const token = { compact: "a.b.c", type: "access_token" as const };
        const request = DecisionRequest.exchange(
          testOrigin,
          {
            kind: "tokens",
            subject: token,
            actor: { kind: "token", token, client: { id: known(parsePartyId("c")), issuer: ownIssuer } },
            isOnwardAccepted: true,
          },
          { permissions: toSet(ask.permissions), details: asked, audience: parseAudience(ask.audience) },
        );
        const decision = await decide(request, world);
        if (decision.outcome !== "allow") {
          refused += 1;
          continue;
        }
        granted += 1;
        const { grant } = decision;
        deepest = Math.max(deepest, grant.depth);
        if (parent !== undefined) {
          const tied = asked.filter((one) => one.identifier !== undefined || one.constraints.size > 0);
          const free = asked.filter((one) => !tied.includes(one)).flatMap((one) => one.permissions.toArray());
          expect(mayGrant(parent, [...ask.permissions, ...free], tied)).toBe(true);
          expect(onwardAudiences(parentOf(parent))).toContain(grant.audience);
          expect(grant.lineage).toEqual([...parent.lineage, parent.id]);
        }
        for (const ancestor of ancestors) {
          const outer = [
            ...ancestor.permissions.toArray(),
            ...ancestor.details.flatMap((one) => one.permissions.toArray()),
          ];
          const inner = [...grant.permissions.toArray(), ...grant.details.flatMap((one) => one.permissions.toArray())];
          expect(inner.filter((name) => !outer.includes(name))).toEqual([]);
          expect(ancestor.permissions.covers(grant.permissions)).toBe(true);
          expect(grant.expiresAt).toBeLessThanOrEqual(ancestor.expiresAt);
          expect(grant.depthMax).toBeLessThanOrEqual(ancestor.depthMax);
          expect([grant.chainId, grant.subject]).toEqual([ancestor.chainId, ancestor.subject]);
        }
        expect(grant.depth).toBe(hop + 1);
        expect(grant.expiresAt).toBeGreaterThan(testTime);
        ancestors.push(grant);
      }
    }),
    { numRuns: 1500 },
  );
  console.log(`chains: ${granted} grants, ${refused} refusals, deepest ${deepest}`);
  expect(granted).toBeGreaterThan(1500);
  expect(refused).toBeGreaterThan(500);
  expect(deepest).toBeGreaterThanOrEqual(3);
});

test("law: within is reflexive and transitive, and adding a constraint only narrows", () => {
  const parsed = constraints.map((value) => known(parseConstraints(value)));
  fc.assert(
    fc.property(parsed, parsed, parsed, (a, b, c) => {
      expect(areWithin(a, a)).toBe(true);
      expect(areWithin(a, new Map())).toBe(true);
      if (areWithin(a, b) && areWithin(b, c)) expect(areWithin(a, c)).toBe(true);
      if (areWithin(a, b)) expect(areWithin(new Map([...c, ...a]), b)).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

test.each<[string, JsonObject]>([
  ["an unknown kind", { max_speed: { value: 1 } }],
  ["an amount as a number", { max_amount: { amount: 500, currency: "EUR" } }],
  ["an amount with an exponent", { max_amount: { amount: "1e3", currency: "EUR" } }],
  ["a negative amount", { max_amount: { amount: "-1", currency: "EUR" } }],
  ["a currency that is none", { max_amount: { amount: "1", currency: "eur" } }],
  ["a member too many", { max_amount: { amount: "1", currency: "EUR", per: "day" } }],
  ["an empty list", { one_of: { values: [] } }],
  ["a constraint that is no object", { one_of: "x" }],
])("%s is refused, because it cannot be compared", (_name, value) => {
  expect(parseConstraints(value)).toBeUndefined();
});

test.each([
  ["500.0", "500.00", true],
  ["500.01", "500.00", false],
  ["0.000001", "0.000001", true],
  ["999999999999999.999999", "999999999999999.999998", false],
])("max_amount %s within %s: %s", (amount, outer, expected) => {
  const of = (text: string) => known(parseConstraints({ max_amount: { amount: text, currency: "EUR" } }));
  expect(areWithin(of(amount), of(outer))).toBe(expected);
});
