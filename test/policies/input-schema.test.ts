/** schemas/input.schema.json says what the sidecar really sends; rules are checked against it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseAsked } from "../../src/domain/asked.ts";
import { DecisionRequest } from "../../src/domain/decision-request.ts";
import { DelegationChain } from "../../src/domain/delegation-chain.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import {
  parseAudience,
  parseCapability,
  parseChainId,
  parseGatewayName,
  parseGrantId,
  parseIssuer,
  parsePartyId,
  parsePermission,
} from "../../src/domain/identifiers.ts";
import { isJsonObject } from "../../src/domain/json.ts";
import type { CallBody } from "../../src/domain/observed-call.ts";
import type { ParentGrant } from "../../src/domain/parent-grant.ts";
import { type PolicyInput, renderCall, renderPolicyInput } from "../../src/domain/policy-input.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import { RequestError } from "../../src/domain/request-error.ts";
import { observedCall } from "../fakes/uses.ts";
import { removals } from "./input-mutations.ts";
import { defaultBundle, loadPolicy, objectOf, policiesFolder, samplesOf } from "./loaded-policy.ts";

const schemaText = readFileSync(join(policiesFolder, "schemas/input.schema.json"), "utf8");
const document: unknown = JSON.parse(schemaText);
if (!isJsonObject(document)) throw new Error("the schema is no object");
const schema = z.fromJSONSchema({ ...document });
const policy = await loadPolicy(defaultBundle);
const samples = samplesOf(policy);

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not a name");
  return value;
}

/** Rendered by the path's own function, from a request with every member or with none that is optional. */
function rendered(isFull: boolean, parent?: ParentGrant): PolicyInput {
  const issuer = known(parseIssuer("urn:chaperone:gateway"));
  const capability = known(parseCapability("book_flight"));
  const party = { issuer, claims: { a: 1 }, expiresAt: undefined, scopes: undefined };
  const request = DecisionRequest.parse(
    { door: "authorize", listener: "l", gateway: known(parseGatewayName("local")) },
    {
      subject: { claims: {} },
      actor: { claims: {} },
      ...(isFull
        ? {
            action: { name: "book_flight", properties: { flight: "XY 1" } },
            resource: { type: "flight", id: "XY 1", properties: {} },
            audience: "https://flights.example/api",
            context: { ip: "192.0.2.1" },
          }
        : {}),
    },
  );
  if (request instanceof RequestError) throw new Error(request.code);
  const chain = DelegationChain.of(
    {
      vouchedBy: "gateway",
      subject: {
        ...party,
        id: isFull ? parsePartyId("alice") : undefined,
        departments: ["Operations"],
        roles: ["Director"],
      },
      actor: {
        ...party,
        id: isFull ? parsePartyId("helper") : undefined,
        capabilities: ExactSet.of([capability]),
        type: "ai_agent",
      },
      inner: isFull ? [{ id: known(parsePartyId("planner")), issuer }] : [],
      origin: { issuer, source: "test", value: undefined },
      parent,
    },
    { unnamedParties: "allow", depthMax: 4 },
    "issue",
  );
  if (chain instanceof Refusal) throw new Error(chain.code);
  const asked =
    parent === undefined
      ? parseAsked(request, chain)
      : { capabilities: ExactSet.of([]), permissions: parent.permissions, details: [] };
  if (asked instanceof Refusal) throw new Error(asked.code);
  return renderPolicyInput(request, chain, asked, 1_781_092_800);
}

const parent: ParentGrant = {
  id: known(parseGrantId("g-1")),
  lineage: [],
  chainId: known(parseChainId("c-1")),
  audience: known(parseAudience("https://flights.example/api")),
  audiences: [],
  permissions: ExactSet.of([known(parsePermission("flights:book"))]),
  details: [],
  depth: 1,
  depthMax: 3,
  expiresAt: 1_781_092_860,
};

describe("the input's schema", () => {
  test.each([true, false])("accepts what the path renders (full: %s), and so does the policy", (isFull) => {
    const input = rendered(isFull);
    expect(schema.safeParse(input).error).toBeUndefined();
    expect(policy.ask({ ...input }).outcome).toBe("allow");
  });

  test("names every member that the path renders, and besides them only the parent grant and a held call", () => {
    const properties = objectOf(document["properties"]);
    const others = ["parent", "http", "body"];
    expect(Object.keys(properties).sort()).toEqual([...Object.keys(rendered(true)), ...others].sort());
    for (const party of ["subject", "actor"] as const) {
      const members = objectOf(objectOf(properties[party])["properties"]);
      expect(Object.keys(members).sort()).toEqual(Object.keys(rendered(true)[party]).sort());
    }
    expect(document["required"]).toEqual(Object.keys(rendered(false)));
  });

  test("accepts the parent grant that the path renders, member for member", () => {
    const input = rendered(true, parent);
    expect(schema.safeParse(input).error).toBeUndefined();
    const described = objectOf(objectOf(document["properties"])["parent"]);
    expect(Object.keys(objectOf(described["properties"]))).toEqual(Object.keys(input.parent ?? {}));
    expect(described["required"]).toEqual(Object.keys(input.parent ?? {}));
    expect(schema.safeParse({ ...input, parent: { ...input.parent, more: 1 } }).success).toBe(false);
    expect(policy.ask({ ...input }).outcome).toBe("allow");
  });

  test.each<CallBody>([
    { form: "absent" },
    { form: "json", value: { method: "tools/call" } },
    { form: "grpc", value: { amount: "5" } },
    { form: "fields", value: { a: ["1"] } },
  ])("accepts a held call that the path renders, member for member (body: $form)", (body) => {
    const input = { ...rendered(true), ...renderCall({ ...observedCall, body }) };
    expect(schema.safeParse(input).error).toBeUndefined();
    const described = objectOf(objectOf(document["properties"])["http"]);
    expect(Object.keys(objectOf(described["properties"]))).toEqual(Object.keys(input.http));
    expect(described["required"]).toEqual(Object.keys(input.http));
    expect(schema.safeParse({ ...input, http: { ...input.http, more: 1 } }).success).toBe(false);
    expect(policy.ask(input).outcome).toBe("allow");
  });

  test("accepts every sample", () => {
    expect(samples.length).toBeGreaterThan(10);
    for (const { name, input } of samples) expect(schema.safeParse(input).error, name).toBeUndefined();
  });

  test("refuses what the policy finds malformed for want of a member", () => {
    let refused = 0;
    for (const { input } of samples) {
      for (const { what, input: changed } of removals(input)) {
        const codes = policy.ask(changed).reasons.map((reason) => reason.code);
        const isMalformed = codes.includes("input_malformed");
        if (isMalformed) refused += 1;
        expect([what, schema.safeParse(changed).success]).toEqual([what, !isMalformed]);
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
