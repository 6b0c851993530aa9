/**
 * Whatever comes, a gateway reads a pass only where one was given: random Checks, broken ones, garbage and huge ones, each
 * answered with an explicit code. By default 10,000 of them, and 1,000 requests over the wire; CHECK_FUZZ_RUNS says how many instead.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Answers } from "../../../../src/doors/answers.ts";
import { createCheckMethod } from "../../../../src/doors/ext-authz/grpc/check-method.ts";
import { readCheck } from "../../../../src/doors/ext-authz/grpc/read-check.ts";
import type { AnswerHeldCall, HeldCall } from "../../../../src/doors/ext-authz/held-call.ts";
import { parseGatewayName } from "../../../../src/domain/identifiers.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../../../../src/domain/json.ts";
import { RequestError } from "../../../../src/domain/request-error.ts";
import { anyCheck, assembledCheck, mutatedCheck, soundCheck } from "../../../fakes/check-arbitraries.ts";
import { decodeAnswer, decodeCheck, encodeCheck } from "../../../fakes/check-messages.ts";
import { denied, openCheckListener, passed } from "../../../fakes/check-listener.ts";
import { createFakeHouse } from "../../../fakes/doors-house.ts";
import { connectHttp2, frame, requestRaw } from "../../../fakes/http2-client.ts";
import { known } from "../../../fakes/path-ports.ts";

const runs = Number(process.env["CHECK_FUZZ_RUNS"] ?? 10_000);
const gateway = known(parseGatewayName("edge"));

/** Lets about half of what it can read through, and counts. */
function createJudge() {
  const judge = { asked: 0, passes: 0 };
  const answer: AnswerHeldCall = async ({ target }) => {
    judge.asked += 1;
    if (target.length % 2 === 0) return denied;
    judge.passes += 1;
    return passed;
  };
  return { judge, answer };
}

const codeOf = (message: Uint8Array | string): unknown => {
  if (typeof message === "string") throw new Error(message);
  const { status } = decodeAnswer(message);
  return typeof status === "object" && status !== null && "code" in status ? status["code"] : 0;
};

const memberOf = (value: Json | undefined, ...path: string[]): Json | undefined =>
  path.reduce<Json | undefined>((at, name) => (isJsonObject(at) ? ownMember(at, name) : undefined), value);
const membersOf = (value: Json | undefined): readonly [string, Json][] =>
  isJsonObject(value) ? Object.entries(value) : [];
const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const listOf = (value: Json | undefined): readonly Json[] => (isJsonArray(value) ? value : []);

/** google.protobuf.Value as the JSON that it stands for. */
function jsonOf(value: Json): Json {
  const [[kind, held] = []] = membersOf(value);
  if (kind === "structValue") return structOf(held);
  if (kind === "listValue") return listOf(memberOf(held, "values")).map(jsonOf);
  return kind === undefined || kind === "nullValue" || held === undefined ? null : held;
}
const structOf = (value: Json | undefined): JsonObject =>
  Object.fromEntries(membersOf(memberOf(value, "fields")).map(([name, member]) => [name, jsonOf(member)]));

function gathered(pairs: readonly (readonly [string, string])[]): readonly (readonly [string, readonly string[]])[] {
  const headers = new Map<string, string[]>();
  for (const [name, value] of pairs.filter(([key]) => !key.startsWith(":"))) {
    headers.set(name, [...(headers.get(name) ?? []), value]);
  }
  return [...headers].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** What a decision rests on, as this sidecar reads it. */
const relied = ({ method, host, target, headers, peer = "", metadata }: HeldCall): object => ({
  method,
  host,
  target,
  peer,
  headers: gathered([...headers].flatMap(([name, values]) => values.map((value) => [name, value] as const))),
  metadata: structuredClone(metadata),
});

/** The same, by a reader that knows nothing but Envoy's definitions. */
function reliedByEnvoy(check: JsonObject): object {
  const attributes = memberOf(check, "attributes");
  const http = memberOf(attributes, "request", "http");
  const mapped = membersOf(memberOf(http, "headers"));
  const listed = listOf(memberOf(http, "headerMap", "headers")).map((header): readonly [string, Json] => {
    const raw = Buffer.from(textOf(memberOf(header, "rawValue")), "base64").toString("latin1");
    return [textOf(memberOf(header, "key")), memberOf(header, "value") ?? raw];
  });
  return {
    method: memberOf(http, "method"),
    host: memberOf(http, "host"),
    target: memberOf(http, "path"),
    peer: memberOf(attributes, "source", "principal") ?? "",
    headers: gathered([...mapped, ...listed].map(([name, value]) => [name.toLowerCase(), textOf(value)])),
    metadata: Object.fromEntries(
      membersOf(memberOf(attributes, "metadataContext", "filterMetadata")).map(([name, value]) => [
        name,
        structOf(value),
      ]),
    ),
  };
}

// Seconds where the machine is its own; it seldom is.
describe("of whatever is sent", { timeout: 120_000 }, () => {
  test("each message is answered, by a pass only where one was given", async () => {
    const { judge, answer } = createJudge();
    const house = createFakeHouse();
    const method = createCheckMethod(answer, new Answers("fuzz", house.observer));
    const seen = { passes: 0, denials: 0, unread: 0 };
    await fc.assert(
      fc.asyncProperty(anyCheck, async (message) => {
        const before = { ...judge };
        const code = codeOf(await method.answer(message, gateway));
        const isPass = judge.passes > before.passes;
        expect(code === 0).toBe(isPass);
        if (isPass) seen.passes += 1;
        else if (judge.asked > before.asked) seen.denials += 1;
        else seen.unread += 1;
      }),
      { numRuns: runs },
    );
    expect(house.faults).toEqual([]);
    // The generators reach all three, or they prove nothing.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(runs / 100);
    expect(seen.passes).toBe(judge.passes);
    expect(house.turnedAway).toHaveLength(seen.unread);
  });

  test("what is read of it is what Envoy's own definitions say", () => {
    const seen = { sound: 0, mutated: 0, assembled: 0 };
    const kinds = fc.oneof(
      soundCheck.map((message) => ({ message, kind: "sound" as const })),
      mutatedCheck.map((message) => ({ message, kind: "mutated" as const })),
      assembledCheck.map((message) => ({ message, kind: "assembled" as const })),
    );
    fc.assert(
      fc.property(kinds, ({ message, kind }) => {
        const call = readCheck(message);
        const check = decodeCheck(message);
        // What we skip may be broken within; the other reader looks there too.
        if (call instanceof RequestError || check === undefined) return;
        seen[kind] += 1;
        expect(relied(call)).toEqual(reliedByEnvoy(check));
      }),
      { numRuns: runs },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(runs / 500);
  });

  test("each request over the wire is answered, by a pass only where one was given", async () => {
    const { judge, answer } = createJudge();
    const { address, house } = await openCheckListener({ answer });
    const session = connectHttp2(address);
    const flags = fc.oneof({ arbitrary: fc.constant(0), weight: 9 }, { arbitrary: fc.nat({ max: 255 }), weight: 1 });
    const cuts = fc.oneof({ arbitrary: fc.constant(0), weight: 9 }, { arbitrary: fc.nat({ max: 10 }), weight: 1 });
    const seen = { passes: 0, denials: 0, errors: 0 };
    await fc.assert(
      fc.asyncProperty(anyCheck, flags, cuts, async (message, flag, cut) => {
        const before = judge.passes;
        const whole = frame(message, flag);
        const { status, grpcStatus, body } = await requestRaw(session, {}, whole.subarray(0, whole.length - cut));
        const isPass = judge.passes > before;
        expect(status).toBe(200);
        if (grpcStatus === "0") {
          expect(body.readUInt32BE(1)).toBe(body.length - 5);
          expect(codeOf(body.subarray(5)) === 0).toBe(isPass);
          if (isPass) seen.passes += 1;
          else seen.denials += 1;
        } else {
          expect([body.length, isPass]).toEqual([0, false]);
          expect(Number(grpcStatus)).toBeGreaterThan(0);
          seen.errors += 1;
        }
      }),
      { numRuns: runs / 10 },
    );
    expect(house.faults).toEqual([]);
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(runs / 1_000);
  });

  test("huge maps are answered too", async () => {
    const { address, house } = await openCheckListener();
    const session = connectHttp2(address);
    const http = { method: "GET", path: "/", host: "h" };
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`h${at}`, "v"]));
    const members = (count: number) => ({
      filterMetadata: { f: { fields: Object.fromEntries(Object.keys(many(count)).map((name) => [name, {}])) } },
    });
    const messages = [
      encodeCheck({ request: { http: { ...http, headers: many(20_000) } } }),
      encodeCheck({ request: { http: { ...http, headers: many(60_000) } } }),
      encodeCheck({ request: { http }, metadataContext: members(20_000) }),
      encodeCheck({ request: { http }, contextExtensions: many(20_000) }),
    ];
    const codes = [];
    for (const message of messages) {
      const { grpcStatus, body } = await requestRaw(session, {}, frame(message));
      codes.push([grpcStatus, codeOf(body.subarray(5))]);
    }
    // Extensions are not read, so many of them say nothing worse than few.
    expect(codes).toEqual([...Array.from({ length: 3 }, () => ["0", 7]), ["0", 0]]);
    expect(house.turnedAway).toEqual(["body_too_deep", "body_too_large", "body_too_deep"]);
  });
});
