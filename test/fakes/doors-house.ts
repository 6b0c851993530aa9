/** A house for doors: it allows the founding request alone, and remembers what it was asked. */
import type { AllowedUse, ApprovalRequired, Decision, Deny } from "../../src/domain/decision.ts";
import type { DecisionRequest } from "../../src/domain/decision-request.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import { type Grant, sealGrant } from "../../src/domain/grant.ts";
import {
  parseAudience,
  parseChainId,
  parseDecisionId,
  parseGatewayName,
  parseGrantId,
  parseIssuer,
  parsePermission,
  parseRevision,
  parseRoleName,
} from "../../src/domain/identifiers.ts";
import type { Fault } from "../../src/domain/refusal.ts";
import type { RequestErrorCode } from "../../src/domain/request-error.ts";
import type { DoorsHouse } from "../../src/doors/index.ts";

export const gatewayCredential = "gateway-credential-of-the-test-0123456789";
export const operatorCredential = "operator-credential-of-the-test-0123456789";

export const foundingBody =
  '{"input":{"actor":{"claims":{"Capabilities":"book_flight"}},"subject":{"claims":{"Department":"Operations","Role":"Director"}}}}';

const policy = { id: "fake", revision: parseRevision("a".repeat(64))! };
const issuer = parseIssuer("http://localhost:8181")!;
const decisionId = parseDecisionId("decision-1")!;

const grant: Grant = sealGrant({
  id: parseGrantId("grant-1")!,
  chainId: parseChainId("chain-1")!,
  decisionId,
  subject: { id: "urn:chaperone:unnamed:decision-1:subject", issuer },
  actor: { id: "urn:chaperone:unnamed:decision-1:actor", issuer, type: "ai_agent" },
  inner: [],
  clientId: parseGatewayName("local")!,
  audience: parseAudience("https://flights.example/api")!,
  role: parseRoleName("flight-booker")!,
  details: [],
  isRoleNamed: true,
  permissions: ExactSet.of([parsePermission("flights:search")!, parsePermission("flights:book")!]),
  lineage: [],
  depth: 1,
  depthMax: 1,
  delegation: undefined,
  issuedAt: 1_781_000_000,
  expiresAt: 1_781_000_060,
  policy,
});

const reasons = [{ code: "permitted", message: "Directors of Operations may book flights." }];

export const allow: Decision = { outcome: "allow", decisionId, policy, reasons, grant, token: "fake.role.token" };
export const allowedUse: AllowedUse = {
  outcome: "allow",
  decisionId,
  policy,
  reasons,
  used: {
    id: grant.id,
    chainId: grant.chainId,
    subject: grant.subject,
    actor: grant.actor,
    audience: grant.audience,
    permissions: grant.permissions,
  },
};
export const deny: Deny = {
  outcome: "deny",
  decisionId,
  policy,
  code: "policy_denied",
  reasons: [{ code: "department_wrong", message: "Only Operations may." }],
};
export const approvalRequired: ApprovalRequired = { outcome: "approval_required", decisionId, policy, reasons };

export interface FakeHouse extends DoorsHouse {
  readonly asked: DecisionRequest[];
  readonly used: DecisionRequest<"use">[];
  readonly turnedAway: RequestErrorCode[];
  readonly faults: Fault[];
}

/** `parts` replaces single functions of it. */
export function createFakeHouse(parts: Partial<DoorsHouse> = {}): FakeHouse {
  const asked: DecisionRequest[] = [];
  const used: DecisionRequest<"use">[] = [];
  const turnedAway: RequestErrorCode[] = [];
  const faults: Fault[] = [];
  return {
    asked,
    used,
    turnedAway,
    faults,
    decide: async (request) => {
      asked.push(request);
      return isFounding(request) ? allow : deny;
    },
    decideUse: async (request) => {
      used.push(request);
      return allowedUse;
    },
    decideCall: undefined,
    issuer,
    keys: { publicKeys: () => [{ kty: "EC", kid: "k1", alg: "ES256", use: "sig", crv: "P-256", x: "x", y: "y" }] },
    jwksCacheSeconds: 300,
    clock: { read: () => ({ epochSeconds: 1_781_000_000, isReliable: true }) },
    readiness: () => ({ ready: true, checks: { policy: { ok: true, detail: "revision aaaa" } } }),
    status: () => ({ version: "test" }),
    metrics: async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", body: "up 1\n" }),
    observer: {
      now: () => performance.now(),
      tookStep: () => undefined,
      decided: () => undefined,
      faulted: (fault) => void faults.push(fault),
      turnedAway: (_listener, code) => void turnedAway.push(code),
    },
    credentials: {
      gateways: [{ name: parseGatewayName("edge")!, secret: gatewayCredential }],
      operator: operatorCredential,
    },
    clients: undefined,
    ...parts,
  };
}

function isFounding({ evidence, action, resource, audience, context, call }: DecisionRequest): boolean {
  // What a held call asks for is the listener's table, so nothing that a caller chose.
  const isBare = action === undefined && resource === undefined && audience === undefined;
  return (
    (isBare || call !== undefined) &&
    JSON.stringify(context) === "{}" &&
    evidence.kind === "claims" &&
    evidence.actor.kind === "claims" &&
    JSON.stringify({ input: { actor: { claims: evidence.actor.claims }, subject: { claims: evidence.subject } } }) ===
      foundingBody
  );
}
