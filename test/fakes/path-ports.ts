/**
 * The world of a decision, small and honest: real ledger and claims verifier, a clock that stands still, a policy
 * that says what it is told, a log in memory and a minter whose tokens say who made them.
 */
import type { JsonObject } from "../../src/domain/json.ts";
import {
  type Issuer,
  parseDecisionId,
  parseChainId,
  parseGrantId,
  parseIssuer,
  parseKeyId,
  parseRevision,
  parseTokenId,
} from "../../src/domain/identifiers.ts";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import type { AuditRecord } from "../../src/domain/record.ts";
import { Fault } from "../../src/domain/refusal.ts";
import { RoleCatalogue } from "../../src/domain/role-catalogue.ts";
import { parseVerdict } from "../../src/domain/verdict.ts";
import type { Json } from "../../src/domain/json.ts";
import { evidenceVerifiers } from "../../src/identity/index.ts";
import { ledgers, type Revocations } from "../../src/ledger/index.ts";
import type { PathPorts } from "../../src/pdp/path-ports.ts";
import type { PolicyEngine } from "../../src/ports/policy-engine.ts";

export function known<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("the test needs this value");
  return value;
}

export const testTime = 1_781_000_000;
export const ownIssuer: Issuer = known(parseIssuer("http://localhost:8181"));
export const flights = "https://flights.example/api";

export const testCatalogue: JsonObject = {
  "flight-booker": { audience: flights, permissions: ["flights:book"], max_ttl_seconds: 120, enforced_by: "role" },
  "flight-agent": {
    audience: flights,
    permissions: ["flights:book", "flights:cancel"],
    max_ttl_seconds: 300,
    enforced_by: "scope",
  },
};

/** The verdict that the founding request earns. */
export const foundingVerdict: JsonObject = {
  outcome: "allow",
  role: "flight-booker",
  permissions: ["flights:book"],
  ceiling: "catalogue",
  ttl_seconds: 60,
  limits: [],
  obligations: [],
  reasons: [{ code: "permitted", message: "Directors of Operations may book flights." }],
};

/** A policy whose verdict is a function of its input; what is no verdict faults as the real engine does. */
export function createFakePolicy(
  answer: (input: PolicyInput) => unknown,
  catalogue: Json = testCatalogue,
): PolicyEngine {
  const parsed = RoleCatalogue.parse(catalogue);
  if (!(parsed instanceof RoleCatalogue)) throw new TypeError(`catalogue wrong at ${parsed.wrongAt}`);
  const reference = { id: "test", revision: known(parseRevision("0".repeat(64))) };
  return {
    snapshot: () => ({
      reference,
      catalogue: parsed,
      evaluate(input) {
        const verdict = parseVerdict(answer(input));
        if ("wrongAt" in verdict) throw new Fault("policy_fault", `wrong at ${verdict.wrongAt}`);
        return verdict;
      },
    }),
  };
}

export interface FakeWorld extends PathPorts {
  readonly records: AuditRecord[];
  readonly revocations: Revocations;
}

export function createFakeWorld(changes: Partial<PathPorts> = {}): FakeWorld {
  let serial = 0;
  const next = (kind: string): string => `${kind}-${(serial += 1)}`;
  const records: AuditRecord[] = [];
  const ledger = ledgers.memory({ kind: "memory" });
  return {
    clock: { read: () => ({ epochSeconds: testTime, isReliable: true }) },
    identifiers: {
      decisionId: () => known(parseDecisionId(next("decision"))),
      grantId: () => known(parseGrantId(next("grant"))),
      chainId: (origin, decision) => known(parseChainId(`chain-of-${origin.value ?? decision}`)),
    },
    evidence: evidenceVerifiers["gateway-claims"]({
      kind: "gateway-claims",
      capabilitySeparators: "space_or_comma",
      vouchedIssuers: [],
      ownIssuer,
      leewaySeconds: 5,
    }),
    policy: createFakePolicy(() => foundingVerdict),
    minter: {
      prepare: () => ({
        jti: known(parseTokenId(next("token"))),
        kid: known(parseKeyId("key-1")),
        sign: () => "signed.by.fake",
      }),
    },
    log: { record: (entry) => void records.push(entry) },
    observer: {
      now: () => 0,
      tookStep: () => undefined,
      decided: () => undefined,
      faulted: () => undefined,
      turnedAway: () => undefined,
    },
    rules: { unnamedParties: "allow", depthMax: 4, lifetimeSecondsMax: 300 },
    ledger,
    ...changes,
    records,
    revocations: ledger,
  };
}
