/** Issue 3.8: JSON lines with redaction, one per event, none per request, and nothing that can be injected. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventRecord } from "../../src/domain/record.ts";
import { Fault } from "../../src/domain/refusal.ts";
import { decide } from "../../src/pdp/decide.ts";
import { createRedaction, renderLine } from "../../src/telemetry/redact.ts";
import { createFakePolicy, createFakeWorld } from "../fakes/path-ports.ts";
import { foundingInput, requestOf } from "../fakes/requests.ts";
import { createTelemetryWorld } from "./world.ts";

const secret = "gateway-credential-that-nobody-may-see-0123";
const jwt = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";

describe("one line per event", () => {
  test("is JSON with a time, a level and the event's name", () => {
    const world = createTelemetryWorld();
    const { events } = world.telemetry;
    events.announced({ type: "event", event: "policy_activated", time: 7, detail: { revision: "abc" } });
    events.announced({ type: "event", event: "policy_refused", time: 8, detail: { code: "bundle_missing" } });
    events.developmentDefaults(["the sample policy"]);
    events.listening({ name: "gateway", address: "unix:/run/x", doors: ["authorize"] });
    events.reloading("signal");
    events.stopping("SIGTERM");
    const lines = world.lines().map((line): unknown => JSON.parse(line));
    const text = (line: unknown, name: string): string => String(Reflect.get(Object(line), name));
    expect(lines.map((line) => `${text(line, "level")} ${text(line, "event")}`)).toEqual([
      "info policy_activated",
      "error policy_refused",
      "warn development_defaults",
      "info listening",
      "info reloading",
      "info stopping",
    ]);
    expect(lines.every((line) => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text(line, "time")))).toBe(true);
    expect(lines[0]).toMatchObject({ at: 7, detail: { revision: "abc" } });
  });

  test("and none per request", async () => {
    const world = createTelemetryWorld("info");
    const { observer } = world.telemetry;
    for (let count = 0; count < 20; count += 1) await decide(requestOf(foundingInput), createFakeWorld({ observer }));
    observer.turnedAway("gateway", "body_malformed");
    expect(world.lines()).toEqual([]);
  });

  test("at debug a line per decision, without a claim and without the token", async () => {
    const world = createTelemetryWorld("debug");
    const { observer } = world.telemetry;
    await decide(requestOf(foundingInput), createFakeWorld({ observer }));
    const deny = { outcome: "deny", reasons: [{ code: "no", message: "Operations may not" }] };
    await decide(requestOf(foundingInput), createFakeWorld({ observer, policy: createFakePolicy(() => deny) }));
    const lines = world.lines();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/"event":"decided".*"outcome":"allow".*"role":"flight-booker"/);
    expect(lines[1]).toMatch(/"outcome":"deny","code":"policy_denied"/);
    expect(lines.join()).not.toMatch(/Operations|Director|book_flight"|token/);
  });

  test("a level that is off writes nothing", () => {
    const world = createTelemetryWorld("off");
    world.telemetry.events.failed("anything", new Error("x"));
    expect(world.lines()).toEqual([]);
  });

  test("a warning level keeps information back", () => {
    const world = createTelemetryWorld("warn");
    world.telemetry.events.stopping("SIGTERM");
    world.telemetry.events.developmentDefaults(["x"]);
    expect(world.lines()).toHaveLength(1);
  });
});

/** A record, so that a new event does not compile until it is here, and then on the page. */
const announced: Readonly<Record<EventRecord["event"], true>> = {
  started: true,
  stopped: true,
  policy_activated: true,
  policy_refused: true,
  key_activated: true,
  key_published: true,
  key_retired: true,
  issuer_keys_activated: true,
  issuer_keys_failed: true,
  recovered: true,
};
const isAnnounced = (name: string): name is EventRecord["event"] => name in announced;

test("docs/metrics.md names every event that can be logged, and no other", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
  const [, listed = ""] = /never one per request: ([^;]*);/.exec(page) ?? [];
  const world = createTelemetryWorld("debug");
  const { events, observer } = world.telemetry;
  for (const event of Object.keys(announced).filter(isAnnounced)) {
    events.announced({ type: "event", event, time: 1, detail: {} });
  }
  events.developmentDefaults([]);
  events.listening({ name: "gateway", address: "unix:x", doors: [] });
  events.reloading("signal");
  events.stopping("SIGTERM");
  events.failed("x", undefined);
  observer.faulted(new Fault("internal_fault", "x"));
  const logged = world.lines().map((line) => /"event":"(\w+)"/.exec(line)?.[1]);
  const named = [...listed.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(new Set(named)).toEqual(new Set(logged));
  expect(named).toHaveLength(logged.length);
});

describe("faults", () => {
  test("of one code are one line, however many there are, and the next line says how many were left out", () => {
    const world = createTelemetryWorld();
    for (let count = 0; count < 1000; count += 1) {
      world.telemetry.observer.faulted(new Fault("audit_unavailable", "disk full"));
    }
    world.telemetry.observer.faulted(new Fault("policy_fault", "wrong at role"));
    expect(world.lines().map((line) => /"code":"(\w+)"/.exec(line)?.[1])).toEqual([
      "audit_unavailable",
      "policy_fault",
    ]);
  });

  test("show where an unexpected error came from, and not its message: it may quote a claim", () => {
    const world = createTelemetryWorld();
    const parsing = (): unknown => {
      try {
        return JSON.parse('{"Department": Operations}');
      } catch (cause) {
        return cause;
      }
    };
    const cause = parsing();
    expect(String(cause)).toContain("Operations");
    world.telemetry.observer.faulted(new Fault("internal_fault", "an unknown error", { cause }));
    world.telemetry.events.failed("reload", cause);
    expect(world.lines().join("\n")).not.toContain("Operations");
    expect(world.lines()[0]).toMatch(/"name":"SyntaxError".*log-lines\.test\.ts/);
  });

  test("show a system error's code", () => {
    const world = createTelemetryWorld();
    const cause = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    world.telemetry.events.failed("event_record", cause);
    expect(world.lines()[0]).toContain('"code":"ENOSPC"');
  });
});

describe("redaction", () => {
  test.each([
    ["a token", `Authorization failed for ${jwt}`],
    ["a token cut short", jwt.slice(0, 50)],
    ["a bearer header", `authorization: Bearer abcdef0123456789`],
    ["a basic header", "Basic dXNlcjpwYXNz"],
    ["a private key", "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----"],
    ["a private key cut short", "x -----BEGIN EC PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49"],
    ["a private JWK", '{"kty":"EC","d":"MIGHAgEAMBMGByqGSM49aaaa"}'],
    ["the credential itself", `refused ${secret} from x`],
    ["the credential in a long text", `${"x".repeat(1000)}${secret}`],
    [
      "the credential at the end of what is looked at",
      `${"Bearer abcdef0123456789 ".repeat(341)}${secret}`.padEnd(9000, "."),
    ],
  ])("%s never reaches a line", (_what, text) => {
    const world = createTelemetryWorld("info", [secret]);
    world.telemetry.events.stopping(text);
    world.telemetry.events.listening({ name: text, address: text, doors: [text] });
    world.telemetry.observer.faulted(
      new Fault("internal_fault", text, { cause: Object.assign(new Error("x"), { name: text }) }),
    );
    const all = world.lines().join("\n");
    expect(all.match(/\[redacted\]/g)?.length ?? 0).toBeGreaterThanOrEqual(4);
    expect(all).not.toMatch(/eyJ|abcdef0123456789|dXNlcjpwYXNz|MIGHAg/);
    expect(all).not.toContain(secret.slice(0, 24));
  });

  test.each([
    "authorization",
    "Proxy-Authorization",
    "cookie",
    "Set-Cookie",
    "CHAPERONE_GATEWAY_CREDENTIAL",
    "credentials",
    "password",
    "client_secret",
    "subject_token",
    "tokens",
    "client_assertion",
    "api_key",
    "x-api-key",
    "privateKey",
    "claims",
  ])("a member called %s is a secret whatever it holds", (name) => {
    const redact = createRedaction([]);
    expect(redact({ [name]: "x", deeper: [{ [name]: { y: "z" } }] })).toEqual({
      [name]: "[redacted]",
      deeper: [{ [name]: "[redacted]" }],
    });
  });

  test("what has no secret is left as it is", () => {
    const detail = { code: "busy", kid: "abc", revision: "0".repeat(64), at: 1, ok: true, none: null };
    expect(createRedaction([secret])(detail)).toEqual(detail);
  });

  test("cyclic, deep, wide, huge and odd values become something bounded", () => {
    const cycle: Record<string, unknown> = { a: 1n, f: () => 1, s: Symbol("s"), u: undefined };
    cycle["self"] = cycle;
    const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, "x".repeat(100_000)]));
    const line = renderLine(createRedaction([secret])({ cycle, wide, list: Array.from({ length: 1e5 }, () => 1) }));
    expect(line.length).toBeLessThan(40_000);
  });

  test("a long hostile text costs little", () => {
    const redact = createRedaction([secret]);
    const started = process.cpuUsage();
    for (const piece of ["eyJ", "-----BEGIN ", "Bearer ", '"d":"', "a.", "-"]) redact(piece.repeat(2_000_000));
    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
  });
});

test("whatever a text holds, a line is one line of printable JSON that reads back to the same text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      const line = renderLine({ text });
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there.
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u00ad\u2028\u2029\u202a-\u202e\u2066-\u206f\ufeff]/);
      expect(JSON.parse(line)).toEqual({ text });
    }),
    { numRuns: 300 },
  );
});

test("an event's name or level cannot be overwritten by what it carries", () => {
  const world = createTelemetryWorld();
  world.telemetry.events.announced({
    type: "event",
    event: "recovered",
    time: 1,
    detail: { event: "started", level: "info", 'x"\n{"level': "error" },
  });
  expect(world.lines()).toHaveLength(1);
  expect(JSON.parse(world.lines()[0] ?? "")).toMatchObject({ event: "recovered", level: "warn" });
});
