/** A role token is shown for one call: what it holds is what may be taken, at its own audience, and nothing is minted. */
import { describe, expect, test } from "vitest";
import { DecisionRequest } from "../../src/domain/decision-request.ts";
import { parseAudience, parseIssuer, parsePartyId } from "../../src/domain/identifiers.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import { createEvidenceVerifier } from "../../src/identity/index.ts";
import { decide } from "../../src/pdp/decide.ts";
import { exchangeOf, people, roleToken, subjectToken, usualProfiles } from "../fakes/issuers.ts";
import {
  createFakePolicy,
  createFakeWorld,
  type FakeWorld,
  flights,
  foundingVerdict,
  known,
  ownIssuer,
  testTime,
} from "../fakes/path-ports.ts";
import { namedInput, requestOf, testOrigin } from "../fakes/requests.ts";
import { observedCall, ownKeys, type Use, useOf } from "../fakes/uses.ts";

const evidence = createEvidenceVerifier({
  claims: {
    kind: "gateway-claims",
    capabilitySeparators: "space",
    vouchedIssuers: [],
    ownIssuer,
    leewaySeconds: 5,
  },
  tokens: { kind: "tokens", issuers: usualProfiles, own: ownKeys },
  roleToken: { kind: "role-token", own: ownKeys, issuers: [], leewaySeconds: 5 },
});
const verdict: JsonObject = { ...foundingVerdict, role: "flight-agent" };

const worldOf = (answer: (input: PolicyInput) => unknown = () => verdict): FakeWorld =>
  createFakeWorld({ evidence, policy: createFakePolicy(answer) });

async function codeOf(use: Use, world = worldOf()): Promise<string> {
  const decision = await decide(useOf(use), world);
  return decision.outcome === "deny" ? decision.code : decision.outcome;
}

test("a token that holds the permission is let through, on record, and no token comes of it", async () => {
  const asked: PolicyInput[] = [];
  const world = worldOf((input) => {
    asked.push(input);
    return verdict;
  });
  const decision = await decide(useOf(), world);
  expect(decision).toMatchObject({
    outcome: "allow",
    used: { id: "g-1", chainId: "c-1", audience: flights, subject: { id: "alice" }, actor: { id: "planner" } },
  });
  expect(decision).not.toHaveProperty("token");
  expect(asked).toMatchObject([
    { phase: "use", asked: { permissions: ["flights:book"] }, parent: { id: "g-1" }, http: { method: "POST" } },
  ]);
  expect(world.records).toMatchObject([
    { outcome: "allow", phase: "use", used: { grant_id: "g-1", permissions: ["flights:book"], act: "planner" } },
  ]);
  expect(JSON.stringify(world.records)).not.toContain("jti");
});

describe("denied, on record", () => {
  test.each<[string, Use, string]>([
    ["a permission that the token does not hold", { permission: "flights:cancel" }, "asked_not_granted"],
    ["a token for another audience", { audiences: ["https://hotels.example"] }, "evidence_untrusted"],
    ["an operation of another audience", { audience: known(parseAudience("https://x.example")) }, "audience_mismatch"],
    ["a person's token", { token: subjectToken() }, "evidence_untrusted"],
    ["a token that is dead", { token: roleToken({ exp: testTime - 10, iat: testTime - 60 }) }, "claims_expired"],
    ["a token that somebody altered", { token: `${roleToken().slice(0, -4)}AAAA` }, "evidence_untrusted"],
    ["a token that says another depth than it has", { token: roleToken({}, { depth: 2 }) }, "parent_mismatch"],
  ])("%s", async (_name, use, code) => {
    const world = worldOf();
    expect(await codeOf(use, world)).toBe(code);
    expect(world.records).toMatchObject([{ outcome: "deny", code }]);
  });

  test("what policy would give beyond the token", async () => {
    const generous = worldOf(() => ({ ...verdict, permissions: ["flights:cancel"] }));
    expect(await codeOf({ permission: "flights:cancel" }, generous)).toBe("parent_exceeded");
  });

  test("what policy would give beyond the catalogue's role, though the token holds it", async () => {
    const generous = worldOf(() => ({ ...verdict, permissions: ["flights:refund"] }));
    const token = roleToken({ scope: "flights:refund" });
    expect(await codeOf({ permission: "flights:refund", token }, generous)).toBe("permission_not_covered");
  });

  test("what policy refuses", async () => {
    const strict = worldOf(() => ({ outcome: "deny", reasons: [{ code: "closed", message: "Closed." }] }));
    expect(await codeOf({}, strict)).toBe("policy_denied");
  });

  test("a role that left the catalogue", async () => {
    expect(
      await codeOf(
        {},
        worldOf(() => ({ ...verdict, role: "gone" })),
      ),
    ).toBe("role_unknown");
  });

  test("a limit or an obligation that nothing here enforces", async () => {
    expect(
      await codeOf(
        {},
        worldOf(() => ({ ...verdict, limits: [{ uses: 1 }] })),
      ),
    ).toBe("limit_unenforceable");
    const obliged = { ...verdict, obligations: [{ id: "o", type: "log", properties: {} }] };
    expect(
      await codeOf(
        {},
        worldOf(() => obliged),
      ),
    ).toBe("obligation_unenforceable");
  });

  test("a chain, a person or an agent that was revoked", async () => {
    const world = worldOf();
    world.revocations.revokeParty(known(parseIssuer(people.name)), known(parsePartyId("alice")));
    expect(await codeOf({}, world)).toBe("revoked");
  });
});

describe("a permission with strings attached", () => {
  const tied = (detail: JsonObject): string =>
    roleToken({
      scope: "",
      authorization_details: [{ type: "chaperone_action", locations: [flights], actions: ["flights:book"], ...detail }],
    });
  const about = (id: string | undefined) => ({
    resource: { type: "trip", ...(id === undefined ? {} : { id }), properties: {} },
  });

  test("counts for its own object alone", async () => {
    const token = tied({ identifier: "trip-1" });
    expect(await codeOf({ token, ...about("trip-1") })).toBe("allow");
    expect(await codeOf({ token, ...about("trip-2") })).toBe("parent_exceeded");
    expect(await codeOf({ token, ...about(undefined) })).toBe("parent_exceeded");
    expect(await codeOf({ token })).toBe("parent_exceeded");
  });

  test("is refused where how much the call takes is not known", async () => {
    const token = tied({ constraints: { max_amount: { amount: "100", currency: "EUR" } } });
    expect(await codeOf({ token })).toBe("constraint_unenforceable");
  });
});

describe("what is shown for one position counts for nothing at the other", () => {
  test("claims and foreign tokens are no role token", async () => {
    const claims = requestOf(namedInput).evidence;
    const tokens = exchangeOf().evidence;
    for (const other of [claims, tokens]) {
      const forged: DecisionRequest<"use"> = Object.assign(useOf(), { evidence: other });
      expect(await decide(forged, worldOf())).toMatchObject({ outcome: "deny", code: "evidence_not_accepted" });
    }
  });

  test("a role token is no evidence to be issued another, where nothing is exchanged onward", async () => {
    const held = DecisionRequest.hold(
      "issue",
      testOrigin,
      { ...exchangeEvidence(roleToken()), isOnwardAccepted: false },
      { ...useOf().asked, action: undefined, resource: undefined, audience: undefined, call: observedCall },
    );
    expect(await decide(held, worldOf())).toMatchObject({ outcome: "deny", code: "evidence_not_accepted" });
  });

  test("a request for use whose position was changed mints nothing", async () => {
    const forged: DecisionRequest<"use"> = Object.assign(useOf(), { position: "issue" });
    expect((await decide(forged, worldOf())).outcome).toBe("deny");
  });
});

function exchangeEvidence(subject: string) {
  const { evidence: shown } = exchangeOf({ subject });
  if (shown.kind !== "tokens") throw new TypeError("tokens expected");
  return shown;
}
