/**
 * How many names stand in a claim is up to the caller, within src/domain/bounds.ts: a decision about the most of them
 * must not take the sidecar's time from everybody else. Held to growth, not to a clock: cubic growth took 2.4 s.
 */
import { expect, test } from "vitest";
import { bounds } from "../../src/domain/bounds.ts";
import type { Json } from "../../src/domain/json.ts";
import { defaultBundle, type LoadedPolicy, loadPolicy, objectOf } from "./loaded-policy.ts";

const policy = await loadPolicy(defaultBundle);
const chaperone = objectOf(policy.data["chaperone"]);
const audience = "https://flights.example/api";

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** Every capability permitted by a permission of its own, and ten roles that hold all of these. */
function overMany(count: number): LoadedPolicy {
  const permissions = names("p", count);
  const rule = (permission: string): Json => ({
    departments: names("d", 16),
    roles: names("r", 16),
    grants: [{ audience, permissions: [permission] }],
    ttl_seconds: 60,
  });
  const staff = Object.fromEntries(names("c", count).map((name, index) => [name, rule(`p${index}`)]));
  const role: Json = { audience, permissions, max_ttl_seconds: 60, enforced_by: "scope" };
  const roles = Object.fromEntries(names("role", 10).map((name) => [name, role]));
  return policy.over({ chaperone: { roles, settings: { ...objectOf(chaperone["settings"]), staff } } });
}

function askingAll(count: number): Json {
  const capabilities = names("c", count);
  return {
    phase: "issue",
    subject: {
      issuer: "urn:chaperone:gateway",
      claims: {},
      departments: names("d", count).toReversed(),
      roles: names("r", count).toReversed(),
    },
    actor: { issuer: "urn:chaperone:gateway", claims: {}, capabilities, type: "ai_agent" },
    chain: [],
    asked: { capabilities, permissions: [] },
    context: {},
    time: 1_781_092_800,
  };
}

function cpuMicroseconds(count: number): number {
  const many = overMany(count);
  const input = askingAll(count);
  const runs = Array.from({ length: 7 }, () => {
    const before = process.cpuUsage();
    expect(many.ask(input).outcome).toBe("allow");
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.min(...runs);
}

test("the largest request costs no more than the square of a quarter of it, with room for noise", () => {
  const quarter = cpuMicroseconds(bounds.setSizeMax / 4);
  const whole = cpuMicroseconds(bounds.setSizeMax);
  console.log(`CPU of ${bounds.setSizeMax / 4} capabilities: ${quarter} µs, of ${bounds.setSizeMax}: ${whole} µs`);
  expect(whole / Math.max(quarter, 500)).toBeLessThan(32);
});
