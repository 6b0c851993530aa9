/** What policy is told of a held call, and that a call of which it could be told two things is no operation. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findMember } from "../../../src/doors/ext-authz/body-member.ts";
import { readTarget } from "../../../src/doors/ext-authz/call-target.ts";
import { readHeldBody } from "../../../src/doors/ext-authz/held-body.ts";
import { createOperationTable, type MatchedOperation } from "../../../src/doors/ext-authz/operations.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { PropertyPaths } from "../../../src/doors/ext-authz/options.ts";
import { heldCall, type HeldCallChanges } from "../../fakes/held-calls.ts";
import { bookOperation } from "../../fakes/held-operations.ts";
import { known } from "../../fakes/path-ports.ts";

const payment: PropertyPaths = { amount: ["payment", "amount"], currency: ["payment", "currency"] };

function find(properties: PropertyPaths | undefined, changes: HeldCallChanges): MatchedOperation | undefined {
  const { path } = bookOperation;
  const table = createOperationTable([{ ...bookOperation, path, ...(properties && { properties }) }]);
  const json = { "content-type": ["application/json"] };
  const call = heldCall({ method: "POST", target: "/flights/LH400", headers: json, ...changes });
  return table.find(call, known(readTarget(call)), readHeldBody(call));
}

const told = (body: unknown, properties: PropertyPaths = payment) =>
  find(properties, { body: JSON.stringify(body) })?.properties;

describe("a property is what its member is,", () => {
  test.each<[string, unknown]>([
    ["a number", 500],
    ["a fraction", 0.5],
    ["text", "500"],
    ["a yes", true],
    ["nothing much", ""],
    ["a list", [500, { currency: "EUR" }]],
    ["an object", { whole: 500, part: null }],
  ])("%s", (_what, amount) => {
    expect(told({ payment: { amount, currency: "EUR" } })).toEqual({ amount, currency: "EUR" });
  });

  test("also when it has the name of what every object inherits", () => {
    const properties = { constructor: ["toString"], amount: ["valueOf"] };
    expect(told({ toString: 1 }, properties)).toEqual({ constructor: 1 });
  });
});

describe("a property is not there", () => {
  test.each<[string, unknown]>([
    ["without its member", { payment: { currency: "EUR" } }],
    ["when that is null", { payment: { amount: null, currency: "EUR" } }],
  ])("%s", (_what, body) => {
    expect(told(body)).toEqual({ currency: "EUR" });
  });

  test.each<[string, unknown]>([
    ["without the way to it", {}],
    ["when the way to it is null", { payment: null }],
  ])("%s", (_what, body) => {
    expect(told(body)).toEqual({});
  });

  test("where none is declared, whatever the body is", () => {
    for (const body of ["{", undefined]) {
      const found = find(undefined, body === undefined ? {} : { body });
      expect([found?.operation.asks, found?.properties]).toEqual([bookOperation.asks, undefined]);
    }
  });
});

describe("a call is no operation that is told of by", () => {
  const whole = JSON.stringify({ payment: { amount: 500, currency: "EUR" } });
  const typed = (type: string, body: string = whole): HeldCallChanges => ({
    headers: { "content-type": [type] },
    body,
  });
  const gzip = { "content-type": ["application/json"], "content-encoding": ["gzip"] };
  test.each<[string, HeldCallChanges]>([
    ["no body", {}],
    ["a part of a body", { body: { kind: "partial", bytes: Buffer.from(whole), isExact: true } }],
    ["a body that is no JSON", { body: "amount=500" }],
    ["a list of calls", { body: `[${whole}]` }],
    ["text", { body: '"payment"' }],
    ["nothing", { body: "null" }],
    ["a member twice", { body: '{"payment":{"amount":500,"amount":50000}}' }],
    ["a member of other capitals", { body: '{"payment":{"Amount":50000,"currency":"EUR"}}' }],
    ["a member of other letters that fold to it", { body: '{"payment":{"amoun\uff54":50000}}' }],
    ["a member beside one of other capitals", { body: '{"payment":{"amount":500,"AMOUNT":50000}}' }],
    ["a member as protobuf spells it elsewhere", { body: '{"payment":{"amount":500,"_amount":1,"am-ount":50000}}' }],
    ["a member with a sign that only looks are changed by", { body: '{"payment":{"amount\ufe0f":50000}}' }],
    ["a member with a filler that nobody sees", { body: '{"payment":{"amount\u3164":50000}}' }],
    ["a way of other capitals", { body: '{"Payment":{"amount":50000}}' }],
    ["a way through a list", { body: '{"payment":[{"amount":500}]}' }],
    ["a way through text", { body: '{"payment":"500 EUR"}' }],
    ["a number that two readers round differently", { body: '{"payment":{"amount":9007199254740993}}' }],
    ["a form, which a server may read as JSON all the same", typed("application/x-www-form-urlencoded")],
    ["a form's fields", typed("application/x-www-form-urlencoded", "payment=500&amount=500")],
    ["a body of another kind", typed("text/plain")],
    ["a body of two kinds", { headers: { "content-type": ["application/json", "text/plain"] }, body: whole }],
    ["a body in another charset", typed("application/json; charset=utf-16")],
    ["a compressed body", { headers: gzip, body: whole }],
  ])("%s", (_what, changes) => {
    expect(find(payment, changes)).toBeUndefined();
  });

  test("half of its properties, though the other half can be told", () => {
    expect(told({ payment: { amount: 500, currency: "EUR" }, note: [] }, { ...payment, note: ["note", "text"] })).toBe(
      undefined,
    );
  });
});

/** A body as it is written: members in order, names as often as they stand there. */
type Written = { readonly members: readonly (readonly [string, Written])[] } | { readonly text: string };

const write = (node: Written): string =>
  "text" in node
    ? node.text
    : `{${node.members.map(([name, value]) => `${JSON.stringify(name)}:${write(value)}`).join(",")}}`;

/** How servers look a name up: whether two are one to them, and which of several they take. */
interface Reader {
  readonly nameOf: (name: string) => string;
  readonly take: "first" | "last";
}

const nameOfs: Reader["nameOf"][] = [
  (name) => name,
  (name) => name.toLowerCase(),
  (name) => name.normalize("NFKC"),
  // C strings end there.
  (name) => name.replace(/\0[^]*$/, ""),
  (name) => name.trim(),
  (name) => name.replace(/\p{Cf}/gu, ""),
  (name) => name.replace(/\p{Default_Ignorable_Code_Point}/gu, ""),
  // Protobuf's JSON takes both spellings, and there are readers that overlook these in any place.
  (name) => name.replace(/[_-]/g, ""),
];
const readers: readonly Reader[] = nameOfs.flatMap((nameOf) => [
  { nameOf, take: "first" },
  { nameOf, take: "last" },
]);

function read({ nameOf, take }: Reader, node: Written, path: readonly string[]): string | undefined {
  const [name, ...rest] = path;
  if (name === undefined) return write(node) === "null" ? undefined : write(node);
  if ("text" in node) return undefined;
  const found = node.members.filter(([each]) => nameOf(each) === name).at(take === "first" ? 0 : -1)?.[1];
  return found && read({ nameOf, take }, found, rest);
}

test("whatever is told of a call, every server that we know of reads the same in it", () => {
  const plain = ["payment", "payment", "amount", "amount", "amount", "amount", "a", "b", "c", "d"];
  const near = ["Payment", "AMOUNT", "amount\0", "amount\0x", " amount", "a\u200dmount", "amount\ufe0f", "a_mount"];
  const text = fc.constantFrom("1", "2", '"1"', "null", "true", "[1]").map((each): Written => ({ text: each }));
  const objectOf = (value: fc.Arbitrary<Written>): fc.Arbitrary<Written> =>
    fc.array(fc.tuple(fc.constantFrom(...plain, ...near), value), { maxLength: 3 }).map((members) => ({ members }));
  const body = objectOf(fc.oneof(text, objectOf(text)));
  const properties: PropertyPaths = { amount: ["amount"], paid: ["payment", "amount"] };
  let values = 0;
  fc.assert(
    fc.property(body, (node) => {
      const found = find(properties, { body: write(node) })?.properties;
      if (found === undefined) return;
      values += Object.keys(found).length;
      for (const [name, path] of Object.entries(properties)) {
        const value = found[name];
        const expected = value === undefined ? undefined : JSON.stringify(value);
        for (const reader of readers) expect(read(reader, node, path)).toBe(expected);
      }
    }),
    { numRuns: 5000 },
  );
  expect(values).toBeGreaterThan(200);
});

test("a member by its name in a .proto is near the one by its name in JSON, which servers of both read as one", () => {
  const find = (value: JsonObject, ...path: string[]) => findMember({ form: "json", value }, path).kind;
  expect(find({ from_account: "a" }, "fromAccount")).toBe("unknown");
  expect(find({ to: { holder_name2: "a" } }, "to", "holderName2")).toBe("unknown");
  expect(find({ from__account_: "a" }, "fromAccount")).toBe("unknown");
  expect(find({ _id: "a", id: "b" }, "id")).toBe("unknown");
  expect(find({ from_account: "a" }, "from_account")).toBe("value");
  expect(find({ from: "a" }, "fromAccount")).toBe("absent");
});

test("a body of thousands of names is looked through once, however many operations look into it", () => {
  const value = Object.fromEntries(Array.from({ length: 6_000 }, (_, at) => [`\u00e9${at}`, 1]));
  const start = performance.now();
  for (let line = 0; line < 200; line += 1) {
    expect(findMember({ form: "json", value }, [`tool${line}`]).kind).toBe("absent");
  }
  expect(performance.now() - start).toBeLessThan(300);
});
