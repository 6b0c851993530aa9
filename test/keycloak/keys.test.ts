/** The keys of a real Keycloak, which rotate, are withdrawn and cannot be fetched for a while. */
import { decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { isJsonArray, isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { textOf } from "../fakes/gateway.ts";
import { type RunningKeycloak, startKeycloak } from "./running-keycloak.ts";
import { authenticate, signIn } from "./sign-in.ts";
import { agents, serveTravelHouse, type TravelHouse } from "./travel-house.ts";
import { alice, realmSettings, travelRealm } from "./travel-realm.ts";

let keycloak: RunningKeycloak;
let realm: string;
let travel: TravelHouse;

beforeAll(async () => {
  keycloak = await startKeycloak();
  await keycloak.admin("POST", "", travelRealm);
  realm = keycloak.issuer("travel");
  travel = await serveTravelHouse(realm, realmSettings(realm));
});

afterAll(async () => {
  await travel.remove();
  await keycloak.stop();
});

/** Both tokens, signed with the key that is active now. */
async function trip(): Promise<{ readonly subject: string; readonly actor: string; readonly keyId: string }> {
  const { access_token: subject } = await signIn(realm, "travel-portal", alice);
  const actor = await authenticate(realm, "travel-planner", agents["travel-planner"]);
  return { subject, actor, keyId: textOf({ ...decodeProtectedHeader(subject) }, "kid") };
}

const isExchanged = (asked: { readonly subject: string; readonly actor: string }): Promise<boolean> =>
  travel.exchange("travel-planner", asked).then(
    () => true,
    () => false,
  );

async function signingKeys(): Promise<readonly JsonObject[]> {
  const answer = await keycloak.admin("GET", "/travel/keys");
  const keys = isJsonObject(answer) ? answer["keys"] : undefined;
  if (!isJsonArray(keys)) throw new TypeError("Keycloak lists no keys");
  return keys.filter(isJsonObject).filter((key) => key["algorithm"] === "RS256");
}

async function addKey(): Promise<void> {
  const described = await keycloak.admin("GET", "/travel");
  if (!isJsonObject(described)) throw new TypeError("Keycloak describes no realm");
  await keycloak.admin("POST", "/travel/components", {
    name: "next key",
    parentId: textOf(described, "id"),
    providerId: "rsa-generated",
    providerType: "org.keycloak.keys.KeyProvider",
    config: { priority: ["200"], algorithm: ["RS256"], keySize: ["2048"], active: ["true"], enabled: ["true"] },
  });
}

test("a new key is believed at once, and a key that is gone no longer than stated", async () => {
  const before = await trip();
  expect(await isExchanged(before)).toBe(true);

  await addKey();
  const after = await trip();
  expect(after.keyId).not.toBe(before.keyId);
  expect(await isExchanged(after)).toBe(true);
  expect(await isExchanged(before)).toBe(true);

  const old = (await signingKeys()).find((key) => key["kid"] === before.keyId) ?? {};
  await keycloak.admin("DELETE", `/travel/components/${textOf(old, "providerId")}`);
  const removedAt = Date.now();
  await vi.waitUntil(async () => !(await isExchanged(before)), { timeout: 30_000, interval: 250 });
  expect(Date.now() - removedAt).toBeLessThan(30_000);
  expect(await travel.refuse("travel-planner", before)).toMatchObject({
    status: 400,
    error: "invalid_request",
    code: "evidence_untrusted",
    reason: "The subject token is not signed with a key of its issuer.",
  });
  expect(await isExchanged(after)).toBe(true);
});

test("while Keycloak is away its keys count for the stated time, and then nothing is believed", async () => {
  const asked = await trip();
  await keycloak.stop();
  expect(await isExchanged(asked)).toBe(true);
});
