/** The page's policy that verifies bearer tokens, asked by OPA itself and by the room, about the same calls. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isJsonArray, type JsonObject } from "../../src/domain/json.ts";
import { Fault } from "../../src/domain/refusal.ts";
import { builtinBounds } from "../../src/policy/builtins/bounds.ts";
import { type CallPolicyRoom, createCallPolicyRoom } from "../../src/policy/index.ts";
import { findOpa } from "../../src/toolchain/index.ts";
import { runCommand } from "../../src/toolchain/run-command.ts";
import { buildEnvoyPolicy } from "../fakes/envoy-policy.ts";
import { createRecordingAnnouncer } from "../fakes/recording-announcer.ts";
import { root } from "../house/source-tree.ts";
import { jwkOf, pemOf, type Signer, signers, type SigningWay, signToken } from "./builtins/token-maker.ts";
import { optionsFor, temporaryFolder } from "./workshop.ts";

const page = readFileSync(join(root, "docs/doors/ext_authz_opa.md"), "utf8");
const rego = /```rego\n(.*?)```/su.exec(page)?.[1] ?? "";
const data = { jwks: { keys: [jwkOf(signers.otherRsa), jwkOf(signers.rsa, { alg: "RS256" }), jwkOf(signers.p256)] } };
/** OPA has its own clock. */
const now = Math.floor(Date.now() / 1000);

async function open(): Promise<CallPolicyRoom> {
  const path = join(await temporaryFolder(), "bundle.tar.gz");
  await writeFile(path, await buildEnvoyPolicy(rego, "envoy/authz/allow", data));
  const options = { ...optionsFor(path), entrypoint: "envoy/authz/allow" };
  const clock = { read: () => ({ epochSeconds: now, isReliable: true }) };
  return createCallPolicyRoom(options, { clock, announcer: createRecordingAnnouncer() });
}

const claims = { iss: "https://idp.example", aud: "orders", sub: "alice", scopes: ["orders:read"], exp: now + 900 };
const payloads: readonly object[] = [
  claims,
  { ...claims, aud: ["billing", "orders"], nbf: now - 60 },
  { ...claims, aud: ["billing"] },
  { ...claims, aud: undefined },
  { ...claims, iss: "https://idp.example/" },
  { ...claims, exp: now - 900 },
  { ...claims, exp: undefined },
  { ...claims, exp: `${now + 900}` },
  { ...claims, nbf: now + 900 },
  { ...claims, scopes: ["orders:write"] },
  { ...claims, sub: undefined },
];
const headers: readonly object[] = [
  { alg: "RS256" },
  { alg: "RS256", kid: "rsa", typ: "JWT" },
  { alg: "RS256", kid: "other-rsa" },
  { alg: "RS256", kid: "gone" },
  { alg: "RS256", kid: 7 },
  { alg: "HS256", kid: "rsa" },
  { alg: "none" },
];
const ways: readonly (readonly [Signer | string, SigningWay])[] = [
  [signers.rsa, { algorithm: "RS256" }],
  [signers.otherRsa, { algorithm: "RS256" }],
  [signers.smallRsa, { algorithm: "RS256" }],
  [signers.p256, { algorithm: "ES256" }],
  [pemOf(signers.rsa), { algorithm: "HS256" }],
];
const good = signToken(signers.rsa, { alg: "RS256", kid: "rsa" }, claims, { algorithm: "RS256" });
const authorizations: readonly string[] = [
  ...payloads.flatMap((payload) =>
    headers.flatMap((header) => ways.map(([signer, way]) => `Bearer ${signToken(signer, header, payload, way)}`)),
  ),
  ...[good, good.slice(0, -20), `${good}.`, `${good}=`, `x${good}`, good.toLowerCase(), ".", ""].flatMap((token) => [
    `bearer ${token}`,
    `Bearer  ${token}`,
    `Basic ${token}`,
    token,
  ]),
];

const inputOf = (authorization: string) => ({
  attributes: { request: { http: { method: "GET", headers: { authorization } } } },
  parsed_path: ["orders", "7"],
  parsed_query: {},
  parsed_body: null,
  truncated_body: false,
});

async function askOpaItself(inputs: readonly JsonObject[]): Promise<readonly unknown[]> {
  const folder = await temporaryFolder();
  const [policy, file, dataFile] = ["policy.rego", "input.json", "data.json"].map((name) => join(folder, name));
  await writeFile(policy!, rego);
  await writeFile(file!, JSON.stringify(inputs));
  await writeFile(dataFile!, JSON.stringify(data));
  const query = "[verdict | some call in input; verdict := data.envoy.authz.allow with input as call]";
  const command = ["eval", "-f", "raw", "-d", policy!, "-d", dataFile!, "-i", file!, query];
  const verdicts: unknown = JSON.parse((await runCommand(await findOpa(), command)).stdout);
  return isJsonArray(verdicts) ? verdicts : [];
}

test("lets through whom OPA lets through, and nobody else", { timeout: 120_000 }, async () => {
  const room = await open();
  const inputs = authorizations.map(inputOf);
  const theirs = (await askOpaItself(inputs)).map((verdict) => typeof verdict === "object");
  const ours = inputs.map((input) => {
    const verdict = room.snapshot(now).judge(input, now);
    return "allowed" in verdict && verdict.allowed;
  });
  expect(theirs).toHaveLength(authorizations.length);
  expect(authorizations.filter((_, index) => theirs[index] !== ours[index])).toEqual([]);
  console.log(`the page's policy on ${ours.length} tokens: ${ours.filter(Boolean).length} let through, as OPA does`);
  expect(ours.filter(Boolean).length).toBeGreaterThan(5);
});

test("a token beyond its bound is a denial of ours, and no fault to be let through", { timeout: 60_000 }, async () => {
  const room = await open();
  const long = `Bearer ${good}${"A".repeat(builtinBounds.tokenLengthMax)}`;
  let thrown: unknown;
  try {
    room.snapshot(now).judge(inputOf(long), now);
  } catch (cause) {
    thrown = cause;
  }
  expect(thrown).toBeInstanceOf(Fault);
  expect(thrown).toMatchObject({ code: "internal_fault" });
  expect(String(thrown instanceof Fault && thrown.detail)).toBe("the evaluation threw a BuiltinLimitError");
  expect(room.snapshot(now).judge(inputOf(`Bearer ${good}`), now)).toMatchObject({ allowed: true });
});
