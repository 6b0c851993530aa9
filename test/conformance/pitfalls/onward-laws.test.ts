/**
 * Laws of chains, at the token endpoint with real tokens from hop to hop (DESIGN §5 "Onward"): what comes out is what
 * the reference says, for chains of one to eight hops of random asks.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import {
  claimsOf,
  type ExchangeHouse,
  hotels,
  openExchangeHouse,
  sayYes,
  tokenOf,
} from "../../fakes/exchange-house.ts";
import { actorToken, agents, people, subjectToken } from "../../fakes/issuers.ts";
import { flights, testTime } from "../../fakes/path-ports.ts";
import type { FormChanges } from "../../fakes/token-client.ts";
import { exchange, type Held, type Hop, type PlainDetail, renderDetail } from "./reference-chain.ts";

const names = ["flights:book", "flights:cancel", "flights:pay", "flights:search"];
const personExp = testTime + 250;
/** So that what is asserted of the sample holds in every run. */
const seed = 8693;

/** What the policy says is the hop's own, so it is told before each exchange. */
let hop: Hop;

const openTold = (): Promise<ExchangeHouse> =>
  openExchangeHouse({
    answer: (input): JsonObject => ({
      ...sayYes(input),
      ttl_seconds: hop.ttl,
      delegation: {
        may_act: [{ iss: agents.name, sub: hop.next }],
        audiences: [...hop.onward],
        max_depth: hop.depthMax,
      },
    }),
  });

async function ask(house: ExchangeHouse, token: string | undefined, told: Hop, changes: FormChanges = {}) {
  hop = told;
  house.clock.time = told.now;
  const { scope, details, audience, actor } = told;
  return await house.ask({
    subject_token:
      token ?? subjectToken({ may_act: { iss: agents.name, sub: actor }, iat: testTime, exp: personExp, sid: "s-1" }),
    actor_token: actorToken({ sub: actor, iat: told.now, exp: told.actorExp }),
    scope: scope.length === 0 ? undefined : scope.join(" "),
    resource: audience,
    authorization_details:
      details.length === 0 ? undefined : JSON.stringify(details.map((one) => renderDetail(one, audience))),
    ...changes,
  });
}

const subset = fc.subarray(names);
const detail = fc.record(
  {
    actions: fc.subarray(names, { minLength: 1, maxLength: 2 }),
    identifier: fc.constantFrom("trip-1", "trip-2"),
    euros: fc.constantFrom(5, 10, 99, 100),
  },
  { requiredKeys: ["actions"] },
);
const places = fc.constantFrom(flights, hotels);

/** Asks that mostly fit, so that chains get long, and now and then do not, in one way or another. */
const step = fc.record({
  scope: subset,
  details: fc.array(detail, { maxLength: 2 }),
  isWithin: fc.integer({ min: 0, max: 9 }).map((dice) => dice > 0),
  audience: places,
  isElsewhere: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
  actor: fc.constantFrom(...Array.from({ length: 12 }, () => "next"), "first", "somebody"),
  wait: fc.integer({ min: 0, max: 9 }),
  actorLife: fc.integer({ min: 5, max: 400 }),
  ttl: fc.integer({ min: 5, max: 400 }),
  onward: fc.constantFrom([], [], [flights], [flights, hotels]),
  depthMax: fc.constantFrom(1, 3, ...Array.from({ length: 12 }, () => 8), 9),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** An ask that lies within what is held, as far as a step wants it to. */
function narrow(held: Held | undefined, { scope, details, isWithin }: Step): Pick<Hop, "scope" | "details"> {
  if (held === undefined || !isWithin) return { scope, details };
  const free = scope.filter((name) => held.free.includes(name));
  const tied = held.tied.map((outer, at): PlainDetail => {
    const own = details[at];
    return {
      actions: outer.actions,
      ...(outer.identifier === undefined ? {} : { identifier: outer.identifier }),
      ...(outer.euros === undefined ? {} : { euros: Math.min(outer.euros, own?.euros ?? outer.euros) }),
    };
  });
  return free.length + tied.length > 0 ? { scope: free, details: tied } : { scope: held.free, details: [] };
}

function actorOf(held: Held | undefined, { actor }: Step): string {
  if (actor === "somebody") return actor;
  const [first] = held?.actors ?? [];
  return (actor === "first" ? first : held?.next) ?? `agent-${held?.actors.length ?? 0}`;
}

/** Where the token may go to, and where this step wants to. */
function aim(held: Held | undefined, { audience, onward, isElsewhere }: Step): Pick<Hop, "audience" | "onward"> {
  if (held === undefined || isElsewhere) return { audience, onward };
  const reach = held.onward.length > 0 ? held.onward : [held.audience];
  const [nearest = audience] = reach;
  return {
    audience: reach.includes(audience) ? audience : nearest,
    onward: onward.filter((place) => reach.includes(place)),
  };
}

function hopOf(held: Held | undefined, one: Step, now: number): Hop {
  const asked = narrow(held, one);
  const isNothing = held === undefined && asked.scope.length + asked.details.length === 0;
  return {
    now,
    actor: actorOf(held, one),
    actorExp: now + one.actorLife,
    scope: isNothing ? names : asked.scope,
    details: asked.details,
    ...aim(held, one),
    ttl: one.ttl,
    next: `agent-${(held?.actors.length ?? 0) + 1}`,
    depthMax: one.depthMax,
  };
}

/** First actor innermost (TX-15). */
function nested(actors: readonly string[]): JsonObject | undefined {
  let act: JsonObject | undefined;
  for (const sub of actors) act = { iss: agents.name, sub, ...(act === undefined ? {} : { act }) };
  return act;
}

test("MK-1, MK-2, MK-3, MK-4, MK-5, MK-6, MK-8, P15: a chain of one to eight hops holds what the reference says, at every hop", async () => {
  const house = await openTold();
  const seen = { granted: 0, refused: 0, deepest: 0, tied: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14, size: "max" }), async (steps) => {
      let held: Held | undefined;
      let token: string | undefined;
      let now = testTime;
      const before: JsonObject[] = [];
      for (const one of steps) {
        now += one.wait;
        const told = hopOf(held, one, now);
        const expected = exchange(held, told, personExp);
        const answer = await ask(house, token, told);
        if (expected === undefined) {
          seen.refused += 1;
          expect([answer.status, answer.json["access_token"]]).toEqual([400, undefined]);
          continue;
        }
        const claims = claimsOf(answer);
        const { act, delegation } = claims;
        expect({ act, scope: claims["scope"], exp: claims["exp"], aud: claims["aud"], sub: claims["sub"] }).toEqual({
          act: { ...nested(expected.actors), sub_profile: "ai_agent" },
          scope: expected.free.join(" "),
          exp: expected.exp,
          aud: expected.audience,
          sub: "alice",
        });
        expect(claims["authorization_details"] ?? []).toEqual(
          expected.tied.map((each) => renderDetail(each, expected.audience)),
        );
        expect(delegation).toMatchObject({
          depth: expected.actors.length,
          max_depth: expected.depthMax,
          lineage: { length: expected.actors.length - 1 },
        });
        expect(claims["may_act"]).toEqual(
          expected.next === undefined ? undefined : { iss: agents.name, sub: expected.next },
        );
        for (const earlier of before) {
          expect(claims["txn"]).toBe(earlier["txn"]);
          expect(claims["sub_id"]).toEqual({ format: "iss_sub", iss: people.name, sub: "alice" });
          expect(Number(claims["exp"])).toBeLessThanOrEqual(Number(earlier["exp"]));
        }
        before.push(claims);
        seen.granted += 1;
        seen.deepest = Math.max(seen.deepest, expected.actors.length);
        seen.tied += expected.tied.length;
        [held, token] = [expected, tokenOf(answer)];
      }
    }),
    { seed, numRuns: 100 },
  );
  console.log(`chains at the endpoint: ${JSON.stringify(seen)}`);
  expect(seen.deepest).toBe(8);
  expect(Math.min(seen.granted, seen.refused, seen.tied)).toBeGreaterThan(150);
});

const wide: Omit<Hop, "actor" | "next"> = {
  now: testTime,
  actorExp: testTime + 300,
  scope: names,
  details: [],
  audience: flights,
  ttl: 300,
  onward: [],
  depthMax: 8,
};
/** What a token lets its holder do, without its name and place. */
const holdings = (claims: JsonObject) => [
  claims["scope"],
  claims["authorization_details"],
  claims["aud"],
  claims["exp"],
];
type Ask = Pick<Hop, "scope" | "details">;
const asks = fc
  .record({ scope: subset, details: fc.array(detail, { maxLength: 2 }) })
  .filter(({ scope, details }) => scope.length + details.length > 0);

/** The holdings after these asks, one hop each, or at which of them it was refused. */
async function walk(
  house: ExchangeHouse,
  route: readonly Ask[],
): Promise<{ readonly refusedAt: number; readonly left: unknown }> {
  let token: string | undefined;
  let left: unknown;
  for (const [at, one] of route.entries()) {
    const answer = await ask(house, token, { ...wide, ...one, actor: `agent-${at}`, next: `agent-${at + 1}` });
    if (answer.status !== 200) return { refusedAt: at, left: undefined };
    token = tokenOf(answer);
    left = holdings(claimsOf(answer));
  }
  return { refusedAt: route.length, left };
}

describe("law: narrowing is", () => {
  test("idempotent: asked again for the same, what is left is the same", async () => {
    const house = await openTold();
    await fc.assert(
      fc.asyncProperty(asks, async (one) => {
        const once = await walk(house, [one]);
        expect(once.refusedAt).toBe(1);
        expect(await walk(house, [one, one])).toEqual({ refusedAt: 2, left: once.left });
        expect(await walk(house, [one, one, one])).toEqual({ refusedAt: 3, left: once.left });
      }),
      { numRuns: 25 },
    );
  });

  test("free of the way taken: whoever stood between changes whether something is left, never what", async () => {
    const house = await openTold();
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(asks, asks, asks, async (first, second, last) => {
        const direct = await walk(house, [last]);
        for (const route of [
          [first, second, last],
          [second, first, last],
          [first, last],
          [second, last],
        ]) {
          const { refusedAt, left } = await walk(house, route);
          if (refusedAt < route.length) continue;
          reached += 1;
          expect(left).toEqual(direct.left);
        }
      }),
      { seed, numRuns: 40 },
    );
    expect(reached).toBeGreaterThan(10);
  });

  test("free of order: scopes, details and parameters may stand in any", async () => {
    const house = await openTold();
    await fc.assert(
      fc.asyncProperty(asks, fc.boolean(), async (one, isTwice) => {
        const told = { ...wide, ...one, actor: "agent-0", next: "agent-1" };
        const straight = await ask(house, undefined, told);
        const scope = told.scope.toReversed();
        const reversed = await ask(house, undefined, { ...told, scope: isTwice ? [...scope, ...scope] : scope });
        expect(holdings(claimsOf(reversed))).toEqual(holdings(claimsOf(straight)));
        const turned = await ask(house, undefined, { ...told, details: told.details.toReversed() });
        const sorted = (details: unknown) =>
          Array.isArray(details) ? details.map((each) => JSON.stringify(each)).sort() : [];
        expect(sorted(claimsOf(turned)["authorization_details"])).toEqual(
          sorted(claimsOf(straight)["authorization_details"]),
        );
        expect(claimsOf(turned)["scope"]).toBe(claimsOf(straight)["scope"]);
      }),
      { numRuns: 30 },
    );
  });
});
