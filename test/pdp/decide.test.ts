import { describe, expect, test } from "vitest";
import type { Decision } from "../../src/domain/decision.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { Fault, type FaultCode } from "../../src/domain/refusal.ts";
import { decide } from "../../src/pdp/decide.ts";
import type { PathPorts } from "../../src/pdp/path-ports.ts";
import { createFakePolicy, createFakeWorld, flights, foundingVerdict, known, testTime } from "../fakes/path-ports.ts";
import { foundingInput, namedInput, requestOf } from "../fakes/requests.ts";
import { parseIssuer, parsePartyId } from "../../src/domain/identifiers.ts";

const decideOn = async (input: JsonObject, changes: Partial<PathPorts> = {}) => {
  const world = createFakeWorld(changes);
  return { decision: await decide(requestOf(input), world), records: world.records };
};

const withVerdict = (verdict: unknown, input: JsonObject = namedInput) =>
  decideOn(input, { policy: createFakePolicy(() => verdict) });

const codeOf = (decision: Decision) => (decision.outcome === "deny" ? decision.code : decision.outcome);

describe("the founding request", () => {
  test("is allowed with the role, the permissions and a token, after it is on record", async () => {
    const { decision, records } = await decideOn(foundingInput);
    expect(decision).toMatchObject({ outcome: "allow", token: "signed.by.fake" });
    if (decision.outcome !== "allow") return expect.unreachable();
    expect(decision.grant).toMatchObject({
      role: "flight-booker",
      audience: flights,
      depth: 1,
      depthMax: 1,
      lineage: [],
    });
    expect(decision.grant.expiresAt - decision.grant.issuedAt).toBe(60);
    expect(decision.grant.subject.id).toBe(`urn:chaperone:unnamed:${decision.decisionId}:subject`);
    expect(decision.grant.actor.id).toBe(`urn:chaperone:unnamed:${decision.decisionId}:actor`);
    expect(decision.grant.clientId).toBe("test-gateway");
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      outcome: "allow",
      decision_id: decision.decisionId,
      grant: { exp: testTime + 60 },
    });
    expect(JSON.stringify(records)).not.toContain("signed.by.fake");
  });

  test("names the parties when their claims do", async () => {
    const { decision } = await decideOn(namedInput);
    if (decision.outcome !== "allow") return expect.unreachable();
    expect(decision.grant).toMatchObject({
      subject: { id: "alice" },
      actor: { id: "travel-agent" },
      clientId: "travel-agent",
    });
  });

  test("with an unnamed party is a leaf, whatever the policy says of delegation", async () => {
    const delegation = { may_act: [{ iss: "https://i.example", sub: "next" }], audiences: [flights], max_depth: 3 };
    const { decision } = await withVerdict({ ...foundingVerdict, delegation }, foundingInput);
    if (decision.outcome !== "allow") return expect.unreachable();
    expect(decision.grant.delegation).toBeUndefined();
    const named = await withVerdict({ ...foundingVerdict, delegation });
    if (named.decision.outcome !== "allow") return expect.unreachable();
    expect(named.decision.grant).toMatchObject({ depthMax: 3, delegation: { depthMax: 3 } });
  });
});

describe("who may ask", () => {
  test.each([
    [
      "unnamed parties where they are switched off",
      foundingInput,
      { unnamedParties: "deny" as const },
      "unnamed_parties_denied",
    ],
    ["a named subject with an unnamed actor", { ...foundingInput, subject: namedInput.subject }, {}, "actor_unnamed"],
    ["a foreign sub under the sidecar's own prefix", party("actor", { sub: "URN:chaperone:x" }), {}, "party_reserved"],
    ["claims of a role token", party("subject", { delegation: {} }), {}, "token_evidence_required"],
    ["claims that name our issuer", party("actor", { iss: "http://localhost:8181" }), {}, "token_evidence_required"],
    ["an actor that is itself delegated", party("actor", { act: { sub: "x" } }), {}, "token_evidence_required"],
    ["expired claims", party("subject", { exp: testTime - 6 }), {}, "claims_expired"],
    ["claims of the future", party("subject", { nbf: testTime + 6 }), {}, "claims_not_yet_valid"],
    ["an infinite exp", party("subject", { exp: "never" }), {}, "claim_malformed"],
    ["two spellings that differ", party("subject", { role: "Intern" }), {}, "claims_conflict"],
    ["a capability that is no string", party("actor", { Capabilities: ["book_flight", 7] }), {}, "claim_malformed"],
    ["no capability at all", party("actor", { Capabilities: [] }), {}, "nothing_asked"],
    ["an action beyond the capabilities", { ...namedInput, action: { name: "pay" } }, {}, "capability_missing"],
    ["a party twice in the chain", party("subject", { act: { sub: "travel-agent" } }), {}, "chain_cycle"],
    [
      "a party twice that hides behind an issuer nobody may vouch for",
      party("subject", { act: { sub: "travel-agent", iss: "https://made-up.example" } }),
      {},
      "chain_cycle",
    ],
    ["a chain that is too deep", party("subject", { act: nestedAct(6) }), {}, "chain_too_deep"],
    ["ten thousand inner actors", party("subject", { act: nestedAct(10_000) }), {}, "chain_too_deep"],
    [
      "an audience that the role is not for",
      { ...namedInput, audience: "https://evil.example" },
      {},
      "audience_mismatch",
    ],
  ])("%s: refused and on record", async (_name, input, rules, code) => {
    const base = createFakeWorld().rules;
    const { decision, records } = await decideOn(input, { rules: { ...base, ...rules } });
    expect(codeOf(decision)).toBe(code);
    expect(decision.reasons[0]?.code).toBe(code);
    expect(records).toMatchObject([{ type: "decision", outcome: "deny", code }]);
  });

  test.each([{}, { iss: "https://made-up.example" }])(
    "a revoked party, also as an inner actor that says %j",
    async (more) => {
      const world = createFakeWorld();
      const input = party("subject", { act: { sub: "planner", ...more } });
      world.revocations.revokeParty(known(parseIssuer("urn:chaperone:gateway")), known(parsePartyId("planner")));
      expect(codeOf(await decide(requestOf(input), world))).toBe("revoked");
      expect((await decide(requestOf(namedInput), world)).outcome).toBe("allow");
    },
  );
});

describe("the sidecar's own checks hold whatever policy says", () => {
  test.each([
    ["a role that the catalogue lacks", { role: "root" }, "role_unknown"],
    ["permissions that the role lacks", { permissions: ["flights:cancel"] }, "permission_not_covered"],
    ["scopes as ceiling while no scopes are known", { ceiling: "scopes" }, "ceiling_exceeded"],
    ["an execution limit that nobody counts", { limits: [{ id: "L1", max_calls: 1 }] }, "limit_unenforceable"],
    ["an obligation", { obligations: [{ id: "o", type: "step-up", properties: {} }] }, "obligation_unenforceable"],
    ["no outcome", { outcome: undefined }, "policy_fault"],
    ["an outcome of another kind", { outcome: true }, "policy_fault"],
    ["no ceiling", { ceiling: undefined }, "policy_fault"],
    ["a wildcard-like empty permission", { permissions: [""] }, "policy_fault"],
    ["no permission", { permissions: [] }, "policy_fault"],
    ["a permission twice", { permissions: ["flights:book", "flights:book"] }, "policy_fault"],
    ["a lifetime of zero", { ttl_seconds: 0 }, "policy_fault"],
    ["a fractional lifetime", { ttl_seconds: 1.5 }, "policy_fault"],
    ["a member that is no part of a verdict", { admin: true }, "policy_fault"],
    ["may_act that names nobody", { delegation: { may_act: [], audiences: [], max_depth: 2 } }, "policy_fault"],
  ])("%s", async (_name, change, code) => {
    const { decision, records } = await withVerdict({ ...foundingVerdict, ...change });
    expect(codeOf(decision)).toBe(code);
    expect(records).toMatchObject([{ outcome: "deny", code }]);
  });

  test.each([undefined, null, true, "allow", [], {}, [foundingVerdict]])("%j is not a verdict", async (verdict) => {
    expect(codeOf((await withVerdict(verdict)).decision)).toBe("policy_fault");
  });

  test("a token lives no longer than policy, role, either party and the cap allow", async () => {
    const lifetime = async (ttl: number, claims: JsonObject) => {
      const { decision } = await withVerdict({ ...foundingVerdict, ttl_seconds: ttl }, party("subject", claims));
      return decision.outcome === "allow" ? decision.grant.expiresAt - decision.grant.issuedAt : codeOf(decision);
    };
    expect(await lifetime(30, {})).toBe(30);
    expect(await lifetime(9999, {})).toBe(120);
    expect(await lifetime(60, { exp: testTime + 7.9 })).toBe(7);
    expect(await lifetime(60, { exp: testTime })).toBe("lifetime_exhausted");
  });

  test("the permissions are what the target will really grant", async () => {
    const whole = await withVerdict({ ...foundingVerdict });
    if (whole.decision.outcome !== "allow") return expect.unreachable();
    expect(whole.decision.grant).toMatchObject({ isRoleNamed: true });
    const partOfScope = await withVerdict({ ...foundingVerdict, role: "flight-agent" });
    if (partOfScope.decision.outcome !== "allow") return expect.unreachable();
    expect(partOfScope.decision.grant.isRoleNamed).toBe(false);
    expect(partOfScope.decision.grant.permissions.toArray()).toEqual(["flights:book"]);
  });
});

describe("inner actors are evidence, never authority", () => {
  const viaPlanner = party("subject", { act: { sub: "planner" } });

  test("what is allowed only because of one is denied", async () => {
    const policy = createFakePolicy((input) => (input.chain.length > 0 ? foundingVerdict : denyVerdict));
    expect(codeOf((await decideOn(viaPlanner, { policy })).decision)).toBe("inner_actor_decisive");
  });

  test("what is allowed because of act among the claims is denied, too", async () => {
    const policy = createFakePolicy((input) => ("act" in input.subject.claims ? foundingVerdict : denyVerdict));
    expect(codeOf((await decideOn(viaPlanner, { policy })).decision)).toBe("policy_denied");
  });

  test("one may cause a deny", async () => {
    const policy = createFakePolicy((input) => (input.chain.length > 0 ? denyVerdict : foundingVerdict));
    expect(codeOf((await decideOn(viaPlanner, { policy })).decision)).toBe("policy_denied");
  });

  test("nobody is asked for approval because of one", async () => {
    const policy = createFakePolicy((input) => (input.chain.length > 0 ? approvalVerdict : denyVerdict));
    expect(codeOf((await decideOn(viaPlanner, { policy })).decision)).toBe("inner_actor_decisive");
  });

  test("one may cause approval to be required", async () => {
    const policy = createFakePolicy((input) => (input.chain.length > 0 ? approvalVerdict : foundingVerdict));
    expect(codeOf((await decideOn(viaPlanner, { policy })).decision)).toBe("approval_required");
  });

  test("nobody gets more through one", async () => {
    const policy = createFakePolicy((input) =>
      input.chain.length > 0
        ? { ...foundingVerdict, role: "flight-agent", permissions: ["flights:book", "flights:cancel"] }
        : { ...foundingVerdict, role: "flight-agent" },
    );
    expect(codeOf((await decideOn(viaPlanner, { policy })).decision)).toBe("inner_actor_decisive");
  });
});

describe("when something that must work does not", () => {
  const throwing = (code: FaultCode) => () => {
    throw new Fault(code, "on purpose");
  };
  const working = createFakeWorld();

  test.each<[string, Partial<PathPorts>, string]>([
    ["the clock", { clock: { read: () => ({ epochSeconds: 1, isReliable: false }) } }, "clock_unreliable"],
    ["no policy", { policy: { snapshot: throwing("policy_not_ready") } }, "policy_not_ready"],
    ["a stale policy", { policy: { snapshot: throwing("policy_stale") } }, "policy_stale"],
    ["the ledger", { ledger: { countsUses: false, isRevoked: throwing("ledger_unavailable") } }, "ledger_unavailable"],
    ["no key", { minter: { prepare: throwing("signing_unavailable") } }, "signing_unavailable"],
    ["an unknown error", { evidence: { verify: () => Promise.reject(new Error("boom")) } }, "internal_fault"],
  ])("%s: denied and on record", async (_name, changes, code) => {
    const { decision, records } = await decideOn(namedInput, changes);
    expect(codeOf(decision)).toBe(code);
    expect(records).toMatchObject([{ type: "decision", outcome: "deny", code }]);
  });

  test.each<[string, () => void | Promise<void>]>([
    ["throws", throwing("audit_unavailable")],
    ["rejects", () => Promise.reject(new Fault("audit_unavailable", "on purpose"))],
    [
      "throws something unknown",
      () => {
        throw new Error("boom");
      },
    ],
  ])("a log that %s: no token is even signed", async (_name, record) => {
    let signatures = 0;
    const minter: PathPorts["minter"] = {
      prepare: (grant) => ({ ...working.minter.prepare(grant), sign: () => `${(signatures += 1)}` }),
    };
    const { decision } = await decideOn(namedInput, { log: { record }, minter });
    expect(codeOf(decision)).toBe("audit_unavailable");
    expect(signatures).toBe(0);
    expect(
      codeOf(
        (await decideOn(foundingInput, { log: { record }, policy: createFakePolicy(() => denyVerdict) })).decision,
      ),
    ).toBe("audit_unavailable");
  });

  test("a failed signature is denied and appended to the same decision", async () => {
    const minter: PathPorts["minter"] = {
      prepare: (grant) => ({ ...working.minter.prepare(grant), sign: throwing("mint_failed") }),
    };
    const { decision, records } = await decideOn(namedInput, { minter });
    expect(codeOf(decision)).toBe("mint_failed");
    expect(records).toMatchObject([
      { type: "decision", outcome: "allow", decision_id: decision.decisionId },
      { type: "mint_failed", decision_id: decision.decisionId, code: "mint_failed" },
    ]);
  });

  test("the token is signed only after the record is written", async () => {
    const order: string[] = [];
    await decideOn(namedInput, {
      log: { record: () => new Promise((resolve) => setImmediate(() => resolve(void order.push("record")))) },
      minter: { prepare: (grant) => ({ ...working.minter.prepare(grant), sign: () => `${order.push("sign")}` }) },
    });
    expect(order).toEqual(["record", "sign"]);
  });
});

test("a demand for approval carries no token and is on record", async () => {
  const reasons = [{ code: "amount", message: "A person must look at this." }];
  const { decision, records } = await withVerdict({ outcome: "approval_required", reasons });
  expect(decision).toMatchObject({ outcome: "approval_required", reasons });
  expect("token" in decision).toBe(false);
  expect(records).toMatchObject([{ outcome: "approval_required", reasons }]);
});

const approvalVerdict = {
  outcome: "approval_required",
  reasons: [{ code: "amount", message: "A person must look at this." }],
};
const denyVerdict = { outcome: "deny", reasons: [{ code: "not_permitted", message: "No." }] };

function party(name: "subject" | "actor", claims: JsonObject): JsonObject {
  return { ...namedInput, [name]: { claims: { ...namedInput[name].claims, ...claims } } };
}

function nestedAct(depth: number): JsonObject {
  let act: JsonObject = { sub: "agent-0" };
  for (let level = 1; level < depth; level += 1) act = { sub: `agent-${level}`, act };
  return act;
}
