/** A gRPC message is a value that every server finds in it, or a fact about it. protoc and protobufjs are the other hand. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { beforeAll, describe, expect, test } from "vitest";
import { createGrpcMessages } from "../../../../src/doors/ext-authz/protobuf/decode-messages.ts";
import type { Emits, GrpcMessages, GrpcReading, Told } from "../../../../src/doors/ext-authz/protobuf/grpc-messages.ts";
import { bounds } from "../../../../src/domain/bounds.ts";
import { field, varintField } from "../../../fakes/check-messages.ts";
import {
  compileDescriptors,
  encodeAccount,
  encodeOrder,
  encodeTransfer,
  frame,
} from "../../../fakes/descriptor-sets.ts";

let bank: GrpcMessages;
let legacy: GrpcMessages;
beforeAll(async () => {
  bank = createGrpcMessages(await compileDescriptors());
  legacy = createGrpcMessages(await compileDescriptors(["legacy.proto"]));
}, 120_000);

const send = "/bank.Transfers/Send";
const place = "/legacy.Orders/Place";
const read = (message: Uint8Array, emits: Emits = "set"): GrpcReading => bank.read(send, frame(message), emits);
const value = (members: object, emits?: Emits): unknown => {
  const found = read(encodeTransfer(members), emits);
  return found.kind === "value" ? found.value : found;
};
const any = (typeUrl: string, bytes: Uint8Array): Buffer =>
  field(13, Buffer.concat([field(1, typeUrl), field(2, bytes)]));

describe("a message is told", () => {
  test("whole, by its JSON names, numbers of 64 bits and bytes as text", () => {
    const said = {
      fromAccount: "NO93",
      amount: "9007199254740993",
      currency: "EUR",
      to: { iban: "DE02", holderName: "Bob" },
      labels: ["a", "a"],
      notes: { why: "rent" },
      rate: 0.5,
      codes: [1, -2],
      parts: [{ amount: "1" }, {}],
      proof: "/wA=",
      accepted: ["EUR", "NOK"],
    };
    expect(value(said)).toEqual(said);
  });

  test("with a zero for what cannot be left unsaid, so that a rule that reads it finds one", () => {
    expect(value({}, "implicit")).toEqual({
      fromAccount: "",
      amount: "0",
      currency: "CURRENCY_UNSPECIFIED",
      labels: [],
      notes: {},
      rate: 0,
      codes: [],
      parts: [],
      proof: "",
      payees: {},
      serial: "0",
      seats: {},
      share: 0,
      accepted: [],
      prices: {},
    });
  });

  test("without what is not set, where only that is asked for", () => {
    expect(value({})).toEqual({});
    expect(value({ amount: 0, urgent: false })).toEqual({ urgent: false });
  });

  test("and so are the messages in it", () => {
    expect(value({ to: {} }, "implicit")).toMatchObject({ to: { iban: "", holderName: "" } });
    expect(value({ to: {} })).toEqual({ to: {} });
  });

  test("with numbers that JSON has no word for as text", () => {
    expect([Number.NaN, Infinity, -Infinity].map((rate) => value({ rate }))).toEqual([
      { rate: "NaN" },
      { rate: "Infinity" },
      { rate: "-Infinity" },
    ]);
  });

  test("with an open enum's unknown number as it is", () => {
    expect(value({ currency: 7 })).toEqual({ currency: 7 });
  });

  test("with keys of maps as text", () => {
    expect(value({ payees: { "-5": { iban: "x" } }, seats: { 4: true }, prices: { true: 1 } })).toEqual({
      payees: { "-5": { iban: "x" } },
      seats: { 4: true },
      prices: { true: "EUR" },
    });
  });

  test("with well-known types in their own JSON", () => {
    const text = (stringValue: string) => ({ stringValue });
    expect(
      value({
        due: { seconds: 1_781_000_000, nanos: 5_000_000 },
        patience: { seconds: 90 },
        limit: { value: "12" },
        details: { fields: { a: text("b"), list: { listValue: { values: [text("c"), { nullValue: 0 }] } } } },
        anything: { structValue: { fields: {} } },
      }),
    ).toEqual({
      due: "2026-06-09T10:13:20.005Z",
      patience: "90s",
      limit: "12",
      details: { a: "b", list: ["c", null] },
      anything: {},
    });
  });

  test("with what stands in an Any, when its type is among the descriptors", () => {
    const inside = encodeAccount({ iban: "DE02" });
    expect(read(any("type.googleapis.com/bank.Account", inside))).toEqual({
      kind: "value",
      value: { extra: { "@type": "type.googleapis.com/bank.Account", iban: "DE02" } },
    });
    expect(read(field(13, ""))).toEqual({ kind: "value", value: { extra: {} } });
  });

  test("when its numbers are packed and when they are not", () => {
    expect(read(field(14, Buffer.of(2, 3)))).toEqual({ kind: "value", value: { codes: [1, -2] } });
    const apart = Buffer.concat([varintField(14, 2), varintField(14, 3)]);
    expect(read(apart)).toEqual({ kind: "value", value: { codes: [1, -2] } });
  });

  test("of a method that answers with a stream as well", () => {
    expect(bank.read("/bank.Transfers/Watch", frame(encodeTransfer()), "set")).toEqual({ kind: "value", value: {} });
  });

  test("of the older language, with required fields and closed enums", () => {
    const order = { id: "1", state: 2, history: [1, 2] };
    expect(legacy.read(place, frame(encodeOrder(order)), "implicit")).toEqual({
      kind: "value",
      value: { id: "1", state: "CLOSED", history: ["OPEN", "CLOSED"] },
    });
  });
});

describe("what cannot be seen is no value", () => {
  const unknown = field(99, "hidden");
  test.each<[string, Buffer]>([
    ["an unknown field", unknown],
    ["an unknown field beside known ones", Buffer.concat([encodeTransfer({ amount: 1 }), unknown])],
    ["an unknown field in a message inside", field(4, Buffer.concat([encodeAccount({ iban: "x" }), unknown]))],
    ["an unknown field in an element of a list", field(15, unknown)],
    ["an unknown field in a map's value", field(18, Buffer.concat([varintField(1, 1), field(2, unknown)]))],
    ["an unknown field in a map's entry", field(6, Buffer.concat([field(1, "a"), field(2, "b"), field(3, "c")]))],
    ["an unknown field in a well-known type", field(11, unknown)],
    ["an unknown field in an Any", field(13, unknown)],
    ["an unknown field in what stands in an Any", any("x/bank.Account", unknown)],
    ["an Any of a type that nobody named", any("type.googleapis.com/bank.Unnamed", Buffer.alloc(0))],
    ["an Any with content and no type", field(13, field(2, "x"))],
    ["a field in another wire type", field(2, "x")],
    ["a message in another wire type", varintField(4, 1)],
    ["an element in another wire type", varintField(5, 1)],
    ["a map in another wire type", varintField(6, 1)],
    ["a map's key in another wire type", field(6, varintField(1, 1))],
    ["a map's value in another wire type", field(6, varintField(2, 1))],
    ["a field in a wire type that is none", Buffer.of(0x0f)],
    ["an unknown group", Buffer.of(0xa3, 0x06, 0xa4, 0x06)],
  ])("%s", (_what, message) => {
    expect(read(message)).toEqual({ kind: "unseen" });
  });

  test.each<[string, Buffer]>([
    ["an extension", encodeOrder({ id: "1", ".legacy.coupon": "x" })],
    ["a group", encodeOrder({ id: "1", line: { item: "x" } })],
    ["a group's field in the wire type of a message", Buffer.concat([field(1, "a"), field(4, "")])],
    ["a number that a closed enum does not have", Buffer.concat([field(1, "a"), varintField(2, 9)])],
    ["one such number in a list", Buffer.concat([field(1, "a"), varintField(3, 1), varintField(3, 9)])],
    ["one such number in a packed list", Buffer.concat([field(1, "a"), field(3, Buffer.of(1, 9))])],
  ])("%s", (_what, message) => {
    expect(message.length).toBeGreaterThan(3);
    expect(legacy.read(place, frame(message), "set")).toEqual({ kind: "unseen" });
  });

  test("a compressed message", () => {
    expect(bank.read(send, frame(encodeTransfer(), { flag: 1 }), "set")).toEqual({ kind: "unseen" });
  });

  test.each([
    "/bank.Transfers/Upload",
    "/bank.Transfers/Chat",
    "/bank.Transfers/send",
    "/bank.Transfers/Send/",
    "/bank.Transfers/Send?x",
    "/bank.Transfers",
    "bank.Transfers/Send",
    "//bank.Transfers/Send",
    "/Transfers/Send",
    "/__proto__",
    "",
  ])("the message of %s, which is no method that takes one", (path) => {
    expect(bank.read(path, frame(encodeTransfer()), "set")).toEqual({ kind: "unnamed" });
  });
});

describe("what two servers could read as two things is malformed", () => {
  test.each<[string, Buffer]>([
    ["a field that stands twice", Buffer.concat([varintField(2, 1), varintField(2, 2)])],
    [
      "a message that stands twice, which some merge",
      Buffer.concat([field(4, field(1, "a")), field(4, field(2, "b"))]),
    ],
    ["two of a choice of one", Buffer.concat([field(7, "x"), field(8, field(1, "a"))])],
    ["a map's key that stands twice", Buffer.concat([field(6, field(1, "a")), field(6, field(1, "a"))])],
    ["the same number in two lengths", Buffer.concat([field(18, Buffer.of(8, 1)), field(18, Buffer.of(8, 0x81, 0))])],
    ["an empty key, said and left out", Buffer.concat([field(6, field(1, "")), field(6, "")])],
    ["two keys in one entry", field(6, Buffer.concat([field(1, "a"), field(1, "b")]))],
    ["two values in one entry", field(6, Buffer.concat([field(2, "a"), field(2, "b")]))],
    ["an Any of two types", Buffer.concat([field(13, Buffer.concat([field(1, "a"), field(1, "b")]))])],
    // 2^32, of which protobufjs 7 looks at the lower half.
    ["a bool that is neither 0 nor 1", Buffer.of(0x48, 0x80, 0x80, 0x80, 0x80, 0x10)],
    ["such a value in a map", field(21, Buffer.concat([Buffer.of(0x0d, 1, 0, 0, 0), varintField(2, 2)]))],
    ["such a key", field(25, Buffer.of(8, 2, 0x10, 1))],
    ["such a bool in a Value", field(19, Buffer.of(0x20, 0x80, 0x80, 0x80, 0x80, 0x10))],
    ["text that is no UTF-8", field(1, Buffer.of(0xff))],
    ["a key that is no UTF-8", field(6, field(1, Buffer.of(0xff)))],
    ["a key that no object can have", field(6, field(1, "__proto__"))],
    ["such a key in a Struct", field(12, field(1, field(1, "__proto__")))],
    ["a Value that says nothing", field(19, "")],
    ["a Value that is no number", field(19, Buffer.from([0x11, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f]))],
    ["a time after all years", field(11, Buffer.of(8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f))],
    ["field number 0", Buffer.of(2, 0)],
    ["half a number", Buffer.of(0x10, 0x80)],
    ["less text than it says", Buffer.of(0x0a, 5, 65)],
    ["half a fixed number in a packed list", field(24, Buffer.of(0x80))],
  ])("%s", (_what, message) => {
    expect(read(message)).toEqual({ kind: "malformed" });
  });

  test("text that is no UTF-8, also where the older language lets it be", () => {
    expect(legacy.read(place, frame(field(1, Buffer.of(0xff))), "set")).toEqual({ kind: "malformed" });
  });

  test("a message without what it must have", () => {
    expect(legacy.read(place, frame(varintField(2, 1)), "set")).toEqual({ kind: "malformed" });
  });
});

describe("the frame around it", () => {
  const message = encodeTransfer({ amount: 1 });
  test.each<[string, Buffer, GrpcReading["kind"]]>([
    ["is missing", Buffer.alloc(0), "malformed"],
    ["is cut", Buffer.of(0, 0, 0, 0), "malformed"],
    ["says more than there is", frame(message, { length: message.length + 1 }), "truncated"],
    ["says far more than there can be", frame(message, { length: 0xffff_ffff }), "truncated"],
    ["says less than there is", frame(message, { length: message.length - 1 }), "malformed"],
    ["has another one behind it", Buffer.concat([frame(message), frame(message)]), "malformed"],
    ["has a flag that is none", frame(message, { flag: 2 }), "malformed"],
  ])("%s", (_what, framed, kind) => {
    expect(bank.read(send, framed, "set")).toEqual({ kind });
  });

  test("is read where it stands in a larger buffer", () => {
    const framed = frame(message);
    const around = Buffer.concat([Buffer.from("x"), framed, Buffer.from("y")]);
    const view = new Uint8Array(around.buffer, around.byteOffset + 1, framed.length);
    expect(bank.read(send, view, "set")).toEqual({ kind: "value", value: { amount: "1" } });
  });
});

describe("bounds", () => {
  const nested = (depth: number): Buffer => {
    let message: Buffer = Buffer.alloc(0);
    for (let level = 0; level < depth; level += 1) message = field(15, message);
    return message;
  };
  const inAny = (depth: number): Buffer => {
    let message: Buffer = Buffer.alloc(0);
    for (let level = 0; level < depth; level += 1) message = any("x/bank.Transfer", message);
    return message;
  };

  test.each([
    ["messages", nested, bounds.jsonDepthMax],
    ["messages in Any", inAny, bounds.jsonDepthMax / 2],
  ] as const)("nested %s are told down to the bound, and not below", (_what, make, depth) => {
    expect(read(make(depth)).kind).toBe("value");
    expect(read(make(depth + 1))).toEqual({ kind: "malformed" });
  });

  test("nesting as deep as a body can hold overflows nothing", () => {
    const deep = nested(10_000);
    expect(deep.length).toBeLessThan(bounds.bodyBytesMax);
    expect(read(deep)).toEqual({ kind: "malformed" });
  });

  const keys = Array.from({ length: 4_000 }, (_, at) => field(18, varintField(1, at)));
  const typed = field(15, field(13, field(1, "x/bank.Transfer")));

  test.each<[string, Buffer]>([
    ["elements", Buffer.alloc(2 * bounds.jsonNodesMax + 2, field(5, ""))],
    ["packed numbers", field(14, Buffer.alloc(bounds.jsonNodesMax + 1))],
    ["messages whose unset members make more of them", Buffer.alloc(2_000, field(15, ""))],
    ["a map's keys without the messages that they then have", Buffer.concat(keys)],
    ["types without the messages that they then have", Buffer.alloc(typed.length * 400, typed)],
  ])("a small body does not become a large value: %s", (_what, message) => {
    expect(message.length).toBeLessThan(bounds.bodyBytesMax);
    expect(read(message, "implicit")).toEqual({ kind: "malformed" });
  });

  test("a message above the bound of bodies is not read", () => {
    const most = bounds.bodyBytesMax - 5;
    expect(read(field(16, Buffer.alloc(most))).kind).toBe("value");
    expect(read(field(16, Buffer.alloc(most + 1)))).toEqual({ kind: "malformed" });
  });
});

describe("what operations can find in a message", () => {
  const found: Readonly<Record<Told, string>> = {
    text: "fromAccount amount currency proof invoice due limit serial anything to.iban notes.any payees.5.iban prices.true details.any.thing anything.any.thing extra.@type",
    other: "rate urgent to labels parts notes seats seats.4 payees.5 details extra",
    nothing:
      "from_account fromaccount to.holder currency.x labels.0 parts.0.amount due.seconds limit.value notes.a.b codes.0 toString __proto__",
  };
  const cases = (["text", "other", "nothing"] as const).flatMap((told) =>
    found[told].split(" ").map((path) => [path, told] as const),
  );

  test.each(cases)("%s: %s", (path, told) => {
    expect(bank.toldAs(send, path.split("."))).toBe(told);
  });

  test("is not known of a method that takes no one message", () => {
    expect(bank.toldAs("/bank.Transfers/Upload", ["amount"])).toBeUndefined();
  });
});

describe("a text by which a condition can tell is one that every message that means it says", () => {
  test.each<[() => GrpcMessages, string, string, boolean]>([
    [() => bank, "fromAccount", "NO93", true],
    [() => bank, "fromAccount", "", true],
    [() => bank, "currency", "EUR", true],
    [() => bank, "currency", "CURRENCY_UNSPECIFIED", true],
    [() => bank, "currency", "GBP", false],
    [() => bank, "currency", "eur", false],
    [() => bank, "amount", "0", true],
    [() => bank, "amount", "-5", true],
    [() => bank, "amount", "05", false],
    [() => bank, "amount", "many", false],
    [() => bank, "proof", "/wA=", true],
    [() => bank, "proof", "_wA", false],
    [() => bank, "to.iban", "DE02", true],
    // A message without `to` means the empty one to many servers.
    [() => bank, "to.iban", "", false],
    [() => bank, "invoice", "", false],
    [() => bank, "limit", "5", true],
    [() => bank, "limit", "0", false],
    [() => bank, "prices.true", "EUR", true],
    [() => bank, "prices.true", "CURRENCY_UNSPECIFIED", false],
    [() => bank, "payees.1.iban", "", false],
    [() => bank, "due", "2026-01-01T00:00:00Z", true],
    [() => bank, "details.a.b", "x", true],
    [() => bank, "anything", "x", true],
    [() => bank, "extra.@type", "x/bank.Account", true],
    [() => legacy, "mode", "half", true],
    [() => legacy, "mode", "full", false],
    [() => legacy, "mode", "", true],
    [() => legacy, "state", "CLOSED", true],
    [() => legacy, "state", "OPEN", false],
    [() => legacy, "lane", "FAST", true],
    [() => legacy, "lane", "EXPRESS", false],
    [() => legacy, "lane", "SLOW", false],
    [() => legacy, "total", "1", true],
    [() => legacy, "total", "0", false],
  ])("%#: %s %s", (messages, path, text, expected) => {
    const method = messages() === bank ? send : place;
    expect(messages().toldAs(method, path.split("."))).toBe("text");
    expect(messages().isSurelyTold(method, path.split("."), text)).toBe(expected);
  });

  test("of two names of one number, the first", () => {
    const said = legacy.read(place, frame(encodeOrder({ id: "1", lane: "EXPRESS" })), "implicit");
    expect(said).toMatchObject({ value: { lane: "FAST" } });
  });
});

describe("descriptors that cannot be used", () => {
  const refused = (bytes: Uint8Array): string => {
    try {
      createGrpcMessages(bytes);
    } catch (cause) {
      return String(cause);
    }
    return "taken";
  };

  test("are refused with the reason", async () => {
    const [whole, alone, empty] = await Promise.all([
      compileDescriptors(),
      compileDescriptors(["bank.proto"], []),
      compileDescriptors(["google/protobuf/any.proto"]),
    ]);
    expect(refused(whole)).toBe("taken");
    expect(refused(alone)).toContain("Cannot find google/protobuf/any.proto, imported by bank.proto");
    expect(refused(empty)).toContain("names no method");
    expect(refused(Buffer.alloc(0))).toContain("names no method");
    expect(refused(Buffer.concat([whole, whole]))).toContain("two of its files have one name");
    expect(refused(Buffer.from('syntax = "proto3";'))).not.toBe("taken");
    expect(refused(whole.subarray(0, -10))).not.toBe("taken");
  }, 60_000);

  test.each<[string, (field: { jsonName: string; number: number }) => void, string]>([
    ["of one JSON name, of which one would hide the other", (it) => (it.jsonName = "amount"), "have one JSON name"],
    ["of one number", (it) => (it.number = 2), "have one number"],
    ["without JSON names", (it) => (it.jsonName = ""), "no JSON names"],
    ["that no object can have", (it) => (it.jsonName = "__proto__"), "a JSON name of its own"],
    ["that would pose as an Any's type", (it) => (it.jsonName = "@type"), "a JSON name of its own"],
  ])("with fields %s, are refused", async (_what, change, reason) => {
    const set = fromBinary(FileDescriptorSetSchema, await compileDescriptors());
    const transfer = set.file.flatMap(({ messageType }) => messageType).find(({ name }) => name === "Transfer");
    const [first] = transfer?.field ?? [];
    if (first !== undefined) change(first);
    expect(refused(toBinary(FileDescriptorSetSchema, set))).toContain(reason);
  });
});
