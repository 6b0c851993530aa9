/** The bytes that leave: what a gateway understands of each denial and of each pass, read with Envoy's own messages. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Header, HeldCallAnswer, LetThrough, TurnedAway } from "../../../../src/doors/ext-authz/held-call.ts";
import { readStatusCode, renderAnswer } from "../../../../src/doors/ext-authz/grpc/render-answer.ts";
import { decodeAnswer } from "../../../fakes/check-messages.ts";

const denial: TurnedAway = {
  kind: "turned_away",
  status: 403,
  title: "denied",
  decisionId: "decision-1",
  code: "policy_denied",
};
const pass: LetThrough = {
  kind: "let_through",
  headersToSet: [{ name: "Authorization", value: "Bearer role-token" }],
  headersToRemove: ["x-agent-token"],
  metadata: { decision_id: "decision-1", depth: 2, tags: ["a", null, true], grant: { id: "g" } },
};

const overwrites = (...headers: (readonly [string, string])[]) =>
  headers.map(([key, value]) => ({ header: { key, value }, appendAction: 2 }));

const statuses = [401, 403, 429] as const;
const titles = ["denied", "approval_required", "limit", "evidence", "malformed", "unavailable"] as const;
const codes = { 401: 16, 403: 7, 429: 8 } as const;

describe("a denial", () => {
  const all = statuses.flatMap((status) =>
    titles.flatMap((title) =>
      (["http", "grpc"] as const).flatMap((form) =>
        ["decision-1", undefined].map((decisionId) => ({ ...denial, status, title, decisionId, form })),
      ),
    ),
  );

  test("is seen in every kind", () => expect(all).toHaveLength(72));

  test.each(all)("of $status $title to $form is bytes with a code that is not 0", ({ form, ...answer }) => {
    const bytes = renderAnswer(answer, form);
    expect(bytes.length).toBeGreaterThan(20);
    // The first field is the status, and in it the first is the code: 0a, length, 08, code.
    expect([bytes[0], bytes[2], bytes[3]]).toEqual([0x0a, 0x08, codes[answer.status]]);
    expect(decodeAnswer(bytes)).toMatchObject({
      status: { code: codes[answer.status], message: "policy_denied" },
      deniedResponse: { status: { code: answer.status } },
    });
    expect(Object.keys(decodeAnswer(bytes)).sort()).toEqual(["deniedResponse", "dynamicMetadata", "status"]);
    expect(readStatusCode(bytes)).toBe(codes[answer.status]);
  });

  test("tells its caller the coarse word and the decision's id, and the gateway the code", () => {
    expect(decodeAnswer(renderAnswer(denial, "http"))).toEqual({
      status: { code: 7, message: "policy_denied" },
      deniedResponse: {
        status: { code: 403 },
        headers: overwrites(["cache-control", "no-store"], ["content-type", "application/problem+json"]),
        body: '{"title":"denied","status":403,"decision_id":"decision-1"}',
      },
      dynamicMetadata: {
        fields: { code: { stringValue: "policy_denied" }, decision_id: { stringValue: "decision-1" } },
      },
    });
  });

  test("of evidence says what to show", () => {
    const answer = { ...denial, status: 401, title: "evidence", decisionId: undefined } as const;
    expect(decodeAnswer(renderAnswer(answer, "http"))).toMatchObject({
      deniedResponse: {
        headers: overwrites(
          ["cache-control", "no-store"],
          ["content-type", "application/problem+json"],
          ["www-authenticate", "Bearer"],
        ),
      },
      dynamicMetadata: { fields: { code: { stringValue: "policy_denied" } } },
    });
  });

  test("to a gRPC client is a line, with no type and no status that the gateway would not set itself", () => {
    expect(decodeAnswer(renderAnswer(denial, "grpc"))).toMatchObject({
      deniedResponse: {
        status: { code: 403 },
        headers: overwrites(["cache-control", "no-store"]),
        body: "denied (decision-1)",
      },
    });
  });
});

describe("a pass", () => {
  test("says so in a status of its own, overwrites, removes and tells the gateway's log", () => {
    const bytes = renderAnswer(pass, "http");
    expect([bytes[0], bytes[2], bytes[3]]).toEqual([0x0a, 0x08, 0]);
    expect(decodeAnswer(bytes)).toEqual({
      status: {},
      okResponse: {
        headers: overwrites(["authorization", "Bearer role-token"]),
        headersToRemove: ["x-agent-token"],
      },
      dynamicMetadata: {
        fields: {
          decision_id: { stringValue: "decision-1" },
          depth: { numberValue: 2 },
          tags: { listValue: { values: [{ stringValue: "a" }, { nullValue: 0 }, { boolValue: true }] } },
          grant: { structValue: { fields: { id: { stringValue: "g" } } } },
        },
      },
    });
    expect(renderAnswer(pass, "grpc")).toEqual(bytes);
  });

  test("with nothing to change is still no empty message", () => {
    const bare: LetThrough = { kind: "let_through", headersToSet: [], headersToRemove: [], metadata: {} };
    expect(decodeAnswer(renderAnswer(bare, "http"))).toEqual({
      status: {},
      okResponse: {},
      dynamicMetadata: {},
    });
  });

  const header = (name: string, value = "v"): Header => ({ name, value });
  const unrenderable: readonly (readonly [string, Partial<LetThrough>])[] = [
    ["sets and removes one header", { headersToSet: [header("a")], headersToRemove: ["A"] }],
    ["sets one header twice", { headersToSet: [header("a"), header("A")] }],
    ["removes one header twice", { headersToSet: [], headersToRemove: ["a", "A"] }],
    ["sets a pseudo-header", { headersToSet: [header(":path", "/other")] }],
    ["removes a pseudo-header", { headersToRemove: [":authority"] }],
    ["sets a header without a name", { headersToSet: [header("")] }],
    ["sets a header with a line break in its name", { headersToSet: [header("a\r\nb")] }],
    ["sets a header with a line break in its value", { headersToSet: [header("a", "v\r\nx-admin: yes")] }],
    ["sets a header with what is not ASCII", { headersToSet: [header("a", "ü")] }],
    ["sets an empty header", { headersToSet: [header("a", "")] }],
    ["sets a header longer than Envoy takes", { headersToSet: [header("a", "v".repeat(16_385))] }],
  ];
  test.each(unrenderable)("that %s is not rendered at all", (_what, parts) => {
    expect(() => renderAnswer({ ...pass, ...parts }, "http")).toThrow(/a header/);
  });

  test("may set a header as long as Envoy takes", () => {
    const long = { ...pass, headersToSet: [header("a", "v".repeat(16_384))] };
    expect(decodeAnswer(renderAnswer(long, "http"))).toMatchObject({ status: {} });
  });
});

describe("whatever is answered", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
  const value = fc.stringMatching(/^[\x20-\x7e]{1,3000}$/);
  const json = fc.oneof(
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string()),
    fc.dictionary(name, fc.array(fc.integer())),
  );
  const answers: fc.Arbitrary<HeldCallAnswer> = fc.oneof(
    fc.record({
      kind: fc.constant("turned_away" as const),
      status: fc.constantFrom(...statuses),
      title: fc.constantFrom(...titles),
      decisionId: fc.option(fc.string(), { nil: undefined }),
      code: fc.string({ unit: "binary" }),
    }),
    fc.record({
      kind: fc.constant("let_through" as const),
      headersToSet: fc.uniqueArray(fc.record({ name, value }), { selector: (header) => header.name }),
      headersToRemove: fc.constant([]),
      metadata: fc.dictionary(name, json),
    }),
  );

  test("a gateway reads the same in it", () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const read = decodeAnswer(renderAnswer(answer, "http"));
        if (answer.kind === "turned_away") {
          expect(read).toMatchObject({
            status: { code: codes[answer.status] },
            deniedResponse: { status: { code: answer.status } },
          });
          expect(read).not.toHaveProperty("okResponse");
        } else {
          expect(read).toMatchObject({ status: {} });
          expect(read).not.toHaveProperty("deniedResponse");
          const set = answer.headersToSet.map((header) => [header.name, header.value] as const);
          expect(read["okResponse"]).toEqual(set.length === 0 ? {} : { headers: overwrites(...set) });
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
