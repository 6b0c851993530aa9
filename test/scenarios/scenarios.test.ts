/** Each scenario file through every door that decides: one question, one answer, whichever way it was asked. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isJsonArray, isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import { cli, root } from "../cli/command-line.ts";
import { makeFolder } from "../acceptance/served-house.ts";
import {
  askHeld,
  evidenceAt,
  type Heard,
  type HeldDoor,
  heldDoors,
  type HeldParts,
  parseHeld,
  sendsBody,
  textIn,
} from "../fakes/decision-doors.ts";
import { type DecisionHouse, openDecisionHouse } from "../fakes/decision-house.ts";
import { listenerName, renderListeners } from "../fakes/decision-listeners.ts";
import { call } from "../fakes/open-house.ts";
import { known } from "../fakes/path-ports.ts";
import { expectNothingSeen } from "./agent-view.ts";
import { readScenarios, type Scenario } from "./read-scenarios.ts";

const scenarios = readScenarios();
const counts = { answers: 0, notHeld: 0, bodiless: 0 };
const tally: Record<string, number> = {};

const folder = makeFolder();
let house: DecisionHouse;
beforeAll(async () => {
  house = await openDecisionHouse(folder.path, renderListeners(folder.path), secondsOf("2026-06-10T00:00:00Z"));
});
afterAll(async () => {
  await house.close();
  folder.remove();
  const reasons = scenarios.flatMap(({ not_held: reason }) => reason ?? []);
  const by = [...new Set(reasons)].map((reason) => `${reasons.filter((each) => each === reason).length}: ${reason}`);
  console.log(
    `${scenarios.length} scenarios, ${counts.answers} answers of the same outcome and code ${JSON.stringify(tally)}; ` +
      `${counts.notHeld} that no held call can ask, ${counts.bodiless} at doors to which no body comes\n  ${by.join("\n  ")}`,
  );
});

const secondsOf = (time: string): number => Date.parse(time) / 1000;

/** What policy was asked and what was decided, by the door's own word and on record. */
interface Told extends Pick<Heard, "outcome" | "code"> {
  readonly reasons: readonly string[];
  readonly grant:
    | { readonly role: string; readonly permissions: readonly string[]; readonly seconds: number }
    | undefined;
  /** Without what only a held call has. */
  readonly inputs: readonly JsonObject[];
}

const renderQuestion = ({ person, agent, asks }: Scenario): string =>
  JSON.stringify({ input: { subject: { claims: person }, actor: { claims: agent }, ...asks } });

function withoutCall({ http: _http, body: _body, ...input }: PolicyInput): JsonObject {
  return objectIn(JSON.stringify(input));
}

function objectIn(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new TypeError("no object");
  return value;
}

/** What is on record since `before`, held against what the door said. */
async function tell(heard: Heard, before: { records: number; inputs: number }): Promise<Told> {
  const [record, ...others] = house.records.slice(before.records);
  expect(others).toEqual([]);
  const { decision_id: decisionId, outcome, code, reasons, grant } = known(record);
  expect(outcome).toBe(heard.outcome);
  if (heard.decisionId !== undefined) expect(heard.decisionId).toBe(decisionId);
  if (heard.code !== undefined) expect(heard.code).toBe(code ?? "approval_required");
  expect(heard.token === undefined).toBe(outcome !== "allow");
  if (grant !== undefined) await expectToken(known(heard.token), grant);
  return {
    outcome,
    code,
    reasons: reasons.map((reason) => reason.code),
    grant: grant && { role: grant.role, permissions: grant.permissions, seconds: grant.exp - grant.iat },
    inputs: house.inputs.slice(before.inputs).map(withoutCall),
  };
}

/** It verifies as at a resource server, and says what is on record. */
async function expectToken(token: string, grant: { audience: string; jti: string; permissions: readonly string[] }) {
  const keys = createLocalJWKSet({ keys: house.tokens.keys.publicKeys(house.clock.time).map((key) => ({ ...key })) });
  const currentDate = new Date(house.clock.time * 1000);
  const { payload } = await jwtVerify(token, keys, { audience: grant.audience, typ: "at+jwt", currentDate });
  expect(payload.jti).toBe(grant.jti);
  expect(payload["scope"]).toBe(grant.permissions.join(" "));
}

const mark = (): { records: number; inputs: number } => ({
  records: house.records.length,
  inputs: house.inputs.length,
});

async function askAuthorize(scenario: Scenario): Promise<Told> {
  const before = mark();
  const { status, json } = await call(house.address("authorize"), { body: renderQuestion(scenario) });
  expect(status).toBe(200);
  const outcome = textIn(json, "outcome");
  expect(json["allow"]).toBe(outcome === "allow");
  if (outcome !== "allow" && outcome !== "deny" && outcome !== "approval_required") throw new TypeError("no outcome");
  const [code, decisionId, token] = ["code", "decision_id", "token"].map((name) => textIn(json, name));
  return await tell({ outcome, code, decisionId, token, seen: { headers: {}, body: "" } }, before);
}

async function askOffline(scenario: Scenario): Promise<Told> {
  const argv = ["decide", "-", "--json", "--config", house.configPath, "--time", String(house.clock.time)];
  const { out } = await cli(argv, { stdin: renderQuestion(scenario) });
  const said = objectIn(out);
  const { outcome, reasons, input, grant } = said;
  if (outcome !== "allow" && outcome !== "deny" && outcome !== "approval_required") throw new TypeError("no outcome");
  return {
    outcome,
    code: textIn(said, "code"),
    reasons: isJsonArray(reasons) ? reasons.map((reason) => textIn(reason, "code") ?? "") : [],
    grant: isJsonObject(grant) ? grantIn(grant) : undefined,
    inputs: isJsonObject(input) ? [input] : [],
  };
}

function grantIn({ role, permissions, expires_in: seconds }: JsonObject): Told["grant"] {
  const names = isJsonArray(permissions) ? permissions.filter((name) => typeof name === "string") : [];
  return typeof role === "string" && typeof seconds === "number" ? { role, permissions: names, seconds } : undefined;
}

async function askEveryDoor(scenario: Scenario): Promise<Readonly<Record<string, Told>>> {
  const told: Record<string, Told> = { authorize: await askAuthorize(scenario), decide: await askOffline(scenario) };
  const { held } = scenario;
  if (held === undefined) {
    counts.notHeld += heldDoors.length;
    return told;
  }
  for (const door of heldDoors) {
    if (!sendsBody(door) && scenario.asks.action?.["properties"] !== undefined) {
      counts.bodiless += 1;
      continue;
    }
    const before = mark();
    const heard = await askHeld(door, house.address(listenerName(door, "issue")), partsAt(door, held, scenario));
    told[door] = await tell(heard, before);
    expectNothingSeen(heard, scenario);
  }
  return told;
}

function partsAt(door: HeldDoor, held: string, { person, agent, body }: Scenario): HeldParts {
  const { headers, ...evidence } = evidenceAt(door, person, agent);
  const parts = { ...parseHeld(held), ...evidence };
  if (body === undefined || !sendsBody(door)) return { ...parts, headers };
  return { ...parts, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
}

function expectExpected({ outcome, code, reasons, grant }: Told, expected: Scenario["expect"]): void {
  expect(outcome).toBe(expected.outcome);
  switch (expected.outcome) {
    case "allow":
      expect(grant).toMatchObject({ role: expected.role, permissions: expected.permissions });
      if (expected.expires_in !== undefined) expect(grant?.seconds).toBe(expected.expires_in);
      return;
    case "deny":
      expect(code).toBe(expected.code);
      if (expected.reasons !== undefined) expect(reasons).toEqual(expected.reasons);
      return;
    case "approval_required":
      expect(reasons).toEqual(expected.reasons);
  }
}

test("the scenarios are seen: every outcome, many codes, and more than half of them at every door", () => {
  expect(scenarios.length).toBeGreaterThanOrEqual(45);
  expect(new Set(scenarios.map(({ expect: { outcome } }) => outcome)).size).toBe(3);
  const codes = new Set(
    scenarios.flatMap(({ expect: expected }) => (expected.outcome === "deny" ? expected.code : [])),
  );
  expect(codes.size).toBeGreaterThanOrEqual(13);
  expect(scenarios.filter(({ held }) => held !== undefined).length).toBeGreaterThan(scenarios.length * 0.8);
});

test("the page for policy authors shows one of them as it is", () => {
  const page = readFileSync(join(root, "docs/policies.md"), "utf8");
  const file = readFileSync(join(root, "test/scenarios/decisions/record-of-a-closed-tier.yaml"), "utf8");
  expect(page).toContain(`\`\`\`yaml\n${file}\`\`\``);
});

describe("the same at every door:", () => {
  test.each(scenarios.map((scenario) => [scenario.file.replace(/\.yaml$/, ""), scenario.name, scenario] as const))(
    "%s: %s",
    async (_file, _name, scenario) => {
      house.clock.time = secondsOf(scenario.time);
      const faults = house.watched.faults.length;
      const told = await askEveryDoor(scenario);
      const first = known(told["authorize"]);
      for (const [door, each] of Object.entries(told)) {
        expectExpected(each, scenario.expect);
        // Offline shows the first question alone; a chain with inner actors is asked about twice.
        const inputs = door === "decide" ? first.inputs.slice(0, 1) : first.inputs;
        expect({ ...each, inputs: each.inputs }, door).toEqual({ ...first, inputs });
        counts.answers += 1;
        tally[door] = (tally[door] ?? 0) + 1;
      }
      expect(house.watched.faults.slice(faults)).toEqual([]);
    },
  );
});
