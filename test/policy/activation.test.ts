/** What a bundle must show before it may decide: tried with the real OPA's output, end to end through the room. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readArchive } from "../../src/policy/read-archive.ts";
import { createPolicyRoom, type PolicyRoom } from "../../src/policy/index.ts";
import { createRecordingAnnouncer } from "../fakes/recording-announcer.ts";
import { testTime } from "../fakes/path-ports.ts";
import {
  bookFlight,
  buildTiny,
  deciding,
  type Files,
  optionsFor,
  repack,
  temporaryFolder,
  unpackTo,
} from "./workshop.ts";

const clock = { read: () => ({ epochSeconds: testTime, isReliable: true }) };

async function openWith(bundle: Buffer): Promise<PolicyRoom> {
  const path = join(await temporaryFolder(), "bundle.tar.gz");
  await writeFile(path, bundle);
  return createPolicyRoom(optionsFor(path), { clock, announcer: createRecordingAnnouncer() });
}

async function refusalOf(changes: Files): Promise<string> {
  const { rejection, active } = (await openWith(await buildTiny(changes))).state();
  expect(active).toBeUndefined();
  return `${rejection?.code}: ${rejection?.detail}`;
}

const ruleWith = (line: string): Files => ({
  "chaperone/guards/extra/extra.rego": `package chaperone.guards.extra\nclear if { ${line} }\n`,
});

test("a good bundle decides, under its revision", async () => {
  const room = await openWith(await buildTiny());
  const { active, activatedAt, rejection } = room.state();
  expect(rejection).toBeUndefined();
  expect(activatedAt).toBe(testTime);
  expect(room.snapshot(bookFlight.time).reference).toEqual(active);
  expect(room.snapshot(bookFlight.time).evaluate(bookFlight)).toMatchObject({
    outcome: "allow",
    role: "flight-booker",
  });
});

test("an unpacked bundle decides as the packed one does", async () => {
  const folder = await temporaryFolder();
  await unpackTo(folder, await buildTiny());
  const room = await createPolicyRoom(optionsFor(folder), { clock, announcer: createRecordingAnnouncer() });
  expect(room.snapshot(bookFlight.time).evaluate(bookFlight).outcome).toBe("allow");
});

test("the committed default bundle is activated", async () => {
  const path = join(import.meta.dirname, "../../bundle/default.tar.gz");
  const room = await createPolicyRoom(optionsFor(path), { clock, announcer: createRecordingAnnouncer() });
  expect(room.state().rejection).toBeUndefined();
  expect(room.snapshot(bookFlight.time).catalogue.size).toBeGreaterThan(1);
});

describe("built-ins", () => {
  test.each([
    ["http.send", 'http.send({"method": "get", "url": "https://example.com"}).status_code == 200'],
    ["opa.runtime", "opa.runtime().env.HOME"],
    ["io.jwt.decode", 'io.jwt.decode("a.b.c")'],
    ["io.jwt.verify_rs256", 'io.jwt.verify_rs256("a.b.c", "key")'],
    ["io.jwt.decode_verify", 'io.jwt.decode_verify("a.b.c", {"secret": "s"})'],
    ["io.jwt.encode_sign_raw", 'io.jwt.encode_sign_raw("{}", "{}", "{}")'],
  ])("%s refuses the bundle and is named", async (name, line) => {
    expect(await refusalOf(ruleWith(line))).toMatch(
      new RegExp(`^bundle_builtin_missing: .*${name.replaceAll(".", "\\.")}`),
    );
  });

  test("a host built-in that is there does not", async () => {
    const room = await openWith(await buildTiny(ruleWith("time.now_ns() > 0")));
    expect(room.state().rejection).toBeUndefined();
  });
});

describe("the role catalogue", () => {
  test.each([
    ["is missing", "{}"],
    [
      "has a role without permissions",
      '{"roles":{"r":{"audience":"https://a","permissions":[],"max_ttl_seconds":60}}}',
    ],
    [
      "has a wildcard's worth of seconds",
      '{"roles":{"r":{"audience":"https://a","permissions":["a"],"max_ttl_seconds":301}}}',
    ],
    [
      "has a member that is not known",
      '{"roles":{"r":{"audience":"https://a","permissions":["a"],"max_ttl_seconds":60,"x":1}}}',
    ],
  ])("that %s refuses the bundle", async (_what, chaperone) => {
    const room = await openWith(await repack(await buildTiny(), { "data.json": `{"chaperone":${chaperone}}` }));
    expect(room.state().rejection?.code).toBe("bundle_catalogue_wrong");
  });
});

describe("samples", () => {
  const withSamples = (samples: unknown): Files => ({ "chaperone/samples/data.json": JSON.stringify(samples) });

  test("that answer as stated let the bundle in", async () => {
    const nothing = { ...bookFlight, asked: { capabilities: [], permissions: [] } };
    const room = await openWith(
      await buildTiny(
        withSamples({
          yes: { input: bookFlight, outcome: "allow" },
          no: { input: nothing, outcome: "deny", title: "t" },
        }),
      ),
    );
    expect(room.state().rejection).toBeUndefined();
  });

  test.each([
    ["another outcome", { s: { input: bookFlight, outcome: "deny" } }],
    ["no outcome", { s: { input: bookFlight } }],
    ["an outcome that does not exist", { s: { input: bookFlight, outcome: "maybe" } }],
    ["no input", { s: { outcome: "deny" } }],
    ["a member that is not known", { s: { input: bookFlight, outcome: "allow", skip: true } }],
    ["the shape of a list", [{ input: bookFlight, outcome: "allow" }]],
    [
      "too many entries",
      Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`s${at}`, { input: bookFlight, outcome: "allow" }])),
    ],
  ])("with %s refuse the bundle", async (_what, samples) => {
    expect(await refusalOf(withSamples(samples))).toMatch(/^bundle_samples_failed/);
  });
});

describe("a policy that nobody may trust is refused", () => {
  const allow =
    '{"outcome": "allow", "role": "flight-booker", "permissions": ["flights:book"], "ceiling": "catalogue", "ttl_seconds": 60, "limits": [], "obligations": [], "reasons": []}';
  const deny = '{"outcome": "deny", "reasons": [{"code": "no", "message": "No."}]}';

  test.each([
    ["allows everybody", deciding(`decision := ${allow}`)],
    ["allows an empty object", deciding(`default decision := ${deny}\ndecision := ${allow} if input == {}`)],
    ["allows null", deciding(`default decision := ${deny}\ndecision := ${allow} if input == null`)],
    ["allows false", deciding(`default decision := ${deny}\ndecision := ${allow} if input == false`)],
    ["allows an empty string", deciding(`default decision := ${deny}\ndecision := ${allow} if input == ""`)],
    ["allows zero", deciding(`default decision := ${deny}\ndecision := ${allow} if input == 0`)],
    [
      "allows whoever asks nothing in use",
      deciding(
        `default decision := ${deny}\ndecision := ${allow} if { input.phase == "use"; count(input.asked.capabilities) == 0 }`,
      ),
    ],
    [
      "allows a request without a subject",
      deciding(`default decision := ${deny}\ndecision := ${allow} if not input.subject`),
    ],
    ["is undefined for an empty request", deciding(`decision := ${deny} if input.asked.capabilities[0] == "x"`)],
    ["answers true", deciding("decision := true")],
    [
      "answers with more than a verdict",
      deciding('decision := {"outcome": "deny", "reasons": [{"code": "no", "message": "No."}], "allow": true}'),
    ],
    [
      "contradicts itself",
      deciding(
        `decision := ${deny}\ndecision := {"outcome": "deny", "reasons": [{"code": "b", "message": "B."}]} if input.phase == "issue"`,
      ),
    ],
  ])("one that %s", async (_what, changes) => {
    expect(await refusalOf(changes)).toMatch(/^bundle_samples_failed/);
  });

  test("one that never comes back, and the process lives on", async () => {
    // A naive search through a long text allocates nothing, so it is time that runs out and not memory.
    const loops = `default decision := ${deny}
decision := ${deny} if {
	text := concat("", ["a" | some _ in numbers.range(1, 200000)])
	contains(text, concat("", [substring(text, 0, 100000), "b"]))
}`;
    expect(await refusalOf(deciding(loops))).toMatch(/^bundle_samples_failed: .*took longer/);
  });
});

describe("a module that is not OPA's", () => {
  test.each([
    ["does not compile", (wasm: Buffer) => Buffer.from(wasm).fill(0xff, 20_000, 20_100)],
    [
      "lacks the entrypoint",
      (wasm: Buffer) =>
        Buffer.from(wasm.toString("latin1").replaceAll("chaperone/decision\0", "chaperone/decisiox\0"), "latin1"),
    ],
  ])("%s and is refused", async (_what, damage) => {
    const bundle = await buildTiny();
    const wasm = (await readArchive(bundle)).get("policy.wasm")!;
    const room = await openWith(await repack(bundle, { "policy.wasm": damage(wasm) }));
    expect(room.state().rejection?.code).toMatch(/^bundle_(unreadable|entrypoint_missing|layout_wrong)$/);
  });
});
