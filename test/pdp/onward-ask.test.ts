/** A hop asks within the grant that is shown, or is refused before the policy is asked: the grant is its permit (DESIGN §4). */
import { expect, test } from "vitest";
import { parseAuthorizationDetails } from "../../src/domain/authorization-detail.ts";
import { DecisionRequest } from "../../src/domain/decision-request.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import { parseAudience, parsePermission } from "../../src/domain/identifiers.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { decide } from "../../src/pdp/decide.ts";
import { createVerifier, exchangeOf, roleToken } from "../fakes/issuers.ts";
import { createFakePolicy, createFakeWorld, flights, foundingVerdict, known } from "../fakes/path-ports.ts";
import { testOrigin } from "../fakes/requests.ts";

interface Ask {
  readonly permissions?: readonly string[];
  readonly details?: readonly JsonObject[];
  readonly audience?: string;
}

const upTo = (amount: string): JsonObject => ({ max_amount: { amount, currency: "EUR" } });
const book = (more: JsonObject): JsonObject => ({ type: "chaperone_action", actions: ["flights:book"], ...more });

/** The holder may search freely, and book for up to 600 euros; may go to the flights only, unless it says where to. */
async function askOnward({ permissions = [], details = [], audience }: Ask, audiences: readonly string[] = []) {
  let timesAsked = 0;
  const policy = createFakePolicy(
    ({ asked }) => {
      timesAsked += 1;
      return { ...foundingVerdict, role: "all", permissions: asked.permissions };
    },
    {
      all: {
        audience: flights,
        permissions: ["flights:book", "flights:search"],
        max_ttl_seconds: 60,
        enforced_by: "scope",
      },
    },
  );
  const world = createFakeWorld({ evidence: createVerifier(), policy });
  const token = roleToken(
    { scope: "flights:search", authorization_details: [book({ locations: [flights], constraints: upTo("600") })] },
    { audiences },
  );
  const request = DecisionRequest.exchange(testOrigin, known(tokensOf(token)), {
    permissions: ExactSet.of(permissions.map((name) => known(parsePermission(name)))),
    details: known(parseAuthorizationDetails(details)),
    audience: audience === undefined ? undefined : known(parseAudience(audience)),
  });
  const decision = await decide(request, world);
  return { answer: decision.outcome === "deny" ? decision.code : decision.outcome, timesAsked, records: world.records };
}

function tokensOf(subject: string) {
  const { evidence } = exchangeOf({ subject });
  return evidence.kind === "tokens" ? evidence : undefined;
}

test.each<[string, Ask]>([
  ["what it has", { permissions: ["flights:search"] }],
  ["what it has, with strings", { details: [book({ actions: ["flights:search"], identifier: "trip-1" })] }],
  ["a part of what it has with strings", { details: [book({ constraints: upTo("599.99") })] }],
  ["both, where the grant is for", { permissions: ["flights:search"], audience: flights }],
])("the policy is asked about %s", async (_what, ask) => {
  // Once more without the inner actor (DESIGN §4).
  expect(await askOnward(ask)).toMatchObject({ answer: "allow", timesAsked: 2 });
});

test.each<[string, Ask, string]>([
  ["another permission", { permissions: ["flights:search", "invoices:pay"] }, "parent_exceeded"],
  ["freely what it has with strings", { permissions: ["flights:book"] }, "parent_exceeded"],
  ["looser strings", { details: [book({ constraints: upTo("601") })] }, "parent_exceeded"],
  ["strings of another kind", { details: [book({ identifier: "trip-1" })] }, "parent_exceeded"],
  [
    "another permission with strings",
    { details: [book({ actions: ["flights:fly"], identifier: "x" })] },
    "parent_exceeded",
  ],
  ["another target", { permissions: ["flights:search"], audience: "https://hotels.example" }, "audience_mismatch"],
])("%s is refused without asking the policy, and what was asked is on record", async (_what, ask, code) => {
  const { answer, timesAsked, records } = await askOnward(ask);
  expect([answer, timesAsked]).toEqual([code, 0]);
  expect(records).toMatchObject([{ outcome: "deny", code, phase: "delegate", asked: {} }]);
});

test("its own target is another target too, when the grant says where its holder may go", async () => {
  const ask = { permissions: ["flights:search"], audience: flights };
  expect(await askOnward(ask, ["https://hotels.example"])).toMatchObject({ answer: "audience_mismatch" });
});
