/** The policy is replaced under load: nobody notices but by the revision. */
import { copyFileSync, cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { buildBundle, findOpa } from "../../src/toolchain/index.ts";
import { textOf } from "../fakes/gateway.ts";
import { foundingInput } from "../fakes/requests.ts";
import { root } from "../house/source-tree.ts";
import { makeFolder, operatorCredential, type ServedHouse, serve } from "./served-house.ts";

const folder = makeFolder();
const bundle = join(folder.path, "policy", "bundle.tar.gz");
const shipped = join(root, "bundle/default.tar.gz");
const shorter = join(folder.path, "shorter.tar.gz");
const lifetimeOf = new Map<string, number>();
let house: ServedHouse;

/** In one step, as a ConfigMap or an operator's `mv` does. */
function activate(source: string): void {
  copyFileSync(source, `${bundle}.new`);
  renameSync(`${bundle}.new`, bundle);
}

async function policyState(): Promise<JsonObject> {
  const headers = { authorization: `Bearer ${operatorCredential}` };
  const status: unknown = await (await fetch(`${house.url("admin")}/admin/v1/status`, { headers })).json();
  return isJsonObject(status) && isJsonObject(status["policy"]) ? status["policy"] : {};
}

async function until(isDone: (state: JsonObject) => boolean): Promise<JsonObject> {
  for (let look = 0; look < 400; look += 1) {
    const state = await policyState();
    if (isDone(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`the policy never became so: ${JSON.stringify(await policyState())}`);
}

const isActive = (revision: string) => (state: JsonObject) =>
  isJsonObject(state["active"]) && state["active"]["revision"] === revision;

beforeAll(async () => {
  const source = join(folder.path, "source", "policies");
  cpSync(join(root, "policies"), source, { recursive: true });
  const settings = join(source, "chaperone/settings/staff/data.json");
  writeFileSync(settings, readFileSync(settings, "utf8").replaceAll('"ttl_seconds": 60', '"ttl_seconds": 45'));
  const built = await buildBundle({ source, out: shorter, opa: await findOpa() });
  lifetimeOf.set(built.revision, 45);
  cpSync(shipped, bundle);
  house = await serve(folder.path, `policy: { bundle: ${bundle} }\nkeys: { kind: development }\n`);
  const { body } = await house.ask(foundingInput);
  if (isJsonObject(body["policy"])) lifetimeOf.set(textOf(body["policy"], "revision"), 60);
});
afterAll(async () => {
  await house.stop();
  folder.remove();
});

test("every answer under load is an allow that names the revision that decided it", { timeout: 120_000 }, async () => {
  const [second = "", first = ""] = [...lifetimeOf.keys()];
  const seen = new Map<string, number>();
  const over = new AbortController();
  const gateway = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const { status, body } = await house.ask(foundingInput);
      const policy = body["policy"];
      if (status !== 200 || !isJsonObject(policy)) throw new Error(`${status} ${JSON.stringify(body)}`);
      const revision = textOf(policy, "revision");
      expect(body).toMatchObject({ allow: true, expires_in: lifetimeOf.get(revision) });
      seen.set(revision, (seen.get(revision) ?? 0) + 1);
    }
  };
  const gateways = Array.from({ length: 4 }, gateway);
  for (let change = 0; change < 3; change += 1) {
    activate(shorter);
    await until(isActive(second));
    activate(shipped);
    await until(isActive(first));
  }
  over.abort();
  await Promise.all(gateways);
  expect([...seen.keys()].toSorted()).toEqual([first, second].toSorted());
  console.log(`6 reloads under load: ${[...seen.values()].join(" + ")} decisions, none failed or refused`);
});

test("SIGHUP looks again, too", async () => {
  const [second = "", first = ""] = [...lifetimeOf.keys()];
  activate(shorter);
  house.process.kill("SIGHUP");
  await until(isActive(second));
  activate(shipped);
  house.process.kill("SIGHUP");
  await until(isActive(first));
});

test("a broken bundle changes nothing but the status", async () => {
  const before = await policyState();
  writeFileSync(`${bundle}.new`, "this is no bundle");
  renameSync(`${bundle}.new`, bundle);
  const after = await until((state) => state["rejection"] !== undefined);
  expect(after["active"]).toEqual(before["active"]);
  expect((await house.ask(foundingInput)).body).toMatchObject({ allow: true });
  expect((await fetch(`${house.url("probe")}/readyz`)).status).toBe(200);
  activate(shipped);
  await until((state) => state["rejection"] === undefined);
});
