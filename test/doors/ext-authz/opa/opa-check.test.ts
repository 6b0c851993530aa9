/** What a gateway reads where another's policy decides: a pass only for an allow, a denial for everything else. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCallVerdict, unsaidAt } from "../../../../src/domain/call-verdict.ts";
import type { CallQuestion } from "../../../../src/domain/call-question.ts";
import type { CallDecision } from "../../../../src/domain/decision.ts";
import { parseDecisionId, parseGatewayName } from "../../../../src/domain/identifiers.ts";
import type { Json, JsonObject } from "../../../../src/domain/json.ts";
import { faults, refusals, type DenialCode } from "../../../../src/domain/refusal.ts";
import { Answers } from "../../../../src/doors/answers.ts";
import { readStatusCode } from "../../../../src/doors/ext-authz/grpc/render-answer.ts";
import { createOpaCheckMethod } from "../../../../src/doors/ext-authz/opa/opa-check-method.ts";
import type { OpaOptions } from "../../../../src/doors/ext-authz/opa/options.ts";
import { openListeners } from "../../../../src/doors/index.ts";
import { decodeAnswer, encodeHttp, plainHttp } from "../../../fakes/check-messages.ts";
import { createFakeHouse } from "../../../fakes/doors-house.ts";
import { connectGrpc, healthPath } from "../../../fakes/grpc-client.ts";
import { createFolder, open, socketListener } from "../../../fakes/open-house.ts";
import { known } from "../../../fakes/path-ports.ts";

const gateway = known(parseGatewayName("edge"));
const decisionId = known(parseDecisionId("decision-1"));
const asPlugin: OpaOptions = { errors: "deny", requestTime: "object", parsesBody: true };
const check = encodeHttp(plainHttp);

/** As the path answers what a policy says. */
function decisionOf(result: unknown): CallDecision {
  const verdict = parseCallVerdict(result);
  const policy = undefined;
  if ("wrongAt" in verdict) {
    const code = unsaidAt.has(verdict.wrongAt) ? "policy_fault" : "obligation_unenforceable";
    return { outcome: "deny", decisionId, policy, code, reasons: [] };
  }
  if (verdict.allowed) return { outcome: "allow", decisionId, policy, reasons: [], changes: verdict.changes };
  return { outcome: "deny", decisionId, policy, code: "policy_denied", reasons: [], refusal: verdict.refusal };
}
const denied = (code: DenialCode): CallDecision => ({
  outcome: "deny",
  decisionId,
  policy: undefined,
  code,
  reasons: [],
});

async function answerTo(message: Buffer, decision: CallDecision, options: Partial<OpaOptions> = {}) {
  const house = createFakeHouse();
  const questions: CallQuestion[] = [];
  const method = createOpaCheckMethod(
    { listener: "mesh", answers: new Answers("mesh", house.observer), messages: undefined },
    async (question) => {
      questions.push(question);
      return decision;
    },
    { ...asPlugin, ...options },
  );
  const answer = await method.answer(message, gateway);
  return { answer, questions, turnedAway: house.turnedAway, method };
}

async function shown(decision: CallDecision): Promise<object> {
  const { answer } = await answerTo(check, decision);
  return typeof answer === "string" ? { answer } : decodeAnswer(answer);
}

const texts = (members: Readonly<Record<string, string>>) => ({
  fields: Object.fromEntries(Object.entries(members).map(([name, stringValue]) => [name, { stringValue }])),
});

test("the policy is asked about the whole call, and by whom it is held", async () => {
  const { questions } = await answerTo(check, decisionOf(true));
  expect(questions).toMatchObject([
    {
      origin: { door: "ext_authz_opa", listener: "mesh", gateway },
      http: { method: "GET", host: "flights.example" },
      input: { attributes: { request: { http: plainHttp } }, parsed_path: ["flights"] },
    },
  ]);
});

test.each<[string, object]>([
  ["a host that is none", { host: "flights.example\u202e secret" }],
  ["a host beyond all length", { host: "a".repeat(300) }],
  ["a method that is none", { method: "GET secret" }],
  ["no host", { host: "" }],
])("%s is shown to the policy and kept off the record", async (_name, changes) => {
  const { questions } = await answerTo(encodeHttp({ ...plainHttp, ...changes }), decisionOf(true));
  expect(questions).toMatchObject([{ http: undefined, input: { parsed_path: ["flights"] } }]);
});

test("an allow says so, with nothing changed but what the policy changes", async () => {
  expect(await shown(decisionOf(true))).toEqual({
    status: {},
    okResponse: {},
    dynamicMetadata: texts({ decision_id: "decision-1" }),
  });
});

test("what an allow changes on the call replaces what the client sent; what it adds to the answer is added", async () => {
  const result = {
    allowed: true,
    headers: { "x-user": "alice", "x-groups": ["a", "b"], "x-blank": "" },
    request_headers_to_remove: ["x-secret"],
    response_headers_to_add: { "set-cookie": ["a=1", "b=2"] },
    query_parameters_to_set: { q: "\u00e9" },
    query_parameters_to_remove: ["r"],
    dynamic_metadata: { decision_id: "forged", floor: "2" },
  };
  const header = (key: string, value: string, more: object = {}) => ({ header: { key, value }, ...more });
  expect(await shown(decisionOf(result))).toEqual({
    status: {},
    okResponse: {
      headers: [header("x-user", "alice", { appendAction: 2 }), header("x-groups", "a,b", { appendAction: 2 })],
      headersToRemove: ["x-secret", "x-blank"],
      responseHeadersToAdd: [header("set-cookie", "a=1"), header("set-cookie", "b=2")],
      queryParametersToSet: [{ key: "q", value: "\u00e9" }],
      queryParametersToRemove: ["r"],
    },
    dynamicMetadata: texts({ decision_id: "decision-1", floor: "2" }),
  });
});

test("metadata as deep as a verdict may have it can be told", async () => {
  const nested = (depth: number): JsonObject => (depth === 0 ? {} : { a: nested(depth - 1) });
  const lists = (depth: number): Json => (depth === 0 ? 1 : [lists(depth - 1)]);
  const told = [nested(31), { a: lists(31) }];
  for (const metadata of told) {
    expect(await shown(decisionOf({ allowed: true, dynamic_metadata: metadata }))).toMatchObject({ status: {} });
  }
  for (const metadata of [nested(32), { a: lists(32) }]) {
    expect(decisionOf({ allowed: true, dynamic_metadata: metadata })).toMatchObject({ outcome: "deny" });
  }
});

test("a denial is as the policy put it", async () => {
  const result = {
    allowed: false,
    http_status: 302,
    headers: { location: "/login" },
    body: "log in",
    dynamic_metadata: { a: "b" },
  };
  expect(await shown(decisionOf(result))).toEqual({
    status: { code: 7, message: "policy_denied" },
    deniedResponse: {
      status: { code: 302 },
      headers: [{ header: { key: "location", value: "/login" }, appendAction: 2 }],
      body: "log in",
    },
    dynamicMetadata: texts({ decision_id: "decision-1", a: "b" }),
  });
  expect(await shown(decisionOf(false))).toMatchObject({
    status: { code: 7 },
    deniedResponse: { status: { code: 403 } },
  });
});

test("a denial that looks like a success stays a denial for the gateway", async () => {
  const answer = await shown(decisionOf({ allowed: false, http_status: 200, body: '{"jsonrpc":"2.0","error":{}}' }));
  expect(answer).toMatchObject({ status: { code: 7 }, deniedResponse: { status: { code: 200 } } });
});

const codes = [...Object.keys(refusals), ...Object.keys(faults)];
const isCode = (code: string): code is DenialCode => codes.includes(code);

describe.each(["deny", "grpc_error"] as const)("with errors: %s", (errors) => {
  const asErrors = ["policy_fault", "policy_deadline", "policy_not_ready"];
  test.each(codes.filter(isCode))("%s is no pass", async (code) => {
    const { answer } = await answerTo(check, denied(code), { errors });
    if (errors === "grpc_error" && asErrors.includes(code)) return expect(answer).toBe("unknown");
    if (typeof answer === "string") throw new Error(answer);
    expect(readStatusCode(answer)).toBeGreaterThan(0);
    expect(decodeAnswer(answer)).toMatchObject({ status: { message: code } });
  });
});

test.each<[string, object, string]>([
  ["a path", { path: "/%" }, "target_malformed"],
  ["a body", { headers: { "content-type": "application/json" }, body: "{" }, "body_malformed"],
])("%s that cannot be read is a 400, counted, and nobody is asked", async (_name, http, code) => {
  const { answer, questions, turnedAway } = await answerTo(encodeHttp({ ...plainHttp, ...http }), decisionOf(true));
  if (typeof answer === "string") throw new Error(answer);
  expect(decodeAnswer(answer)).toMatchObject({
    status: { code: 7, message: code },
    deniedResponse: { status: { code: 400 }, body: '{"title":"malformed","status":400}\n' },
  });
  expect([questions, turnedAway]).toEqual([[], [code]]);
});

test("no CheckRequest at all is refused, as is what comes when too many are in flight", async () => {
  const { answer, questions, turnedAway, method } = await answerTo(Buffer.of(7), decisionOf(true));
  if (typeof answer === "string") throw new Error(answer);
  expect(decodeAnswer(answer)).toMatchObject({ status: { code: 7 }, deniedResponse: { status: { code: 403 } } });
  expect([questions, turnedAway]).toEqual([[], ["request_malformed"]]);
  expect(decodeAnswer(method.refuse("busy"))).toMatchObject({ deniedResponse: { status: { code: 429 } } });
  expect(decodeAnswer(method.refuse("body_too_large"))).toMatchObject({ deniedResponse: { status: { code: 403 } } });
});

test("whatever a policy says, a gateway reads a pass only where the policy allows", async () => {
  const member = fc.constantFrom(
    "allowed",
    "headers",
    "http_status",
    "body",
    "dynamic_metadata",
    "query_parameters_to_set",
  );
  const value = fc.oneof(fc.boolean(), fc.jsonValue(), fc.constantFrom("true", 200, 0, null));
  const results = fc.oneof(fc.jsonValue(), fc.dictionary(member, value));
  await fc.assert(
    fc.asyncProperty(results, async (result) => {
      const decision = decisionOf(result);
      const { answer } = await answerTo(check, decision);
      if (typeof answer === "string") throw new Error(answer);
      expect(readStatusCode(answer) === 0).toBe(decision.outcome === "allow");
    }),
    { numRuns: 1_000 },
  );
});

test("a no with whatever else is a denial that no failure mode lets through", async () => {
  const members = fc.constantFrom("headers", "http_status", "body", "dynamic_metadata");
  await fc.assert(
    fc.asyncProperty(fc.dictionary(members, fc.jsonValue()), async (rest) => {
      const { answer } = await answerTo(check, decisionOf({ ...rest, allowed: false }), { errors: "grpc_error" });
      if (typeof answer === "string") throw new Error(answer);
      expect(readStatusCode(answer)).toBe(7);
    }),
    { numRuns: 1_000 },
  );
});

test("whatever comes, nothing passes where the policy denies, and nothing throws", async () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((given) => Buffer.from(given));
  const cut = fc.nat().map((at) => check.subarray(0, at % check.length));
  const http = fc.record({ path: fc.string(), headers: fc.dictionary(fc.string(), fc.string()), body: fc.string() });
  await fc.assert(
    fc.asyncProperty(fc.oneof(bytes, cut, http.map(encodeHttp)), async (message) => {
      const { answer } = await answerTo(message, decisionOf(false));
      if (typeof answer === "string") throw new Error(answer);
      expect(readStatusCode(answer)).toBe(7);
    }),
    { numRuns: 2_000 },
  );
});

describe("a listener", () => {
  const options = async () => socketListener(await createFolder(), { doors: ["ext_authz_opa"], opa: asPlugin });

  test("answers over gRPC, and an error of the policy's as one where that is wanted", async () => {
    const decideCall = async ({ http }: CallQuestion) => decisionOf(http?.host === "flights.example" ? true : "x");
    const house = createFakeHouse({ decideCall });
    const listener = { ...(await options()), opa: { ...asPlugin, errors: "grpc_error" as const } };
    const { addresses } = await open(house, [listener]);
    const client = connectGrpc(addresses[0]?.address ?? "");
    expect(readStatusCode((await client.call(check)).bytes)).toBe(0);
    const { error } = await client.call(encodeHttp({ ...plainHttp, host: "other.example" }));
    expect(error?.code).toBe(2);
    expect((await client.call(Buffer.alloc(0), { path: healthPath })).error).toBeUndefined();
    expect([house.asked, house.used]).toEqual([[], []]);
  });

  test("denies what makes it throw, and gives no error that a gateway may let through", async () => {
    const decideCall = (): Promise<CallDecision> => {
      throw new RangeError("broken");
    };
    const house = createFakeHouse({ decideCall });
    const { addresses } = await open(house, [await options()]);
    const { error, bytes } = await connectGrpc(addresses[0]?.address ?? "").call(check);
    expect([error, readStatusCode(bytes)]).toEqual([undefined, 7]);
    expect(house.faults.map(({ code }) => code)).toEqual(["internal_fault"]);
  });

  test("does not open without a policy, or without its options", async () => {
    const { opa: _opa, ...bare } = await options();
    const decideCall = async () => decisionOf(true);
    const wrong = /^listener_doors_wrong/;
    await expect(openListeners([await options()], createFakeHouse())).rejects.toThrow(wrong);
    await expect(openListeners([bare], createFakeHouse({ decideCall }))).rejects.toThrow(wrong);
    const both = { ...(await options()), doors: ["ext_authz_opa", "authorize"] as const };
    await expect(openListeners([both], createFakeHouse({ decideCall }))).rejects.toThrow(wrong);
  });
});
