/** The file: a small, bounded subset of YAML, with the place of whatever is wrong. */
import { describe, expect, test } from "vitest";
import { isErrors, load, loaded, refused } from "./sources.ts";

const codes = (yaml: string): string[] => refused({ yaml }).map(({ code, place }) => `${place} ${code}`);

describe("a file that is not what is accepted stops the start", () => {
  test.each([
    ["a key that stands twice", "log: {}\nlog: {}", "c.yaml:2:1 key_duplicated"],
    ["a key that stands twice, deeper", "log:\n  level: info\n  level: debug", "c.yaml:3:3 key_duplicated"],
    ["an alias", "state: &a x\nissuer: *a", "c.yaml:1:11 file_malformed"],
    ["a merge key", "a: &x {}\nlog:\n  <<: *x", "c.yaml:1:7 file_malformed"],
    ["a tag", "state: !!str x", "c.yaml:1:14 file_malformed"],
    ["a tag that nobody knows", "state: !env X", "c.yaml:1:8 file_malformed"],
    ["two documents", "log: {}\n---\nlog: {}", "c.yaml:2:1 file_malformed"],
    ["a list", "- log", "c.yaml:1:1 file_malformed"],
    ["a text", "hello", "c.yaml:1:1 file_malformed"],
    ["a tab as indentation", "log:\n\tlevel: info", "c.yaml:2:1 file_malformed"],
    ["an unclosed bracket", "log: {", "c.yaml:1:7 file_malformed"],
    ["a key that is no text", "[a]: 1", "c.yaml:1:1 file_malformed"],
  ])("%s", (_what, yaml, expected) => {
    expect(codes(yaml)).toEqual([expected]);
  });

  test("a billion laughs is refused before anything is expanded", () => {
    const laughs = Array.from({ length: 9 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at}, `.repeat(9)}]`);
    expect(codes(`l0: &l0 lol\n${laughs.join("\n")}`)).toEqual(["c.yaml:1:9 file_malformed"]);
  });

  test.each(["[", "{a: ", "- "])("nesting without end (%j) is refused", (opening) => {
    const errors = refused({ yaml: `log: ${opening.repeat(60_000 / opening.length)}` });
    expect(errors.map(({ code }) => code)).toEqual(["file_malformed"]);
  });

  test("nesting that closes again is refused too", () => {
    const errors = refused({ yaml: `log: ${"[".repeat(200)}${"]".repeat(200)}` });
    expect(errors.map(({ code, detail }) => [code, detail])).toEqual([["file_malformed", "nested too deeply"]]);
  });

  test("a file beyond the limit is refused", () => {
    expect(codes(`# ${"x".repeat(65_536)}`)).toEqual(["c.yaml file_too_large"]);
  });

  test("a file that was named and is not there stops the start, also when the environment named it", () => {
    expect(refused({ flags: { config: "none.yaml" } })[0]?.code).toBe("file_unreadable");
    expect(refused({ environment: { CHAPERONE_CONFIG: "none.yaml" } })[0]?.code).toBe("file_unreadable");
    expect(refused({ environment: { CHAPERONE_CONFIG: "" } })[0]?.code).toBe("file_unreadable");
  });

  test("no text of the file is quoted, whatever is wrong with it", () => {
    for (const yaml of [
      "log: {level: hunter2}",
      "state: [hunter2]",
      "hunter2",
      "a: *hunter2",
      "log: !hunter2 x",
      '"hunter2',
      "tokens: {depth_max: hunter2}",
      "issuer: hunter2 x",
    ]) {
      const errors = refused({ yaml });
      expect(errors.length, yaml).toBeGreaterThan(0);
      expect(errors.join("\n")).not.toContain("hunter2");
    }
  });
});

describe("a value that a setting cannot have", () => {
  test.each([
    ["tokens:\n  depth_max: 9", "c.yaml:2:3", "tokens.depth_max"],
    ["tokens:\n  depth_max: 0", "c.yaml:2:3", "tokens.depth_max"],
    ["tokens:\n  depth_max: 1.5", "c.yaml:2:3", "tokens.depth_max"],
    ["tokens:\n  lifetime_seconds_max: 301", "c.yaml:2:3", "tokens.lifetime_seconds_max"],
    ["identity:\n  leeway_seconds: 31", "c.yaml:2:3", "identity.leeway_seconds"],
    ["identity:\n  unnamed_parties: no", "c.yaml:2:3", "identity.unnamed_parties"],
    ["log: null", "c.yaml:1:1", "log"],
    ["state: ''", "c.yaml:1:1", "state"],
    ['state: "a\\0b"', "c.yaml:1:1", "state"],
    ["listeners: []", "c.yaml:1:1", "listeners"],
    ["defaults: maybe", "c.yaml:1:1", "defaults"],
  ])("%j is refused at its place", (yaml, place, setting) => {
    expect(refused({ yaml }).map((error) => [error.code, error.place, error.setting])).toEqual([
      ["value_invalid", place, setting],
    ]);
  });

  test.each(["600", "0600", "0o600", "'600'", "'0888'", "'06000'", "'rw'"])(
    "a socket mode of %s is refused: YAML reads a bare 0600 as six hundred",
    (mode) => {
      const yaml = `listeners:\n  - {name: a, address: "unix:/s", doors: [authorize], callers: socket, socket: {mode: ${mode}}}`;
      expect(refused({ yaml }).map(({ setting }) => setting)).toEqual(["listeners[0].socket.mode"]);
    },
  );

  test.each([
    "8181",
    "0.0.0.0",
    "example.org:80",
    "127.0.0.1:70000",
    "::1:80",
    "unix:",
    "http://127.0.0.1:80",
    "127.1:80",
  ])("an address of %s is refused", (address) => {
    const yaml = `listeners:\n  - {name: a, address: "${address}", doors: [probe], callers: open}`;
    expect(refused({ yaml }).map(({ setting }) => setting)).toEqual(["listeners[0].address"]);
  });
});

test.each(["", "# nothing\n", "---\n", "~"])("a file that was named and says nothing starts nothing: %j", (yaml) => {
  expect(refused({ yaml }).map(({ code }) => code)).toEqual(["file_malformed"]);
});

describe("what is accepted", () => {
  test("an empty mapping says nothing on purpose", () => {
    expect(loaded({ yaml: "{}" })).toEqual(loaded({}));
  });

  test("JSON is YAML", () => {
    expect(loaded({ yaml: '{"log": {"level": "debug"}}' }).telemetry.log.level).toBe("debug");
  });

  test("a flag wins over the environment, and the environment over the file", () => {
    const yaml = "state: /file\nlog: {level: warn}";
    const environment = { CHAPERONE_STATE: "/environment", CHAPERONE_LOG_LEVEL: "error" };
    expect(loaded({ yaml }).stateFolder).toBe("/file");
    expect(loaded({ yaml, environment }).stateFolder).toBe("/environment");
    expect(loaded({ yaml, environment, flags: { state: "/flag" } }).stateFolder).toBe("/flag");
    expect(loaded({ yaml, environment }).telemetry.log.level).toBe("error");
  });

  test("the environment sets numbers, choices and lists, and a wrong one is told by its name", () => {
    const environment = {
      CHAPERONE_TOKENS_DEPTH_MAX: "2",
      CHAPERONE_IDENTITY_UNNAMED_PARTIES: "deny",
      CHAPERONE_IDENTITY_VOUCHED_ISSUERS: "https://a.example,https://b.example",
    };
    const config = loaded({ environment });
    expect(config.rules).toEqual({ depthMax: 2, unnamedParties: "deny", lifetimeSecondsMax: 300 });
    expect(config.evidence.vouchedIssuers).toEqual(["https://a.example", "https://b.example"]);
    for (const value of ["", " 2", "2.0", "0x2", "1e1", "deny"]) {
      const [error] = refused({ environment: { CHAPERONE_TOKENS_DEPTH_MAX: value } });
      expect([error?.code, error?.place]).toEqual(["value_invalid", "CHAPERONE_TOKENS_DEPTH_MAX"]);
    }
  });

  test("the result is frozen to its last member", () => {
    const frozen = (value: unknown): boolean =>
      typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    const config = load({});
    expect(isErrors(config)).toBe(false);
    expect(frozen(config)).toBe(true);
  });
});
