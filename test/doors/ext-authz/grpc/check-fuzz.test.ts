/**
 * Whatever comes, a gateway reads a pass only where one was given: random Checks, broken ones, garbage and huge ones, each
 * answered with an explicit code. By default 10,000 of them, and 1,000 requests over the wire; CHECK_FUZZ_RUNS says how many instead.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Answers } from "../../../../src/doors/answers.ts";
import { createCheckMethod } from "../../../../src/doors/ext-authz/grpc/check-method.ts";
import type { AnswerHeldCall } from "../../../../src/doors/ext-authz/held-call.ts";
import { parseGatewayName } from "../../../../src/domain/identifiers.ts";
import { decodeAnswer, encodeCheck, field, varintField } from "../../../fakes/check-messages.ts";
import { denied, openCheckListener, passed } from "../../../fakes/check-listener.ts";
import { createFakeHouse } from "../../../fakes/doors-house.ts";
import { connectHttp2, frame, requestRaw } from "../../../fakes/http2-client.ts";
import { known } from "../../../fakes/path-ports.ts";

const runs = Number(process.env["CHECK_FUZZ_RUNS"] ?? 10_000);
const gateway = known(parseGatewayName("edge"));

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "GET", "/", "__proto__", "constructor", ":path", "content-length", "authorization"),
);
const bytes = fc.uint8Array({ maxLength: 30 });
const value: fc.Arbitrary<object> = fc.letrec<{ value: object }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.record({ stringValue: text }),
    fc.record({
      numberValue: fc.oneof(
        { arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }), weight: 9 },
        { arbitrary: fc.double(), weight: 1 },
      ),
    }),
    fc.record({ boolValue: fc.boolean() }),
    fc.constant({ nullValue: 0 }),
    fc.record({ structValue: fc.record({ fields: fc.dictionary(text, tie("value"), { maxKeys: 3 }) }) }),
    fc.record({ listValue: fc.record({ values: fc.array(tie("value"), { maxLength: 3 }) }) }),
  ),
})).value;

const some = text.filter((given) => given !== "");
const headers = fc.dictionary(some, text, { maxKeys: 5 });
const headerMap = fc.record({
  headers: fc.array(fc.oneof(fc.record({ key: some, value: text }), fc.record({ key: some, rawValue: bytes })), {
    maxLength: 4,
  }),
});
/** In one form each, as Envoy sends it; the others come from {@link mutated} and {@link everyForm}. */
const sound = fc
  .tuple(
    fc.record({ method: some, path: some, host: some, size: fc.integer({ min: -1 }) }),
    fc.oneof(fc.record({ headers }), fc.record({ headerMap })),
    fc.oneof(fc.constant({}), fc.record({ body: text }), fc.record({ rawBody: bytes })),
  )
  .map(([named, head, body]) => ({ ...named, ...head, ...body }));
const everyForm = fc.record(
  { method: text, path: text, host: text, query: text, headers, headerMap, body: text, rawBody: bytes },
  { requiredKeys: [] },
);
const http = fc.oneof({ arbitrary: sound, weight: 5 }, { arbitrary: everyForm, weight: 1 });
const attributes = fc.record(
  {
    source: fc.record({ principal: text, service: text }),
    request: fc.record({ http }),
    contextExtensions: fc.dictionary(text, text, { maxKeys: 2 }),
    metadataContext: fc.record({
      filterMetadata: fc.dictionary(text, fc.record({ fields: fc.dictionary(text, value, { maxKeys: 3 }) }), {
        maxKeys: 2,
      }),
    }),
  },
  { requiredKeys: ["request"] },
);
const valid = attributes.map(encodeCheck);

/** A whole one with some bytes changed, cut, doubled or put in. */
const mutated = fc
  .tuple(
    valid,
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom("set", "cut", "put", "double")), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([whole, changes]) => {
    let message = whole;
    for (const [place, byte, change] of changes) {
      const at = message.length === 0 ? 0 : place % message.length;
      const [before, after] = [message.subarray(0, at), message.subarray(at)];
      if (change === "set") message = Buffer.concat([before, Buffer.of(byte), after.subarray(1)]);
      else if (change === "cut") message = Buffer.from(before);
      else if (change === "put") message = Buffer.concat([before, Buffer.of(byte), after]);
      else message = Buffer.concat([before, after, after]);
    }
    return message;
  });
const garbage = fc.uint8Array({ maxLength: 300 }).map((given) => Buffer.from(given));
/** Fields of any number and nesting, well-formed, that mean something else or nothing. */
const nested: fc.Arbitrary<Buffer> = fc.letrec<{ message: Buffer }>((tie) => ({
  message: fc
    .array(
      fc.oneof(
        { depthSize: "medium" },
        fc.tuple(fc.integer({ min: 1, max: 14 }), bytes).map(([number, given]) => field(number, given)),
        fc.tuple(fc.integer({ min: 1, max: 14 }), fc.nat()).map(([number, given]) => varintField(number, given)),
        fc.tuple(fc.integer({ min: 1, max: 14 }), tie("message")).map(([number, given]) => field(number, given)),
      ),
      { maxLength: 5 },
    )
    .map((fields) => Buffer.concat(fields)),
})).message;
const anything = fc.oneof(
  { arbitrary: valid, weight: 3 },
  { arbitrary: mutated, weight: 4 },
  { arbitrary: garbage, weight: 1 },
  { arbitrary: nested, weight: 2 },
);

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

// Seconds where the machine is its own; it seldom is.
describe("of whatever is sent", { timeout: 120_000 }, () => {
  test("each message is answered, by a pass only where one was given", async () => {
    const { judge, answer } = createJudge();
    const house = createFakeHouse();
    const method = createCheckMethod(answer, new Answers("fuzz", house.observer));
    const seen = { passes: 0, denials: 0, unread: 0 };
    await fc.assert(
      fc.asyncProperty(anything, async (message) => {
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

  test("each request over the wire is answered, by a pass only where one was given", async () => {
    const { judge, answer } = createJudge();
    const { address, house } = await openCheckListener({ answer });
    const session = connectHttp2(address);
    const flags = fc.oneof({ arbitrary: fc.constant(0), weight: 9 }, { arbitrary: fc.nat({ max: 255 }), weight: 1 });
    const cuts = fc.oneof({ arbitrary: fc.constant(0), weight: 9 }, { arbitrary: fc.nat({ max: 10 }), weight: 1 });
    const seen = { passes: 0, denials: 0, errors: 0 };
    await fc.assert(
      fc.asyncProperty(anything, flags, cuts, async (message, flag, cut) => {
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
