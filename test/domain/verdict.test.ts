import { expect, test } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { type AllowVerdict, isWithin, parseVerdict } from "../../src/domain/verdict.ts";
import { flights, foundingVerdict } from "../fakes/path-ports.ts";

const stepUp = { id: "o", type: "step_up", properties: { level: 2 } };
const next = { iss: "https://idp.example", sub: "next" };
const delegation = { may_act: [next], audiences: [flights], max_depth: 2 };
const whole = { ...foundingVerdict, ttl_seconds: 30, obligations: [stepUp], limits: [{ id: "L", max: 1 }] };
const outer = allowOf({ ...whole, delegation });

function allowOf(value: JsonObject): AllowVerdict {
  const verdict = parseVerdict(value);
  if ("wrongAt" in verdict || verdict.outcome !== "allow") throw new TypeError("the test needs an allow");
  return verdict;
}

test.each<[string, JsonObject]>([
  ["the same", { delegation }],
  ["a shorter life", { delegation, ttl_seconds: 10 }],
  ["one more obligation", { delegation, obligations: [stepUp, { ...stepUp, id: "p" }] }],
  ["no delegation", {}],
  ["a shallower chain", { delegation: { ...delegation, max_depth: 1 } }],
])("within a verdict is %s", (_name, change) => {
  expect(isWithin(allowOf({ ...whole, ...change }), outer)).toBe(true);
});

test.each<[string, JsonObject]>([
  ["another role", { role: "flight-agent" }],
  ["one more permission", { permissions: ["flights:book", "flights:cancel"] }],
  ["another ceiling", { ceiling: "scopes" }],
  ["a longer life", { ttl_seconds: 31 }],
  ["a looser limit", { limits: [{ id: "L", max: 2 }] }],
  ["no limit", { limits: [] }],
  ["no obligation", { obligations: [] }],
  ["an obligation of the same id that demands less", { obligations: [{ ...stepUp, properties: { level: 1 } }] }],
  ["another next actor", { delegation: { ...delegation, may_act: [{ ...next, sub: "other" }] } }],
  [
    "the next actor of another issuer",
    { delegation: { ...delegation, may_act: [{ ...next, iss: "https://x.example" }] } },
  ],
  ["another audience onward", { delegation: { ...delegation, audiences: [flights, "https://x.example"] } }],
  ["a deeper chain", { delegation: { ...delegation, max_depth: 3 } }],
])("beyond a verdict is %s", (_name, change) => {
  expect(isWithin(allowOf({ ...whole, delegation, ...change }), outer)).toBe(false);
});

test("a chain that may go on is beyond one that ends", () => {
  expect(isWithin(outer, allowOf(whole))).toBe(false);
});
