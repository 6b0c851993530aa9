/** The promise of the PolicyEngine port, kept by the room that is shipped and by the fake that other tests decide with. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parsePermission, parseRevision } from "../../src/domain/identifiers.ts";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import { Fault } from "../../src/domain/refusal.ts";
import { createPolicyRoom } from "../../src/policy/index.ts";
import type { PolicyEngine } from "../../src/ports/policy-engine.ts";
import { createFakePolicy, foundingVerdict, known, testTime } from "../fakes/path-ports.ts";
import { createRecordingAnnouncer } from "../fakes/recording-announcer.ts";

const founding: PolicyInput = {
  phase: "issue",
  subject: {
    issuer: "urn:chaperone:gateway",
    claims: { Department: "Operations", Role: "Director" },
    departments: ["Operations"],
    roles: ["Director"],
  },
  actor: {
    issuer: "urn:chaperone:gateway",
    claims: { Capabilities: "book_flight" },
    capabilities: ["book_flight"],
    type: "ai_agent",
  },
  chain: [],
  asked: { capabilities: ["book_flight"], permissions: [] },
  context: {},
  time: testTime,
};

const engines: Readonly<Record<string, () => Promise<PolicyEngine>>> = {
  "the room with the default bundle": () =>
    createPolicyRoom(
      {
        id: "default",
        path: join(import.meta.dirname, "../../bundle/default.tar.gz"),
        signature: { mode: "none" },
        deadlineMilliseconds: 10_000,
        watch: false,
      },
      {
        clock: { read: () => ({ epochSeconds: testTime, isReliable: true }) },
        announcer: createRecordingAnnouncer(),
      },
    ),
  "the fake": async () =>
    createFakePolicy((input) =>
      input.subject.departments.includes("Operations")
        ? foundingVerdict
        : { outcome: "deny", reasons: [{ code: "wrong", message: "Only Operations may." }] },
    ),
};

describe.each(Object.entries(engines))("%s", (_name, open) => {
  test("names a revision, and its catalogue holds the role that it chooses", async () => {
    const snapshot = (await open()).snapshot(testTime);
    expect(parseRevision(snapshot.reference.revision)).toBe(snapshot.reference.revision);
    const verdict = snapshot.evaluate(founding);
    if (verdict.outcome !== "allow") throw new TypeError(JSON.stringify(verdict));
    const role = known(snapshot.catalogue.get(verdict.role));
    expect(role.permissions.covers(verdict.permissions)).toBe(true);
    expect(role.permissions.has(known(parsePermission("flights:book")))).toBe(true);
  });

  test("denies with a reason", async () => {
    const verdict = (await open()).snapshot(testTime).evaluate({
      ...founding,
      subject: { ...founding.subject, claims: { Department: "Marketing" }, departments: ["Marketing"] },
    });
    expect(verdict.outcome).toBe("deny");
    expect(verdict.reasons.length).toBeGreaterThan(0);
  });

  test("may be asked more than once and says the same", async () => {
    const snapshot = (await open()).snapshot(testTime);
    expect(snapshot.evaluate(founding)).toEqual(snapshot.evaluate(founding));
  });

  test("is synchronous and changes nothing of its input", async () => {
    const before = structuredClone(founding);
    expect((await open()).snapshot(testTime).evaluate(founding)).not.toBeInstanceOf(Promise);
    expect(founding).toEqual(before);
  });
});

test("a policy that gives no verdict is a fault in both", async () => {
  const engine = createFakePolicy(() => true);
  expect(() => engine.snapshot(testTime).evaluate(founding)).toThrow(Fault);
});
