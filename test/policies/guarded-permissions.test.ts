/**
 * A guard applies by what is asked, but a role may grant more than that. So nobody may come by a guarded permission
 * without asking for something that its guard looks at: tried for every combination of the shipped capabilities.
 */
import { expect, test } from "vitest";
import { isJsonArray, type Json, type JsonObject } from "../../src/domain/json.ts";
import { defaultBundle, loadPolicy, objectOf } from "./loaded-policy.ts";

const policy = await loadPolicy(defaultBundle);
const chaperone = objectOf(policy.data["chaperone"]);
const settings = objectOf(chaperone["settings"]);
const roles = objectOf(chaperone["roles"]);

const strings = (value: Json | undefined): string[] =>
  isJsonArray(value) ? value.filter((element) => typeof element === "string") : [];
const all = (value: Json | undefined): string[] => Object.values(objectOf(value)).flatMap(strings);

const staff = Object.values(objectOf(settings["staff"])).map(objectOf);
const guards = Object.entries(settings)
  .filter(([name]) => !["staff", "autonomous", "delegation"].includes(name))
  .map(([name, value]) => ({
    name,
    capabilities: strings(objectOf(value)["capabilities"]),
    permissions: strings(objectOf(value)["permissions"]),
  }));

/** Somebody of every department in every role, on a working day, with small amounts and public records. */
function askFor(capabilities: readonly string[], audience: string): JsonObject {
  return {
    phase: "issue",
    subject: {
      id: "stock-agent",
      issuer: "urn:chaperone:gateway",
      claims: {},
      departments: [...new Set(staff.flatMap((rule) => strings(rule["departments"])))],
      roles: [...new Set(staff.flatMap((rule) => strings(rule["roles"])))],
    },
    actor: { id: "stock-agent", issuer: "urn:chaperone:gateway", claims: {}, capabilities, type: "ai_agent" },
    chain: [],
    asked: { capabilities, permissions: [] },
    action: { name: "any", properties: { amount: 1, currency: "EUR" } },
    resource: { type: "record", properties: { tier: "public" } },
    audience,
    context: {},
    time: 1_781_092_800,
  };
}

function* combinations(names: readonly string[]): Generator<readonly string[]> {
  for (let bits = 1; bits < 2 ** names.length; bits += 1) {
    yield names.filter((_, index) => (bits >> index) & 1);
  }
}

test("no combination of capabilities gets a guarded permission past its guard", () => {
  const names = [...Object.keys(objectOf(settings["staff"])), "reorder_stock"];
  const audiences = [...new Set(Object.values(roles).map((role) => objectOf(role)["audience"]))];
  const allowed = { asked: 0, allowed: 0, guarded: 0 };
  for (const capabilities of combinations(names)) {
    for (const audience of audiences) {
      if (typeof audience !== "string") throw new Error("a role without an audience");
      allowed.asked += 1;
      const verdict = policy.ask(askFor(capabilities, audience));
      if (verdict.outcome !== "allow") continue;
      allowed.allowed += 1;
      const role = objectOf(roles[verdict.role]);
      const minted = role["enforced_by"] === "scope" ? verdict.permissions.toArray() : strings(role["permissions"]);
      for (const guard of guards.filter((one) => one.permissions.some((permission) => minted.includes(permission)))) {
        allowed.guarded += 1;
        expect(
          guard.capabilities.some((name) => capabilities.includes(name)),
          `${guard.name}: ${capabilities.join(", ")} gets ${minted.join(", ")}`,
        ).toBe(true);
      }
    }
  }
  console.log(`combinations of capabilities at audiences: ${JSON.stringify(allowed)}`);
  expect(allowed.asked).toBeGreaterThan(500);
  expect(allowed.guarded).toBeGreaterThanOrEqual(3);
});

/** Somebody holds all of a role and hands a part of it on. */
function askOnward(role: JsonObject, permissions: readonly string[]): JsonObject {
  const audience = role["audience"] ?? "";
  const holder = { id: "alice", issuer: "https://people.example", claims: {}, departments: [], roles: [] };
  return {
    ...askFor([], typeof audience === "string" ? audience : ""),
    phase: "delegate",
    subject: holder,
    chain: [{ id: "planner", issuer: "https://idp.example" }],
    asked: { capabilities: [], permissions },
    parent: {
      id: "g-1",
      audience,
      audiences: [audience],
      permissions: role["permissions"] ?? [],
      depth: 1,
      max_depth: 4,
      expires_at: 1_781_092_860,
    },
  };
}

test("no part of a role that is handed on is rounded up to a guarded permission past its guard", () => {
  const handed = { asked: 0, allowed: 0, guarded: 0 };
  for (const parent of Object.values(roles).map(objectOf)) {
    for (const asked of combinations(strings(parent["permissions"]))) {
      handed.asked += 1;
      const verdict = policy.ask(askOnward(parent, asked));
      if (verdict.outcome !== "allow") continue;
      handed.allowed += 1;
      const role = objectOf(roles[verdict.role]);
      const minted = role["enforced_by"] === "scope" ? verdict.permissions.toArray() : strings(role["permissions"]);
      for (const guard of guards.filter((one) => one.permissions.some((permission) => minted.includes(permission)))) {
        handed.guarded += 1;
        expect(
          guard.permissions.some((name) => asked.includes(name)),
          `${guard.name}: ${asked.join(", ")} gets ${minted.join(", ")}`,
        ).toBe(true);
      }
    }
  }
  console.log(`parts of roles handed on: ${JSON.stringify(handed)}`);
  expect(handed.allowed).toBeGreaterThan(10);
  expect(handed.guarded).toBeGreaterThanOrEqual(3);
});

test("every permission that a guard names is one that a role grants, and every capability one that a permit covers", () => {
  const granted = all(
    Object.fromEntries(Object.entries(roles).map(([name, role]) => [name, objectOf(role)["permissions"] ?? []])),
  );
  expect(guards.length).toBe(3);
  for (const guard of guards) {
    expect(guard.permissions.filter((one) => !granted.includes(one))).toEqual([]);
    expect(guard.capabilities.filter((one) => !(one in objectOf(settings["staff"])))).toEqual([]);
    expect(guard.permissions.length * guard.capabilities.length).toBeGreaterThan(0);
  }
});
