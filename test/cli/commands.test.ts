/** Issue 3.9: every command has help, JSON where a program would read it, and exit codes that mean something. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDecisionLog, renderHead } from "../../src/audit/index.ts";
import { exitCodes, exitMeanings } from "../../src/cli/exit-codes.ts";
import { renderCliReference } from "../../src/cli/help.ts";
import { commands } from "../../src/cli/command-table.ts";
import { people } from "../fakes/issuers.ts";
import { cli, createFolder, root, writeText } from "./command-line.ts";

const founding =
  '{"input":{"actor":{"claims":{"Capabilities":"book_flight"}},"subject":{"claims":{"Department":"Operations","Role":"Director"}}}}';
const names = Object.keys(commands);

describe("the command line", () => {
  test("has the commands of the issue", () => {
    expect(names).toEqual([
      "serve",
      "check-config",
      "decide",
      "policy build",
      "policy test",
      "keys list",
      "keys rotate",
      "token inspect",
      "audit verify",
    ]);
  });

  test("docs/cli.md is in step with it (`npm run docs:cli`)", () => {
    expect(readFileSync(join(root, "docs/cli.md"), "utf8")).toBe(renderCliReference(commands));
  });

  test("every exit code has one meaning", () => {
    expect(Object.keys(exitMeanings)).toEqual(Object.keys(exitCodes));
    expect(Object.values(exitCodes)).toEqual([0, 1, 2, 3, 4]);
  });

  test.each(names)("%s --help tells its options and does nothing", async (name) => {
    const { code, out, err } = await cli([...name.split(" "), "--help"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(`usage: chaperone ${name}`);
  });

  test.each([
    [[]],
    [["frobnicate"]],
    [["policy"]],
    [["keys", "burn"]],
    [["__proto__"]],
    [["constructor"]],
    [["--jsn"]],
  ])("%j is no command: 2, and help on standard error", async (argv) => {
    const { code, out, err } = await cli(argv);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("usage: chaperone <command>");
  });

  test.each([["--help"], ["-h"], ["help"]])("%s is help", async (word) => {
    expect(await cli([word])).toMatchObject({ code: 0, err: "" });
  });

  test("--version", async () => {
    expect(await cli(["--version"])).toMatchObject({ code: 0, out: "0.0.0-test\n" });
  });

  test.each([
    [["decide", "--jsno", "x"], "did you mean --json?"],
    [["decide"], "it needs <request.json"],
    [["decide", "a", "b"], "too many arguments"],
    [["decide", "a", "--config"], "--config needs a value"],
    [["decide", "a", "--config", "--json"], "--config needs a value"],
    [["decide", "a", "--config="], "--config needs a value"],
    [["decide", "a", "--json=yes"], "--json takes no value"],
    [["decide", "a", "--json", "--json"], "--json is given twice"],
    [["decide", "a", "--time", "1", "--time", "2"], "--time is given twice"],
    [["decide", "a", "-x"], "there is no option -x"],
    [["decide", "a", "--__proto__", "x"], "there is no option --__proto__"],
    [["serve", "now"], "too many arguments"],
  ])("%j is refused: 2, and says why", async (argv, why) => {
    const { code, out, err } = await cli(argv);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(why);
  });

  test.each(names)("%s refuses an option that it does not have", async (name) => {
    expect((await cli([...name.split(" "), "--frobnicate"])).code).toBe(2);
  });
});

describe("check-config", () => {
  test("0 and what would be served, as text and as JSON, without a credential", async () => {
    const environment = { CHAPERONE_GATEWAY_CREDENTIAL: "a-credential-that-is-not-to-be-shown-123" };
    const text = await cli(["check-config"], { environment });
    expect(text).toMatchObject({ code: 0, err: "" });
    expect(text.out).toContain("generated signing key");
    const json = await cli(["check-config", "--json"], { environment });
    expect(JSON.parse(json.out)).toMatchObject({ ok: true, config: { credentials: { gateways: 1, operator: false } } });
    expect(text.out + json.out).not.toContain("a-credential-that");
  });

  test("2 and every error, with place and hint", async () => {
    const file = writeText(createFolder(), "c.yaml", "polcy: {}\nlog:\n  level: loud\n");
    const text = await cli(["check-config", "--config", file]);
    expect([text.code, text.out]).toEqual([2, ""]);
    expect(text.err).toContain(`${file}:1:1 polcy: key_unknown: did you mean policy?`);
    expect(text.err).toContain(`${file}:3:3 log.level: value_invalid`);
    const json = await cli(["check-config", "--config", file, "--json"]);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      errors: [{ code: "value_invalid" }, { code: "key_unknown" }],
    });
  });

  const issuer = (keys: string): string =>
    `identity:\n  issuers:\n    - { issuer: "https://people.example", ${keys}, algorithms: [ES256], audiences: [us], vouches_for: subjects }\n`;

  test("reads files of keys as the start would, and asks nobody for keys", async () => {
    const folder = createFolder();
    const check = (name: string, keys: string) =>
      cli(["check-config", "--config", writeText(folder, name, issuer(keys))]);
    const jwks = writeText(folder, "jwks.json", JSON.stringify({ keys: [people.jwk] }));
    const wrong = writeText(folder, "wrong.json", '{"keys":[{"kty":"oct","k":"AAAA"}]}');
    expect(await check("a.yaml", `jwks_file: ${jwks}`)).toMatchObject({ code: 0, err: "" });
    expect(await check("b.yaml", "jwks_url: 'https://nobody.invalid/keys'")).toMatchObject({ code: 0, err: "" });
    expect(await check("c.yaml", "discovery: true")).toMatchObject({ code: 0, err: "" });
    for (const [name, keys, why] of [
      ["d.yaml", `jwks_file: ${folder}/none.json`, "keys_unreadable"],
      ["e.yaml", `jwks_file: ${wrong}`, "keys_malformed"],
      ["f.yaml", "jwks_url: 'http://people.example/keys'", "keys_location_refused"],
      ["g.yaml", `jwks_file: ${jwks}, typ: { access_token: [jwt] }`, "client_pin_missing"],
    ] as const) {
      const { code, out, err } = await check(name, keys);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain(`identity_unusable: ${why}`);
      expect(err).toContain("https://people.example");
    }
  });

  test.each(names.filter((name) => !name.startsWith("policy")))(
    "%s does not start on a wrong configuration: 2",
    async (name) => {
      const needs = name === "decide" ? ["-"] : [];
      const { code, out, err } = await cli([...name.split(" "), ...needs], {
        stdin: founding,
        environment: { CHAPERONE_TYPO: "1" },
      });
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain("environment_unknown");
    },
  );
});

describe("decide", () => {
  test("0: the founding request is allowed, with the role, why this role, and what the policy read", async () => {
    const { code, out } = await cli(["decide", "-", "--json"], { stdin: founding });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      outcome: "allow",
      grant: { role: "flight-booker", permissions: ["flights:book"] },
      role_choice: { needed: ["flights:book"], covering: [{ role: "flight-booker" }, { role: "travel-desk" }] },
      input: { phase: "issue", subject: { departments: ["Operations"] }, actor: { capabilities: ["book_flight"] } },
      trouble: [],
    });
  });

  test("1: another department is denied, with a reason that a person understands", async () => {
    const { code, out } = await cli(["decide", "-"], { stdin: founding.replace("Operations", "Marketing") });
    expect(code).toBe(1);
    expect(out).toMatch(/^outcome +deny \(policy_denied\)\nbecause +\w+: .{20,}/);
    expect(out).toContain('"Marketing"');
  });

  test.each([
    ["no JSON", "{"],
    ["two members of one name", '{"input":{},"input":{}}'],
    ["a member that is the sidecar's", founding.replace('"actor"', '"phase":"use","actor"')],
    ["no input", "{}"],
    ["another member", '{"input":{},"x":1}'],
    ["a list", "[]"],
  ])("2: %s is no request", async (_what, stdin) => {
    const { code, out, err } = await cli(["decide", "-"], { stdin });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^chaperone: [a-z_]+( at [\w.]+)?: /);
  });

  test("2: a request file that is not there, and a time that is none", async () => {
    expect((await cli(["decide", join(createFolder(), "none.json")])).code).toBe(2);
    expect((await cli(["decide", "-", "--time", "noon"], { stdin: founding })).code).toBe(2);
  });

  test("3: a policy that is not there cannot tell, and says what is wrong with it", async () => {
    const { code, out } = await cli(["decide", "-", "--policy", join(createFolder(), "none.tar.gz")], {
      stdin: founding,
    });
    expect(code).toBe(3);
    expect(out).toMatch(/deny \(policy_not_ready\)/);
    expect(out).toContain("bundle_missing");
  });

  test("never shows anything that could be used as a token, and leaves nothing behind", async () => {
    const folder = createFolder();
    const state = join(folder, "state");
    for (const form of [[], ["--json"]]) {
      const { out, err } = await cli(["decide", "-", "--state", state, ...form], { stdin: founding });
      expect(out + err).not.toMatch(/eyJ|[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}/);
    }
    expect(existsSync(state)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("decides for the time that it is told", async () => {
    const { out } = await cli(["decide", "-", "--json", "--time", "1781000000"], { stdin: founding });
    expect(JSON.parse(out)).toMatchObject({ time: 1_781_000_000, input: { time: 1_781_000_000 } });
  });

  test("shows hostile claims as text that a terminal does not obey", async () => {
    const stdin = founding.replace("Director", "\\u001b[2J\\u202eDire\\u00adctor");
    const { out } = await cli(["decide", "-"], { stdin });
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there.
    expect(out).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u202a-\u202e]/);
    expect(out).toContain("\\u202eDire\\u00adctor");
  });
});

describe("keys", () => {
  const development = (folder: string): string[] => ["--state", join(folder, "state")];

  test("list is 3 while no key can sign, and names why", async () => {
    const { code, out } = await cli(["keys", "list", "--json", ...development(createFolder())]);
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ problem: { code: "key_set_missing" } });
  });

  test("rotate is 2 for a key set that is not ours", async () => {
    const folder = createFolder();
    const set = writeText(folder, "set.json", "{}");
    const environment = {
      CHAPERONE_ISSUER: "https://chaperone.example",
      CHAPERONE_POLICY_BUNDLE: "x",
      CHAPERONE_KEYS_KIND: "jwks",
      CHAPERONE_KEYS_PATH: set,
    };
    const { code, err } = await cli(["keys", "rotate"], { environment });
    expect(code).toBe(2);
    expect(err).toContain("rotation_not_ours");
    expect(readFileSync(set, "utf8")).toBe("{}");
  });
});

describe("audit verify", () => {
  test("3: a folder that is not there, or holds nothing, cannot be judged", async () => {
    const folder = createFolder();
    expect((await cli(["audit", "verify", join(folder, "none")])).code).toBe(3);
    expect((await cli(["audit", "verify", folder])).code).toBe(3);
  });

  test("2: a head or public key that is none", async () => {
    const folder = createFolder();
    expect((await cli(["audit", "verify", folder, "--head", "x"])).code).toBe(2);
    expect((await cli(["audit", "verify", folder, "--public-key", writeText(folder, "k", "no key")])).code).toBe(2);
    expect((await cli(["audit", "verify", folder, "--public-key", join(folder, "none")])).code).toBe(2);
  });

  test("3: a log in which nothing is sealed with the given key is not shown to be intact; 0: once it is", async () => {
    const folder = createFolder();
    const log = await openDecisionLog(
      { folder: join(folder, "audit"), durability: "process", rotateBytes: 100_000, checkpointEvery: 100 },
      { clock: { read: () => ({ epochSeconds: 1_781_000_000, isReliable: true }) } },
    );
    await log.record({ type: "event", event: "started", time: 1_781_000_000, detail: {} });
    const verify = ["audit", "verify", join(folder, "audit")];
    const key = ["--public-key", join(folder, "audit-key.pub")];
    expect((await cli(verify)).code).toBe(0);
    const young = await cli([...verify, ...key]);
    expect([young.code, young.out.includes("seal_missing"), young.out.includes("NOT SHOWN")]).toEqual([3, true, true]);

    await log.close();
    const head = log.head();
    if (head === undefined) throw new TypeError("the stop left no checkpoint");
    const file = join(folder, "audit", "audit-00000001.jsonl");
    writeFileSync(file, `${readFileSync(file, "utf8")}{"half`);
    const sealed = await cli([...verify, ...key, "--head", renderHead(head)]);
    expect(sealed.code).toBe(0);
    expect(sealed.out).toMatch(/^head +confirmed$/m);
    expect(sealed.out).toMatch(/^half-written +6 bytes/m);
    expect(sealed.out).toMatch(/^recoveries +0$/m);
    const other = renderHead({ ...head, sequence: 99 });
    const cut = await cli([...verify, ...key, "--head", other]);
    expect([cut.code, /^head +NOT confirmed$/m.test(cut.out)]).toEqual([1, true]);
  });
});
