/** Other people's Envoy policies, built by the real OPA and asked by the room that asks ours. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Fault } from "../../src/domain/refusal.ts";
import { type CallPolicyRoom, createCallPolicyRoom } from "../../src/policy/index.ts";
import { findOpa } from "../../src/toolchain/index.ts";
import { runCommand } from "../../src/toolchain/run-command.ts";
import { buildEnvoyPolicy, shopPolicy } from "../fakes/envoy-policy.ts";
import { testTime } from "../fakes/path-ports.ts";
import { createRecordingAnnouncer } from "../fakes/recording-announcer.ts";
import { optionsFor, temporaryFolder } from "./workshop.ts";

const entrypoint = "envoy/authz/allow";
const clock = { read: () => ({ epochSeconds: testTime, isReliable: true }) };

async function openWith(bundle: Buffer, changes: Parameters<typeof optionsFor>[1] = {}) {
  const path = join(await temporaryFolder(), "bundle.tar.gz");
  await writeFile(path, bundle);
  const options = { ...optionsFor(path, changes), entrypoint };
  const room = await createCallPolicyRoom(options, { clock, announcer: createRecordingAnnouncer() });
  return { room, path };
}

const inputOf = (parsedPath: readonly string[], more: object = {}) => ({
  attributes: { request: { http: { method: "GET", path: `/${parsedPath.join("/")}` } } },
  parsed_path: [...parsedPath],
  parsed_query: { user: ["alice"] },
  parsed_body: null,
  truncated_body: false,
  ...more,
});
type Input = ReturnType<typeof inputOf>;

const judge = (room: CallPolicyRoom, input: Input) => room.snapshot(testTime).judge(input, testTime);

function codeOf(run: () => unknown): string {
  try {
    return `no fault: ${JSON.stringify(run())}`;
  } catch (cause) {
    return cause instanceof Fault ? cause.code : String(cause);
  }
}

const shop = openedOnce();
function openedOnce(): () => Promise<CallPolicyRoom> {
  let bundle: Promise<Buffer> | undefined;
  return async () => (await openWith(await (bundle ??= buildEnvoyPolicy()))).room;
}

test("each form of result is understood, and the snapshot says what was asked", async () => {
  const room = await shop();
  expect(room.snapshot(testTime)).toMatchObject({ entrypoint, reference: { id: "test" } });
  expect(judge(room, inputOf(["catalogue", "shoes"]))).toMatchObject({ allowed: true, changes: { headersToSet: [] } });
  expect(judge(room, inputOf(["closed"]))).toMatchObject({ allowed: false, refusal: { status: 403 } });
  expect(judge(room, inputOf(["orders", "7"]))).toMatchObject({
    allowed: true,
    changes: {
      headersToSet: [{ name: "x-groups" }, { name: "x-user", value: "alice" }],
      headersToRemove: ["x-secret", "x-blank"],
    },
  });
  expect(judge(room, inputOf(["account"]))).toMatchObject({ refusal: { status: 302, body: "log in first" } });
  expect(judge(room, inputOf(["fit"], { parsed_body: { size: 42 } }))).toMatchObject({ allowed: true });
  expect(judge(room, inputOf(["fit"], { parsed_body: { size: 43 } }))).toMatchObject({ refusal: { status: 422 } });
});

test.each([["unknown"], ["wrong"], ["nearly"], ["fit"]])("what /%s gives is no verdict", async (path) => {
  const room = await shop();
  const input = inputOf([path], path === "fit" ? { truncated_body: true, parsed_body: { size: 42 } } : {});
  expect(codeOf(() => judge(room, input))).toBe("policy_fault");
  expect(judge(room, inputOf(["closed"]))).toMatchObject({ allowed: false });
});

test.each([
  ["a yes", "true"],
  ["a no", "false"],
])(
  "%s that a client made impossible to carry out is a denial, and no fault to be let through",
  async (_name, allowed) => {
    const { room } = await openWith(
      await buildEnvoyPolicy(`package envoy.authz
import rego.v1
allow := {"allowed": ${allowed}, "headers": {"location": concat("", ["/login?next=", input.parsed_query.user[0]])}}`),
    );
    for (const user of ["a\r\nx-admin: true", "a".repeat(17_000)]) {
      expect(judge(room, inputOf(["a"], { parsed_query: { user: [user] } }))).toMatchObject({
        code: "obligation_unenforceable",
        reasons: [
          { message: "The policy set an obligation that this door cannot enforce. The verdict is wrong at headers." },
        ],
      });
    }
  },
);

test.each([
  ["too deep for what the policy does with it", "[".repeat(60_000)],
  ["too large to be shown to it", "\u0000".repeat(100_000)],
])("a body %s is a denial of ours, and no fault to be let through", async (_name, body) => {
  const { room } = await openWith(
    await buildEnvoyPolicy(`package envoy.authz
import rego.v1
default allow := false
allow if json.unmarshal(input.body).x == 1`),
  );
  expect(codeOf(() => judge(room, inputOf(["a"], { body })))).toBe("internal_fault");
  expect(judge(room, inputOf(["a"], { body: "{}" }))).toMatchObject({ allowed: false });
});

test("it decides as OPA itself does with the same source", { timeout: 60_000 }, async () => {
  const room = await shop();
  const folder = await temporaryFolder();
  const source = join(folder, "policy.rego");
  await writeFile(source, shopPolicy);
  const opa = await findOpa();
  const inputs = [["catalogue", "shoes"], ["catalogue", "hats"], ["closed"], ["orders", "7"], ["account"], ["nearly"]];
  for (const path of inputs) {
    const input = inputOf(path);
    const file = join(folder, "input.json");
    await writeFile(file, JSON.stringify(input));
    const command = ["eval", "--format", "raw", "--data", source, "--input", file, "data.envoy.authz.allow"];
    const { stdout } = await runCommand(opa, command);
    const result: unknown = stdout.trim() === "" ? undefined : JSON.parse(stdout);
    const isAllow =
      result === true || (typeof result === "object" && result !== null && Reflect.get(result, "allowed") === true);
    const verdict = codeOf(() => judge(room, input));
    expect(verdict.includes('"allowed":true'), path.join("/")).toBe(isAllow);
  }
});

test("an evaluation that comes late is not used", async () => {
  const slow = `package envoy.authz
import rego.v1
default allow := false
allow if {
	some a in numbers.range(1, input.parsed_body)
	some b in numbers.range(1, input.parsed_body)
	a * b == -1
}`;
  const { room } = await openWith(await buildEnvoyPolicy(slow), { deadlineMilliseconds: 1 });
  expect(codeOf(() => judge(room, inputOf(["a"], { parsed_body: 400 })))).toBe("policy_deadline");
});

describe("what a client can make break off costs the call after it nothing", () => {
  const users = Object.fromEntries(Array.from({ length: 30_000 }, (_, at) => [`user${at}`, { roles: ["a", "b"], at }]));
  const rego = `package envoy.authz
import rego.v1
default allow := false
allow if data.users[input.parsed_body]
allow if not io.jwt.decode(input.parsed_body)
allow if to_number(input.parsed_body) > 0`;
  const opened = async () =>
    (await openWith(await buildEnvoyPolicy(rego, entrypoint, { users }), { deadlineMilliseconds: 100 })).room;

  test.each([
    ["a token longer than its bound", "x".repeat(70_000), "internal_fault"],
    [
      "a token nested deeper than its bound",
      `${Buffer.from(`{"a":${"[".repeat(600)}${"]".repeat(600)}}`).toString("base64url")}.e30.`,
      "internal_fault",
    ],
    ["an input larger than its bound", "\u0001".repeat(100_000), "internal_fault"],
    ["what the module itself gives up on", "1e999999999", "internal_fault"],
  ])("%s", { timeout: 60_000 }, async (_what, parsed_body, code) => {
    const room = await opened();
    expect(judge(room, inputOf(["a"], { parsed_body: "user7" }))).toMatchObject({ allowed: true });
    for (let round = 0; round < 3; round += 1) {
      expect(codeOf(() => judge(room, inputOf(["a"], { parsed_body })))).toBe(code);
      expect(judge(room, inputOf(["a"], { parsed_body: "user7" }))).toMatchObject({ allowed: true });
    }
  });
});

describe("a bundle is not taken", () => {
  const refusalOf = async (bundle: Buffer) => (await openWith(bundle)).room.state().rejection;

  test("when it was built for another rule", async () => {
    const bundle = await buildEnvoyPolicy("package other\nimport rego.v1\nallow := true", "other/allow");
    expect(await refusalOf(bundle)).toMatchObject({ code: "bundle_entrypoint_missing" });
  });

  test.each([
    ["http.send", 'http.send({"method": "GET", "url": "http://shop.example"}).status_code == 200'],
    ["io.jwt.encode_sign", 'io.jwt.encode_sign({"alg": "HS256"}, {}, input.key) != ""'],
    ["io.jwt.encode_sign_raw", 'io.jwt.encode_sign_raw("{}", "{}", input.key) != ""'],
  ])("when it needs %s, which is not here", async (name, line) => {
    const bundle = await buildEnvoyPolicy(`package envoy.authz\nimport rego.v1\nallow if ${line}`);
    const refusal = await refusalOf(bundle);
    expect(refusal).toMatchObject({ code: "bundle_builtin_missing" });
    expect(JSON.stringify(refusal)).toContain(name);
  });

  test("when it never comes back", { timeout: 30_000 }, async () => {
    // A naive search through a long text allocates nothing, so it is time that runs out and not memory.
    const bundle = await buildEnvoyPolicy(`package envoy.authz
import rego.v1
allow if {
	text := concat("", ["a" | some _ in numbers.range(1, 200000)])
	contains(text, concat("", [substring(text, 0, 100000), "b"]))
}`);
    expect(await refusalOf(bundle)).toMatchObject({ code: "bundle_samples_failed" });
  });

  test("when it is none, and then nobody decides; and the last good one decides on beside a broken one", async () => {
    const none = await openWith(Buffer.from("no bundle"));
    expect(codeOf(() => none.room.snapshot(testTime))).toBe("policy_not_ready");
    const { room, path } = await openWith(await buildEnvoyPolicy());
    await writeFile(path, "no bundle");
    await room.reload();
    expect(room.state().rejection).toBeDefined();
    expect(judge(room, inputOf(["catalogue", "shoes"]))).toMatchObject({ allowed: true });
    await writeFile(path, await buildEnvoyPolicy("package envoy.authz\nimport rego.v1\nallow := false"));
    await room.reload();
    expect(judge(room, inputOf(["catalogue", "shoes"]))).toMatchObject({ allowed: false });
  });

  test("without the signature that is required", async () => {
    const signature = { mode: "required", keys: [] } as const;
    const { room } = await openWith(await buildEnvoyPolicy(), { signature });
    expect(room.state().rejection).toMatchObject({ code: "bundle_signature_wrong" });
  });
});
