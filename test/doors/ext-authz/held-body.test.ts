/** A body is a value that every reader finds in it, or a fact about it. */
import { beforeAll, describe, expect, test } from "vitest";
import { createAnswerHeldCall } from "../../../src/doors/ext-authz/answer-held-call.ts";
import { readHeldBody } from "../../../src/doors/ext-authz/held-body.ts";
import { createGrpcMessages } from "../../../src/doors/ext-authz/protobuf/decode-messages.ts";
import type { OperationOptions } from "../../../src/doors/ext-authz/options.ts";
import type { GrpcMessages } from "../../../src/doors/ext-authz/protobuf/grpc-messages.ts";
import { parseGatewayName } from "../../../src/domain/identifiers.ts";
import { createFakeHouse } from "../../fakes/doors-house.ts";
import { compileDescriptors, encodeTransfer, frame } from "../../fakes/descriptor-sets.ts";
import { heldCall, type HeldCallChanges } from "../../fakes/held-calls.ts";
import { byPayload, bookOperation, payloadOf, person, agent } from "../../fakes/held-operations.ts";
import { known } from "../../fakes/path-ports.ts";

const json = "application/json";
const form = "application/x-www-form-urlencoded";
const read = (type: string, body: string) => readHeldBody(heldCall({ headers: { "content-type": [type] }, body }));

describe("a body is read", () => {
  test.each([
    [json, '{"a":1}', { form: "json", value: { a: 1 } }],
    ["application/json; charset=UTF-8", "[]", { form: "json", value: [] }],
    ['application/vnd.api+json;charset="utf-8"', "{}", { form: "json", value: {} }],
    [form, "a=1&a=2&b+c=%26", { form: "fields", value: { a: ["1", "2"], "b c": ["&"] } }],
    [form, "", { form: "fields", value: {} }],
    ["text/plain", "{}", { form: "opaque" }],
    ["application/jsonx", "{}", { form: "opaque" }],
  ])("as %s: %s", (type, body, expected) => {
    expect(read(type, body)).toEqual(expected);
  });
});

describe("a body that two servers could read as two things is malformed", () => {
  test.each([
    [json, '{"a":1,"a":2}'],
    [json, '{"a":1,"A":2}'],
    [json, '{"a":[{"k":1,"\\u212a":2}]}'],
    [json, '{"a":9007199254740993}'],
    ["application/json; charset=utf-16", "{}"],
    ["application/json; charset=utf-8; Charset=utf-7", "{}"],
    ["application/json; charset*=utf-7", "{}"],
    [`${json}; a=b, ${form}`, '{"a":"&amount=50000&"}'],
    [`${json};a=b,text/plain`, "{}"],
    [`${form};a=b,${json}`, "a=1"],
    [`${form}; charset=ibm037`, "a=1"],
    [form, "a=1;b=2"],
    [form, "a=%zz"],
    [form, "a=%ff"],
    [form, "__proto__=1"],
  ])("%s: %s", (type, body) => {
    expect(read(type, body)).toEqual({ form: "malformed" });
  });

  test("a form of more fields than policy is asked about", () => {
    expect(read(form, "a&".repeat(300))).toEqual({ form: "malformed" });
  });
});

describe("a name of combining marks, which put in order take time by their square, holds nobody up", () => {
  const marks = "\u0345\u0315\u0323\u0334".repeat(8_000);

  test("as a member of JSON", () => {
    const start = performance.now();
    expect(read(json, JSON.stringify({ [marks]: 1 }))).toEqual({ form: "malformed" });
    expect(performance.now() - start).toBeLessThan(300);
  });

  test("and of two such names nobody says that they are not one", () => {
    expect(read(json, JSON.stringify({ [marks.slice(0, 40)]: 1, [marks.slice(1, 41)]: 2 }))).toEqual({
      form: "malformed",
    });
  });

  test("names of any language keep their forms apart", () => {
    expect(read(json, '{"e\\u0301":1,"\\u00e9":2}')).toEqual({ form: "malformed" });
    expect(read(json, '{"e\\u0301":1,"e\\u0300":2}')).toMatchObject({ form: "json" });
  });
});

describe("a body that asks for another method is no target", () => {
  test.each([
    [form, "_method=DELETE"],
    [form, "a=1&_METHOD=DELETE"],
    [form, ".method=DELETE"],
    [form, "_method%5B%5D=DELETE"],
    [json, '{"_method":"DELETE"}'],
  ])("%s: %s", async (type, body) => {
    const house = createFakeHouse();
    const answer = createAnswerHeldCall({ house, listener: "mesh", options: byPayload });
    const headers = { "content-type": [type], "x-person": [payloadOf(person)], "x-agent": [payloadOf(agent)] };
    const call = heldCall({ method: bookOperation.method, target: "/flights/7", headers, body });
    expect(await answer(call, known(parseGatewayName("edge")))).toMatchObject({ code: "target_malformed" });
    expect(house.asked).toEqual([]);
  });
});

describe("a gRPC call's body", () => {
  let messages: GrpcMessages;
  beforeAll(async () => {
    messages = createGrpcMessages(await compileDescriptors());
  }, 120_000);

  const sent = { kind: "whole", bytes: frame(encodeTransfer({ amount: 5 })), isExact: true } as const;
  const transfer: HeldCallChanges = {
    method: "POST",
    target: "/bank.Transfers/Send",
    headers: { "content-type": ["application/grpc"], te: ["trailers"] },
    body: sent,
  };
  const typed = (...types: string[]): HeldCallChanges => ({ headers: { "content-type": types } });
  const formOf = (changes: HeldCallChanges): string =>
    readHeldBody(heldCall({ ...transfer, ...changes }), messages).form;

  test.each(["application/grpc", "application/grpc+proto", "application/grpc ; a=b", "Application/gRPC"])(
    "is read by the listener's descriptors: %s",
    (type) => {
      const body = readHeldBody(heldCall({ ...transfer, ...typed(type) }), messages);
      expect(body).toMatchObject({ form: "grpc", value: { amount: "5", fromAccount: "", labels: [] } });
    },
  );

  test("is opaque on a listener that names none", () => {
    expect(readHeldBody(heldCall(transfer))).toEqual({ form: "opaque" });
  });

  test.each<[string, HeldCallChanges, string]>([
    ["in another encoding", typed("application/grpc+thrift"), "opaque"],
    ["in JSON that has a frame around it", typed("application/grpc+json"), "malformed"],
    ["of gRPC-Web", typed("application/grpc-web"), "opaque"],
    ["of something like it", typed("application/grpcx"), "opaque"],
    ["of two kinds", typed("application/grpc", "application/json"), "malformed"],
    ["by another method", { method: "PUT" }, "opaque"],
    ["to what is no method", { target: "/bank.Transfers/Other" }, "opaque"],
    ["to a stream", { target: "/bank.Transfers/Upload" }, "opaque"],
    ["with a query", { target: "/bank.Transfers/Send?a=b" }, "opaque"],
    ["to a path that is escaped", { target: "/bank.Transfers/%53end" }, "opaque"],
    ["that the gateway packed as text", { body: { ...sent, isExact: false } }, "opaque"],
    ["of which there is more", { body: { ...sent, kind: "partial" } }, "partial"],
    ["that is none", { body: { ...sent, bytes: Buffer.alloc(0) } }, "malformed"],
    ["with less than its frame says", { body: { ...sent, bytes: sent.bytes.subarray(0, -1) } }, "malformed"],
    ["with two messages", { body: { ...sent, bytes: Buffer.concat([sent.bytes, sent.bytes]) } }, "malformed"],
    ["that is compressed", { body: { ...sent, bytes: frame(Buffer.of(1), { flag: 1 }) } }, "opaque"],
    ["that says what nobody described", { body: { ...sent, bytes: frame(Buffer.of(0x98, 0x06, 1)) } }, "opaque"],
  ])("%s has no value", (_what, changes, form) => {
    const body = readHeldBody(heldCall({ ...transfer, ...changes }), messages);
    expect(body).toEqual({ form });
    expect(formOf(changes)).toBe(form);
  });

  test("is a value in an operation's conditions, and what cannot be seen meets none and misses none", async () => {
    const house = createFakeHouse();
    const line = { ...bookOperation, path: "/bank.Transfers/Send" };
    const euros = { ...line, conditions: [{ on: "body" as const, path: ["currency"], value: "EUR" }] };
    const options = { ...byPayload, operations: [euros, { ...line, asks: { kind: "action" as const, name: "weak" } }] };
    const answer = createAnswerHeldCall({ house, listener: "mesh", options, messages });
    const ask = (message: Buffer) => {
      const headers = { "content-type": ["application/grpc"], "x-person": [payloadOf(person)] };
      const shown = { ...headers, "x-agent": [payloadOf(agent)] };
      const body = { ...sent, bytes: frame(message) };
      return answer(heldCall({ ...transfer, headers: shown, body }), known(parseGatewayName("edge")));
    };
    const hidden = Buffer.concat([encodeTransfer({ currency: 1 }), Buffer.of(0x98, 0x06, 1)]);
    expect(await ask(encodeTransfer({ currency: 1 }))).toMatchObject({ kind: "let_through" });
    expect(await ask(encodeTransfer({ currency: 2 }))).toMatchObject({ kind: "let_through" });
    expect(await ask(encodeTransfer({}))).toMatchObject({ kind: "let_through" });
    expect(await ask(hidden)).toMatchObject({ code: "operation_unknown" });
    expect(await ask(encodeTransfer({ currency: 77 }))).toMatchObject({ code: "operation_unknown" });
    expect(house.asked.map(({ action }) => action?.name)).toEqual(["book_flight", "weak", "weak"]);
  });

  test("says by its operation's properties what the call is about, a zero that was not sent included", async () => {
    const house = createFakeHouse();
    const properties = { amount: ["amount"], share: ["share"], to: ["to", "iban"] };
    const operations = [{ ...bookOperation, path: "/bank.Transfers/Send", properties }];
    const answer = createAnswerHeldCall({
      house,
      listener: "mesh",
      options: { ...byPayload, operations },
      messages,
    });
    const headers = { "content-type": ["application/grpc"], "x-person": [payloadOf(person)] };
    const call = heldCall({ ...transfer, headers: { ...headers, "x-agent": [payloadOf(agent)] } });
    expect(await answer(call, known(parseGatewayName("edge")))).toMatchObject({ kind: "let_through" });
    expect(house.asked.map(({ action }) => action?.properties)).toEqual([{ amount: "5", share: 0 }]);
  });

  describe("has what an operation looks for, or the table is refused", () => {
    const refused = (operation: Partial<OperationOptions>) => {
      const line = { ...bookOperation, path: "/bank.Transfers/Send", ...operation };
      const options = { ...byPayload, operations: [bookOperation, line] };
      return () => createAnswerHeldCall({ house: createFakeHouse(), listener: "mesh", options, messages });
    };
    const on = (...path: string[]) => ({ conditions: [{ on: "body" as const, path, value: "x" }] });

    test("in a condition: a text", () => {
      expect(refused(on("from_account"))).toThrow(/operations\[1\].body: .*Send has no text at from_account/);
      expect(refused(on("to", "holder"))).toThrow(RangeError);
      expect(refused(on("rate"))).toThrow(RangeError);
      expect(refused(on("fromAccount"))).not.toThrow();
      expect(refused({ ...on("any"), path: "/mcp" })).not.toThrow();
      expect(refused({ ...on("any"), method: "PUT" })).not.toThrow();
    });

    test("in a condition: a value that no message means without saying it", () => {
      const wanting = (value: string, ...path: string[]) => ({ conditions: [{ on: "body" as const, path, value }] });
      const message = /operations\[1\].body: .*Send may mean this value at currency without saying it/;
      expect(refused(wanting("GBP", "currency"))).toThrow(message);
      expect(refused(wanting("", "to", "iban"))).toThrow(RangeError);
      expect(refused(wanting("EUR", "currency"))).not.toThrow();
    });

    test("in a property: a member", () => {
      const properties = (...path: string[]) => ({ properties: { of: path } });
      const message = /operations\[1\].properties.of: .*Send has no member at from_account/;
      expect(refused(properties("from_account"))).toThrow(message);
      expect(refused(properties("labels", "0"))).toThrow(RangeError);
      expect(refused(properties("rate"))).not.toThrow();
      expect(refused(properties("to"))).not.toThrow();
      expect(refused({ ...properties("any"), path: "/mcp" })).not.toThrow();
    });
  });
});
