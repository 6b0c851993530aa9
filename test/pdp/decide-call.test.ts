/** The short path: what another's policy says is on record before it is answered, and what it does not say is a deny. */
import { expect, test } from "vitest";
import { parseCallVerdict } from "../../src/domain/call-verdict.ts";
import type { CallQuestion } from "../../src/domain/call-question.ts";
import type { AnyDecision } from "../../src/domain/decision.ts";
import { parseGatewayName, parseRevision } from "../../src/domain/identifiers.ts";
import { Fault, Refusal } from "../../src/domain/refusal.ts";
import { type CallPorts, decideCall } from "../../src/pdp/decide-call.ts";
import type { CallPolicyEngine } from "../../src/ports/policy-engine.ts";
import { createFakeWorld, known, testTime } from "../fakes/path-ports.ts";

const question: CallQuestion = {
  origin: { door: "ext_authz_opa", listener: "mesh", gateway: known(parseGatewayName("edge")) },
  http: { method: "GET", host: "shop.example" },
  input: { attributes: { request: { http: { headers: { authorization: "Bearer secret" } } } } },
};
const reference = { id: "shop", revision: known(parseRevision("b".repeat(64))) };

const saying = (result: () => unknown): CallPolicyEngine => ({
  snapshot: () => ({
    reference,
    entrypoint: "envoy/authz/allow",
    judge: (input, time) => {
      expect([input, time]).toEqual([question.input, testTime]);
      const verdict = parseCallVerdict(result());
      if ("wrongAt" in verdict) throw new Fault("policy_fault", "wrong");
      return verdict;
    },
  }),
});

function worldOf(policy: CallPolicyEngine, changes: Partial<CallPorts> = {}) {
  const world = createFakeWorld();
  const seen: AnyDecision[] = [];
  const faults: Fault[] = [];
  const observer: CallPorts["observer"] = {
    ...world.observer,
    decided: (asked, decision) => {
      expect(asked).toBe(question);
      seen.push(decision);
    },
    faulted: (fault) => void faults.push(fault),
  };
  return { ports: { ...world, observer, ...changes, policy }, records: world.records, seen, faults };
}

const recorded = {
  type: "decision",
  decision_id: "decision-1",
  time: testTime,
  door: "ext_authz_opa",
  listener: "mesh",
  gateway: "edge",
  policy: reference,
  entrypoint: "envoy/authz/allow",
  http: question.http,
};

test("a yes is recorded whole, without the input, and answered with what to change", async () => {
  const { ports, records, seen } = worldOf(saying(() => ({ allowed: true, headers: { "x-user": "alice" } })));
  const decision = await decideCall(question, ports);
  expect(decision).toMatchObject({ outcome: "allow", changes: { headersToSet: [{ name: "x-user", value: "alice" }] } });
  expect(decision).not.toHaveProperty("token");
  expect(records).toEqual([{ ...recorded, outcome: "allow", reasons: [] }]);
  expect(seen).toEqual([decision]);
});

test("a no is recorded as the policy's, and answered as the policy put it", async () => {
  const { ports, records } = worldOf(saying(() => ({ allowed: false, http_status: 401 })));
  expect(await decideCall(question, ports)).toMatchObject({
    outcome: "deny",
    code: "policy_denied",
    refusal: { status: 401 },
  });
  expect(records).toEqual([
    {
      ...recorded,
      outcome: "deny",
      code: "policy_denied",
      reasons: [expect.objectContaining({ code: "policy_denied" })],
    },
  ]);
});

test("what the policy wants and cannot be done is a recorded refusal, whatever it had allowed", async () => {
  const code = "obligation_unenforceable";
  const judged = { reference, entrypoint: "envoy/authz/allow", judge: () => Refusal.because(code) };
  const { ports, records, faults } = worldOf({ snapshot: () => judged });
  const decision = await decideCall(question, ports);
  expect(decision).toMatchObject({ outcome: "deny", code, policy: reference });
  expect(decision).not.toHaveProperty("refusal");
  expect(records).toEqual([{ ...recorded, outcome: "deny", code, reasons: [expect.objectContaining({ code })] }]);
  expect(faults).toEqual([]);
});

test.each(["policy_fault", "policy_deadline"] as const)(
  "%s is a recorded deny without the policy's words",
  async (code) => {
    const { ports, records, faults } = worldOf(
      saying(() => {
        throw new Fault(code, "a test");
      }),
    );
    const decision = await decideCall(question, ports);
    expect(decision).toMatchObject({ outcome: "deny", code, policy: reference });
    expect(decision).not.toHaveProperty("refusal");
    expect(records).toEqual([{ ...recorded, outcome: "deny", code, reasons: [expect.objectContaining({ code })] }]);
    expect(faults.map((fault) => fault.code)).toEqual([code]);
  },
);

test("a policy that is not there, or too old, is a recorded deny of nobody's", async () => {
  for (const code of ["policy_not_ready", "policy_stale"] as const) {
    const { ports, records } = worldOf({
      snapshot: () => {
        throw new Fault(code, "a test");
      },
    });
    expect(await decideCall(question, ports)).toMatchObject({ outcome: "deny", code, policy: undefined });
    expect(records).toHaveLength(1);
    expect(records[0]).not.toHaveProperty("policy");
  }
});

test("what throws something else is denied too", async () => {
  const { ports } = worldOf(
    saying(() => {
      throw new TypeError("not a fault");
    }),
  );
  expect(await decideCall(question, ports)).toMatchObject({ outcome: "deny", code: "internal_fault" });
});

test.each([
  ["yes", true],
  ["no", false],
])("a %s that cannot be recorded is a deny", async (_name, result) => {
  const log = { record: () => Promise.reject(new Fault("audit_unavailable", "the disk is full")) };
  const { ports } = worldOf(
    saying(() => result),
    { log },
  );
  const decision = await decideCall(question, ports);
  expect(decision).toMatchObject({ outcome: "deny", code: "audit_unavailable" });
  expect(decision).not.toHaveProperty("refusal");
});

test("an unreliable clock is a deny, and the policy is not asked", async () => {
  const clock = { read: () => ({ epochSeconds: testTime, isReliable: false }) };
  const { ports } = worldOf(
    saying(() => expect.unreachable("the policy is asked")),
    { clock },
  );
  expect(await decideCall(question, ports)).toMatchObject({ outcome: "deny", code: "clock_unreliable" });
});
