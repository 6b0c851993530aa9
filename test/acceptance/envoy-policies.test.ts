/** One story: a gateway that asked opa-envoy-plugin asks the sidecar, with the policy that it had. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { startEnvoy } from "../fakes/envoy.ts";
import { buildEnvoyPolicy } from "../fakes/envoy-policy.ts";
import { call } from "../fakes/open-house.ts";
import { makeFolder, operatorCredential, readRecords, type ServedHouse, serve } from "./served-house.ts";

const folder = makeFolder();
const bundle = join(folder.path, "envoy.tar.gz");
const mesh = `unix:${folder.path}/run/mesh.sock`;
const settings = `  - { name: mesh, address: "${mesh}", doors: [ext_authz_opa], callers: socket }
ext_authz_opa: { bundle: "${bundle}" }
`;

let house: ServedHouse;
beforeAll(async () => {
  await writeFile(bundle, await buildEnvoyPolicy());
  house = await serve(folder.path, settings);
}, 120_000);
afterAll(async () => {
  await house.stop();
  folder.remove();
});

const records = (): readonly JsonObject[] =>
  readRecords(`${folder.path}/state/audit`).filter((record) => record["door"] === "ext_authz_opa");
const forged = { "x-user": "admin", "x-groups": "root", "x-blank": "forged", "x-secret": "of-the-client" };

describe("through Envoy itself", { timeout: 60_000 }, () => {
  test("a boolean lets through and turns away, and nothing is minted", async () => {
    const envoy = await startEnvoy({ address: mesh });
    const passed = await envoy.send("/catalogue/shoes?x=1", { authorization: "Bearer of-the-client" });
    expect(passed).toMatchObject({ status: 200, received: { target: "/catalogue/shoes?x=1" } });
    expect(passed.received?.headers).toMatchObject({ authorization: "Bearer of-the-client" });
    expect(await envoy.send("/closed")).toMatchObject({ status: 403, text: "", received: undefined });
    const [allowed, denied] = records().slice(-2);
    const known = {
      listener: "mesh",
      gateway: "gateway",
      entrypoint: "envoy/authz/allow",
      policy: { id: "envoy-authz" },
    };
    expect(allowed).toMatchObject({ ...known, outcome: "allow", http: { method: "GET" } });
    expect(denied).toMatchObject({ ...known, outcome: "deny", code: "policy_denied" });
    expect(allowed).not.toHaveProperty("grant");
    expect(JSON.stringify(records())).not.toMatch(/of-the-client|shoes/);
  });

  test("an object sets, removes and adds, and what the client forged does not survive", async () => {
    const envoy = await startEnvoy({ address: mesh });
    const { status, headers, received } = await envoy.send("/orders/7?user=alice&n=1", forged);
    expect([status, received?.target]).toEqual([200, "/orders/7?n=1&seen=yes"]);
    expect(received?.headers).toMatchObject({ "x-user": "alice", "x-groups": "staff,night" });
    expect(received?.headers).not.toHaveProperty("x-secret");
    expect(received?.headers).not.toHaveProperty("x-blank");
    expect(headers).toMatchObject({ "x-shop": "open", "set-cookie": "a=1,b=2" });
  });

  test("a denial reaches the client as the policy put it, cookies and all", async () => {
    const envoy = await startEnvoy({ address: mesh });
    expect(await envoy.send("/account")).toMatchObject({
      status: 302,
      text: "log in first",
      headers: { location: "/login", "set-cookie": "a=1,b=2" },
      received: undefined,
    });
  });

  test("a body is judged when all of it is there", async () => {
    const body = { max_request_bytes: 64, allow_partial_message: true };
    const envoy = await startEnvoy({ address: mesh, filter: { with_request_body: body } });
    const json = { "content-type": "application/json" };
    expect(await envoy.send("/fit", json, '{"size":42}')).toMatchObject({ status: 200 });
    expect(await envoy.send("/fit", json, '{"size":43}')).toMatchObject({ status: 422, text: "no such size" });
    expect(await envoy.send("/fit", json, '{"size":')).toMatchObject({ status: 400, received: undefined });
    const long = `{"size":42,"note":"${"a".repeat(100)}"}`;
    expect(await envoy.send("/fit", json, long)).toMatchObject({ status: 403, received: undefined });
  });

  test("what is no verdict passes nobody, not even where the gateway would let errors through", async () => {
    const envoy = await startEnvoy({ address: mesh, filter: { failure_mode_allow: true } });
    for (const path of ["/unknown", "/wrong", "/nearly", "/split", "/fit", "/catalogue/%zz"]) {
      expect(await envoy.send(path), path).toMatchObject({ received: undefined });
    }
    expect(await envoy.send("/catalogue/shoes")).toMatchObject({ status: 200 });
    expect(records().at(-2)).toMatchObject({ outcome: "deny", code: "policy_fault" });
  });
});

test("the operator sees which policy that is, and that it is active", async () => {
  const { json } = await call(house.url("admin"), {
    path: "/admin/v1/status",
    headers: { authorization: `Bearer ${operatorCredential}` },
  });
  expect(json).toMatchObject({
    call_policy: { active: { id: "envoy-authz" } },
    readiness: { ready: true, checks: { call_policy: { ok: true } } },
  });
});
