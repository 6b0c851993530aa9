import { describe, expect, test } from "vitest";
import { DecisionRequest } from "../../src/domain/decision-request.ts";
import type { Json } from "../../src/domain/json.ts";
import { foundingInput, namedInput, testOrigin } from "../fakes/requests.ts";

const parse = (input: Json | undefined) => DecisionRequest.parse(testOrigin, input);

test("action, resource, context and audience may be given", () => {
  const input = {
    ...namedInput,
    action: { name: "book_flight", properties: { cabin: "economy" } },
    resource: { type: "flight", id: "LH400", properties: {} },
    context: { channel: "chat" },
    audience: "https://flights.example/api",
  };
  expect(parse(input)).toMatchObject({
    action: { name: "book_flight" },
    resource: { id: "LH400" },
    context: { channel: "chat" },
  });
  expect(parse(foundingInput)).toMatchObject({
    action: undefined,
    resource: undefined,
    audience: undefined,
    context: {},
  });
});

describe("what callers do not supply is refused from them", () => {
  test.each(["phase", "chain", "asked", "time", "parent", "policy", "evidence"])("input.%s", (member) => {
    expect(parse({ ...foundingInput, [member]: {} })).toMatchObject({ code: "member_not_accepted" });
  });

  test.each(["id", "issuer", "departments", "roles", "capabilities", "type"])("subject.%s and actor.%s", (member) => {
    expect(parse({ ...foundingInput, subject: { claims: {}, [member]: "x" } })).toMatchObject({
      code: "member_not_accepted",
      at: "input.subject",
    });
    expect(parse({ ...foundingInput, actor: { claims: {}, [member]: "x" } })).toMatchObject({
      code: "member_not_accepted",
      at: "input.actor",
    });
  });

  test("members inside action and resource", () => {
    expect(parse({ ...foundingInput, action: { name: "a", granted: true } })).toMatchObject({
      code: "member_not_accepted",
    });
    expect(parse({ ...foundingInput, resource: { type: "a", owner: "x" } })).toMatchObject({
      code: "member_not_accepted",
    });
  });
});

describe("what is missing or mistyped is named", () => {
  test.each<[string, Json | undefined, string, string]>([
    ["no input", undefined, "member_missing", "input"],
    ["input as an array", [], "member_invalid", "input"],
    ["no subject", { actor: foundingInput.actor }, "member_missing", "input.subject"],
    ["subject null", { ...foundingInput, subject: null }, "member_invalid", "input.subject"],
    ["no claims", { ...foundingInput, actor: {} }, "member_missing", "input.actor.claims"],
    ["claims as a string", { ...foundingInput, actor: { claims: "eyJ" } }, "member_invalid", "input.actor.claims"],
    ["action as a string", { ...foundingInput, action: "book" }, "member_invalid", "input.action"],
    ["an action without a name", { ...foundingInput, action: {} }, "member_missing", "input.action.name"],
    ["an empty action name", { ...foundingInput, action: { name: "" } }, "member_invalid", "input.action.name"],
    ["action null", { ...foundingInput, action: null }, "member_invalid", "input.action"],
    ["a resource without a type", { ...foundingInput, resource: { id: "x" } }, "member_missing", "input.resource.type"],
    [
      "resource properties as a list",
      { ...foundingInput, resource: { type: "x", properties: [] } },
      "member_invalid",
      "input.resource.properties",
    ],
    ["context as a list", { ...foundingInput, context: [] }, "member_invalid", "input.context"],
    ["context null", { ...foundingInput, context: null }, "member_invalid", "input.context"],
    ["an audience list", { ...foundingInput, audience: ["https://a.example"] }, "member_invalid", "input.audience"],
    ["an empty audience", { ...foundingInput, audience: "" }, "member_invalid", "input.audience"],
    ["an audience with a space", { ...foundingInput, audience: "a b" }, "member_invalid", "input.audience"],
  ])("%s", (_name, input, code, at) => {
    expect(parse(input)).toMatchObject({ code, at });
  });
});
