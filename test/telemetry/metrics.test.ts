/** Issue 3.8: metrics with closed labels, counted by plain numbers and held to their page. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Fault, faults, refusals } from "../../src/domain/refusal.ts";
import type { AuditRecord } from "../../src/domain/record.ts";
import { requestErrors } from "../../src/domain/request-error.ts";
import { decide } from "../../src/pdp/decide.ts";
import { steps } from "../../src/ports/observer.ts";
import { createMetrics, Tallies } from "../../src/telemetry/metrics.ts";
import { createFakePolicy, createFakeWorld, known } from "../fakes/path-ports.ts";
import { foundingInput, requestOf } from "../fakes/requests.ts";
import { parseDecisionId, parseRevision } from "../../src/domain/identifiers.ts";
import { createTelemetryWorld, scrape } from "./world.ts";

const revision = (digit: string) => known(parseRevision(digit.repeat(64)));

describe("docs/metrics.md", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
  const registry = createMetrics(new Tallies(), {
    version: "x",
    policyState: () => undefined,
    issuerKeys: () => [],
    now: () => 0,
  });

  test("lists every metric of ours with its type, labels and meaning, and no other", async () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| `chaperone_"));
    const declared = (await registry.getMetricsAsJSON()).filter(({ name }) => name.startsWith("chaperone_"));
    const expected = declared.map(({ name, type, help }) => {
      const labels: unknown = Reflect.get(Object(registry.getSingleMetric(name)), "labelNames");
      const names = Array.isArray(labels) ? labels.map((label) => `\`${label}\``).join(" ") : "";
      return `| \`${name}\` | ${type} | ${names} | ${help} |`;
    });
    expect(expected.length).toBeGreaterThan(10);
    expect(rows.map((row) => row.replaceAll("  ", " "))).toEqual(expected.map((row) => row.replaceAll("  ", " ")));
  });

  test("alerts on every fault code", () => {
    const [, codes = ""] = /code=~"([^"]*)"/.exec(page) ?? [];
    expect(codes.split("\\|").toSorted()).toEqual(Object.keys(faults).toSorted());
  });

  test("the process's own metrics are there too", () => {
    const names = registry.getMetricsAsArray().map(({ name }) => name);
    expect(names).toContain("process_resident_memory_bytes");
    expect(names).toContain("nodejs_eventloop_lag_seconds");
  });
});

describe("what the path reports is what Prometheus sees", () => {
  test("an allow, a deny by policy and a deny by fault, each once", async () => {
    const world = createTelemetryWorld("off");
    const { observer } = world.telemetry;
    const request = requestOf(foundingInput);
    await decide(request, createFakeWorld({ observer }));
    const policyOf = (answer: unknown) => createFakePolicy(() => answer);
    const deny = { outcome: "deny", reasons: [{ code: "no", message: "no" }] };
    await decide(request, createFakeWorld({ observer, policy: policyOf(deny) }));
    await decide(request, createFakeWorld({ observer, policy: policyOf("no verdict") }));
    await decide(request, createFakeWorld({ observer, policy: policyOf({ ...deny, outcome: "approval_required" }) }));
    const series = await scrape(world);
    const count = (outcome: string, code: string) =>
      series.get(`chaperone_decisions_total{door="authorize",outcome="${outcome}",code="${code}"}`);
    expect(count("allow", "none")).toBe(1);
    expect(count("approval_required", "none")).toBe(1);
    expect(count("deny", "policy_denied")).toBe(1);
    expect(count("deny", "policy_fault")).toBe(1);
    expect(
      [...series].filter(([name]) => name.startsWith("chaperone_decisions_total")).reduce((sum, [, n]) => sum + n, 0),
    ).toBe(4);
    expect(series.get("chaperone_tokens_minted_total")).toBe(1);
    expect(series.get("chaperone_decision_duration_seconds_count")).toBe(4);
    expect(series.get('chaperone_decision_step_duration_seconds_count{step="verify"}')).toBe(4);
    expect(series.get('chaperone_decision_step_duration_seconds_count{step="mint"}')).toBe(1);
  });

  test("every code of an open door is there before it happens, and a door that is not open has none", async () => {
    const world = createTelemetryWorld("off");
    world.telemetry.events.listening({ name: "gateway", address: "unix:x", doors: ["authorize", "public"] });
    const names = [...(await scrape(world)).keys()].filter((name) => name.startsWith("chaperone_decisions_total"));
    expect(names).toHaveLength(2 + Object.keys(refusals).length + Object.keys(faults).length);
    expect(names.every((name) => name.includes('door="authorize"'))).toBe(true);
  });

  test("requests turned away are counted per listener; a name that no listener has is `other`", async () => {
    const world = createTelemetryWorld("off");
    const { events, observer } = world.telemetry;
    events.listening({ name: "gateway", address: "unix:x", doors: ["authorize"] });
    observer.turnedAway("gateway", "busy");
    observer.turnedAway('made-up"} 1\n', "body_malformed");
    observer.turnedAway("another", "body_malformed");
    const series = await scrape(world);
    const count = (listener: string, code: string) =>
      series.get(`chaperone_requests_turned_away_total{listener="${listener}",code="${code}"}`);
    expect(count("gateway", "busy")).toBe(1);
    expect(count("gateway", "body_malformed")).toBe(0);
    expect(count("other", "body_malformed")).toBe(2);
    const all = [...series.keys()].filter((name) => name.startsWith("chaperone_requests_turned_away_total"));
    expect(all).toHaveLength(2 * Object.keys(requestErrors).length);
  });

  test("latency lies in the bucket that holds it, bounds included, and buckets only grow", async () => {
    const world = createTelemetryWorld("off");
    for (const milliseconds of [0, 0.025, 0.026, 1, 99, 5000])
      world.telemetry.observer.tookStep("verify", milliseconds);
    const series = await scrape(world);
    const bucket = (le: string) =>
      series.get(`chaperone_decision_step_duration_seconds_bucket{step="verify",le="${le}"}`);
    expect(["0.000025", "0.00005", "0.001", "0.1", "1", "+Inf"].map(bucket)).toEqual([2, 3, 4, 5, 5, 6]);
    expect(series.get('chaperone_decision_step_duration_seconds_sum{step="verify"}')).toBeCloseTo(5.100051, 9);
    const [first] = steps;
    expect(series.get(`chaperone_decision_step_duration_seconds_bucket{step="${first}",le="+Inf"}`)).toBe(6);
  });

  test("scraping twice counts nothing twice", async () => {
    const world = createTelemetryWorld("off");
    world.telemetry.observer.tookStep("mint", 1);
    const ours = async () => [...(await scrape(world))].filter(([name]) => name.startsWith("chaperone_"));
    expect(await ours()).toEqual(await ours());
  });
});

describe("the policy that decides", () => {
  test("is shown by one series, and the revision before it leaves none behind", async () => {
    const world = createTelemetryWorld("off");
    const info = async () =>
      [...(await scrape(world)).keys()].filter((name) => name.startsWith("chaperone_policy_info"));
    expect(await info()).toEqual([]);
    for (const digit of ["a", "b"]) {
      world.policy = { active: { id: "p", revision: revision(digit) }, activatedAt: world.now, rejection: undefined };
      expect(await info()).toEqual([`chaperone_policy_info{id="p",revision="${digit.repeat(64)}"}`]);
    }
  });

  test("has an age that is never negative, and none while there is no policy", async () => {
    const world = createTelemetryWorld("off");
    const age = async () => (await scrape(world)).get("chaperone_policy_age_seconds");
    expect(await age()).toBeUndefined();
    world.policy = { active: undefined, activatedAt: world.now - 90, rejection: undefined };
    expect(await age()).toBe(90);
    world.now -= 1000;
    expect(await age()).toBe(0);
  });

  test("a refused bundle is 1 for its reason and 0 again once mended", async () => {
    const world = createTelemetryWorld("off");
    const refused = async () =>
      [...(await scrape(world))].flatMap(([name, value]) =>
        name.startsWith("chaperone_policy_rejected") && value === 1 ? [name] : [],
      );
    expect(await refused()).toEqual([]);
    const rejection = { code: "bundle_samples_failed", detail: "x", at: 1 } as const;
    world.policy = { active: undefined, activatedAt: undefined, rejection };
    expect(await refused()).toEqual(['chaperone_policy_rejected{code="bundle_samples_failed"}']);
    world.policy = { ...world.policy, rejection: undefined };
    expect(await refused()).toEqual([]);
  });
});

describe("the decision log is counted as it answers", () => {
  const entry: AuditRecord = {
    type: "mint_failed",
    decision_id: known(parseDecisionId("d-1")),
    time: 1,
    code: "mint_failed",
  };
  const counts = async (world: ReturnType<typeof createTelemetryWorld>) => {
    const series = await scrape(world);
    return ["records", "failures"].map((what) => series.get(`chaperone_audit_${what}_total{type="mint_failed"}`));
  };

  test.each([
    ["a record taken at once", () => undefined, [1, 0]],
    ["a record taken later", () => Promise.resolve(), [1, 0]],
  ])("%s", async (_what, record, expected) => {
    const world = createTelemetryWorld("off");
    await world.telemetry.countRecords({ record }).record(entry);
    expect(await counts(world)).toEqual(expected);
  });

  test.each([
    [
      "a record refused at once",
      () => {
        throw new Fault("audit_unavailable", "full");
      },
    ],
    ["a record refused later", () => Promise.reject(new Fault("audit_unavailable", "full"))],
  ])("%s is a failure and still a failure to the path", async (_what, record) => {
    const world = createTelemetryWorld("off");
    const log = world.telemetry.countRecords({ record });
    await expect(Promise.try(() => log.record(entry))).rejects.toThrow("audit_unavailable");
    expect(await counts(world)).toEqual([0, 1]);
  });

  test("a log that answers at once is not made slower by a promise", () => {
    const world = createTelemetryWorld("off");
    expect(world.telemetry.countRecords({ record: () => {} }).record(entry)).toBeUndefined();
  });
});

describe("the keys of issuers", () => {
  const state = { issuer: "https://people.example", location: "x", keys: 1, usableUntil: 1, failure: undefined };

  test("have an age and are failing or not, by issuer; one that never answered has no age", async () => {
    const world = createTelemetryWorld("off");
    const failure = { code: "unreachable", detail: undefined, at: world.now } as const;
    world.issuerKeys = [
      { ...state, confirmedAt: world.now - 90 },
      { ...state, issuer: "https://agents.example", confirmedAt: undefined, failure },
    ];
    const series = [...(await scrape(world))].filter(([name]) => name.startsWith("chaperone_issuer_keys"));
    expect(Object.fromEntries(series)).toEqual({
      'chaperone_issuer_keys_age_seconds{issuer="https://people.example"}': 90,
      'chaperone_issuer_keys_failing{issuer="https://people.example"}': 0,
      'chaperone_issuer_keys_failing{issuer="https://agents.example"}': 1,
    });
  });

  test("leave no series behind where none is fetched", async () => {
    const series = await scrape(createTelemetryWorld("off"));
    expect([...series.keys()].filter((name) => name.startsWith("chaperone_issuer_keys"))).toEqual([]);
  });
});
