/** A body is a value that every reader finds in it, or a fact about it. */
import { describe, expect, test } from "vitest";
import { createAnswerHeldCall } from "../../../src/doors/ext-authz/answer-held-call.ts";
import { readHeldBody } from "../../../src/doors/ext-authz/held-body.ts";
import { parseGatewayName } from "../../../src/domain/identifiers.ts";
import { createFakeHouse } from "../../fakes/doors-house.ts";
import { heldCall } from "../../fakes/held-calls.ts";
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

test("a body with a name of marks without end is read in a moment", () => {
  const name = `a${"\u0316\u0300".repeat(16_000)}`;
  const from = performance.now();
  expect(read(json, JSON.stringify({ [name]: 1 })).form).toBe("json");
  // Unicode's ordering of marks takes seconds for these, and nothing else would be answered meanwhile.
  expect(performance.now() - from).toBeLessThan(500);
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
