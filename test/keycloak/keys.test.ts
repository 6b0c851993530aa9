/**
 * The keys of a real Keycloak: they change, are taken back and cannot be fetched for a while. Two sidecars look: a
 * watchful one that asks and forgets as fast as configuration lets it, and a patient one that asks once in an hour.
 */
import { decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { isJsonArray, isJsonObject } from "../../src/domain/json.ts";
import { textOf } from "../fakes/gateway.ts";
import { type RunningKeycloak, startKeycloak } from "./running-keycloak.ts";
import { authenticate, signIn } from "./sign-in.ts";
import { agents, serveTravelHouse, type TravelHouse } from "./travel-house.ts";
import { alice, declareRealm, travelRealm } from "./travel-realm.ts";

/** The least that configuration takes for `jwks_refresh_seconds` and `jwks_stale_seconds`, and the cooldown. */
const statedSeconds = 30;
const minutes = 60_000;

interface Trip {
  readonly subject: string;
  readonly actor: string;
  readonly keyId: string;
}

let keycloak: RunningKeycloak;
let realm: string;
let watchful: TravelHouse;
let patient: TravelHouse;
let startedAt = 0;
/** Signed with the first key, and with the one that took its place. */
let before: Trip;
let after: Trip;

beforeAll(async () => {
  keycloak = await startKeycloak();
  await keycloak.admin("POST", "", travelRealm);
  realm = keycloak.issuer("travel");
  before = await sign();
  const times = (seconds: number) => `      jwks_refresh_seconds: ${seconds}\n      jwks_stale_seconds: ${seconds}\n`;
  watchful = await serveTravelHouse(realm, declareRealm(realm, times(statedSeconds)));
  patient = await serveTravelHouse(realm, declareRealm(realm, times(3600)));
  startedAt = now();
});

afterAll(async () => {
  await watchful.remove();
  await patient.remove();
  await keycloak.stop();
});

const now = (): number => Date.now() / 1000;

async function sign(): Promise<Trip> {
  const { access_token: subject } = await signIn(realm, "travel-portal", alice);
  const actor = await authenticate(realm, "travel-planner", agents["travel-planner"]);
  return { subject, actor, keyId: String(decodeProtectedHeader(subject).kid) };
}

const isExchanged = (house: TravelHouse, trip: Trip): Promise<boolean> =>
  house.exchange("travel-planner", trip).then(
    () => true,
    () => false,
  );

const codeOf = async (house: TravelHouse, trip: Trip): Promise<unknown> =>
  (await house.refuse("travel-planner", trip)).code;

/** A new key that signs from now on, while the old one stays published. */
async function addKey(): Promise<void> {
  await keycloak.admin("POST", "/travel/components", {
    name: "next key",
    parentId: memberOf(await keycloak.admin("GET", "/travel"), "id"),
    providerId: "rsa-generated",
    providerType: "org.keycloak.keys.KeyProvider",
    config: { priority: ["200"], algorithm: ["RS256"], keySize: ["2048"], active: ["true"], enabled: ["true"] },
  });
}

async function removeKey(keyId: string): Promise<void> {
  const answer = await keycloak.admin("GET", "/travel/keys");
  const keys = isJsonObject(answer) && isJsonArray(answer["keys"]) ? answer["keys"] : [];
  const key = keys.find((each) => memberOf(each, "kid") === keyId);
  await keycloak.admin("DELETE", `/travel/components/${memberOf(key, "providerId")}`);
}

function memberOf(value: unknown, name: string): string {
  return isJsonObject(value) ? textOf(value, name) : "";
}

const options = { timeout: 2 * minutes };

test("a new key counts at first sight, and one that was taken back no longer than stated", options, async () => {
  expect([await isExchanged(watchful, before), await isExchanged(patient, before)]).toEqual([true, true]);
  await addKey();
  after = await sign();
  expect(after.keyId).not.toBe(before.keyId);
  // Both are published now, as in a careful rotation.
  expect(await isExchanged(watchful, before)).toBe(true);

  await removeKey(before.keyId);
  const removedAt = now();
  await vi.waitUntil(async () => !(await isExchanged(watchful, before)), { timeout: minutes, interval: 500 });
  expect(now() - removedAt).toBeLessThan(statedSeconds + 2);
  expect(await codeOf(watchful, before)).toBe("evidence_untrusted");
  expect(await isExchanged(watchful, after)).toBe(true);

  // A name that nobody knows makes the patient one ask, though not sooner than this after it asked last.
  await vi.waitUntil(() => now() > startedAt + statedSeconds, { timeout: minutes, interval: 250 });
  expect(await isExchanged(patient, before)).toBe(true);
  expect(await isExchanged(patient, after)).toBe(true);
  expect(await codeOf(patient, before)).toBe("evidence_untrusted");
});

test("while Keycloak is away its keys count as long as stated, and then nobody can tell", options, async () => {
  await keycloak.stop();
  const stoppedAt = now();
  expect(await isExchanged(watchful, after)).toBe(true);
  await vi.waitUntil(async () => !(await isExchanged(watchful, after)), { timeout: minutes, interval: 500 });
  expect(now() - stoppedAt).toBeLessThan(statedSeconds + 2);
  expect(await codeOf(watchful, after)).toBe("issuer_keys_unavailable");
  expect(await isExchanged(patient, after)).toBe(true);
});
