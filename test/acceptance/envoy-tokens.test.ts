/** One story: a gateway's policy verifies bearer tokens itself, as the page of ext_authz_opa shows it. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEnvoy } from "../fakes/envoy.ts";
import { buildEnvoyPolicy } from "../fakes/envoy-policy.ts";
import { root } from "../house/source-tree.ts";
import { jwkOf, pemOf, type Signer, signers, signToken } from "../policy/builtins/token-maker.ts";
import { makeFolder, readRecords, type ServedHouse, serve } from "./served-house.ts";

const page = readFileSync(join(root, "docs/doors/ext_authz_opa.md"), "utf8");
const rego = /```rego\n(.*?)```/su.exec(page)?.[1] ?? "";

const folder = makeFolder();
const bundle = join(folder.path, "envoy.tar.gz");
const mesh = `unix:${folder.path}/run/mesh.sock`;
const settings = `  - { name: mesh, address: "${mesh}", doors: [ext_authz_opa], callers: socket }
ext_authz_opa: { bundle: "${bundle}" }
`;

let house: ServedHouse;
beforeAll(async () => {
  expect(rego).toContain("io.jwt.decode_verify");
  const data = { jwks: { keys: [jwkOf(signers.otherRsa), jwkOf(signers.rsa)] } };
  await writeFile(bundle, await buildEnvoyPolicy(rego, "envoy/authz/allow", data));
  house = await serve(folder.path, settings);
}, 120_000);
afterAll(async () => {
  await house.stop();
  folder.remove();
});

const now = Math.floor(Date.now() / 1000);
const claims = {
  iss: "https://idp.example",
  aud: ["orders"],
  sub: "alice",
  scopes: ["orders:read"],
  exp: now + 600,
};
const rs256 = { algorithm: "RS256" };
const tokenOf = (changes: object = {}, signer: Signer = signers.rsa): string =>
  signToken(signer, { alg: "RS256", kid: "rsa", typ: "JWT" }, { ...claims, ...changes }, rs256);
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}`, "x-user": "root" });

test("a good token passes, and the upstream is told who it is and never sees it", { timeout: 60_000 }, async () => {
  const envoy = await startEnvoy({ address: mesh });
  const passed = await envoy.send("/orders/7", bearer(tokenOf()));
  expect(passed).toMatchObject({ status: 200, received: { headers: { "x-user": "alice" } } });
  expect(passed.received?.headers).not.toHaveProperty("authorization");
  expect(await envoy.send("/orders/7", { ...bearer(tokenOf()), authorization: `bearer ${tokenOf()}` })).toMatchObject({
    status: 200,
  });
});

test("no other token passes, and no word of any is logged or recorded", { timeout: 60_000 }, async () => {
  const envoy = await startEnvoy({ address: mesh });
  const [header = "", payload = "", signature = ""] = tokenOf().split(".");
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: "mallory-the-forger" })).toString("base64url");
  const header256 = { alg: "HS256", kid: "rsa" };
  const wrong: Readonly<Record<string, string>> = {
    "another's claims": `${header}.${forged}.${signature}`,
    "no signature": `${header}.${payload}.`,
    "no algorithm": `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`,
    "the public key as a secret": signToken(pemOf(signers.rsa), header256, claims, { algorithm: "HS256" }),
    "another key under a known name": tokenOf({}, signers.otherRsa),
    "an unknown key": tokenOf({}, signers.smallRsa),
    "another algorithm of the key": signToken(signers.rsa, { alg: "PS256", kid: "rsa" }, claims, {
      algorithm: "PS256",
    }),
    "a time that is over": tokenOf({ exp: now - 1 }),
    "no end": tokenOf({ exp: undefined }),
    "a time to come": tokenOf({ nbf: now + 600 }),
    "another audience": tokenOf({ aud: ["billing"] }),
    "no audience": tokenOf({ aud: undefined }),
    "another issuer": tokenOf({ iss: "https://evil.example" }),
    "another scope": tokenOf({ scopes: ["orders:readers"] }),
    "a scope in a text": tokenOf({ scopes: "orders:read" }),
    "half a token": tokenOf().slice(0, 100),
    nothing: "",
  };
  for (const [title, token] of Object.entries(wrong)) {
    expect(await envoy.send("/orders/7", bearer(token)), title).toMatchObject({ status: 403, received: undefined });
  }
  expect(await envoy.send("/orders/7", { "x-user": "root" })).toMatchObject({ status: 403, received: undefined });
  expect(await envoy.send("/orders/7", { authorization: `Basic ${tokenOf()}` })).toMatchObject({ status: 403 });
  const records = readRecords(`${folder.path}/state/audit`).filter((record) => record["door"] === "ext_authz_opa");
  expect(records.length).toBeGreaterThan(Object.keys(wrong).length);
  const words = new RegExp([payload.slice(0, 20), forged.slice(0, 20), header, "mallory", "eyJ"].join("|"), "u");
  expect(JSON.stringify(records)).not.toMatch(words);
  expect(JSON.stringify(house.lines)).not.toMatch(words);
});
