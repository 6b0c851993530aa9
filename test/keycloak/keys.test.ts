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

/** Of the watchful one: `jwks_refresh_seconds`, the least that configuration takes, and `jwks_stale_seconds`. */
const [refreshSeconds, staleSeconds] = [30, 45];
/** Between two questions after names that nobody knows (docs/identity/keys.md). */
const cooldownSeconds = 30;
/** As long as it may take to ask (docs/identity/keys.md). */
const fetchSeconds = 5;
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
/** Signed with the first key, and with the one that took its place. */
let before: Trip;
let after: Trip;

beforeAll(async () => {
  keycloak = await startKeycloak();
  await keycloak.admin("POST", "", travelRealm);
  realm = keycloak.issuer("travel");
  before = await sign();
  const times = (refresh: number, stale: number): string =>
    `      jwks_refresh_seconds: ${refresh}\n      jwks_stale_seconds: ${stale}\n`;
  watchful = await serveTravelHouse(realm, declareRealm(realm, times(refreshSeconds, staleSeconds)));
  patient = await serveTravelHouse(realm, declareRealm(realm, times(3600, 3600)));
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

/** When the last request was sent that was still believed. */
async function untilRefused(house: TravelHouse, trip: Trip): Promise<number> {
  let last = 0;
  const isRefused = async (): Promise<boolean> => {
    const sentAt = now();
    if (!(await isExchanged(house, trip))) return true;
    last = sentAt;
    return false;
  };
  await vi.waitUntil(isRefused, { timeout: minutes, interval: 500 });
  return last;
}

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
  const knownAt = now();
  await addKey();
  after = await sign();
  expect(after.keyId).not.toBe(before.keyId);
  // Both are published now, as in a careful rotation.
  expect(await isExchanged(watchful, before)).toBe(true);

  await removeKey(before.keyId);
  const removedAt = now();
  expect(await untilRefused(watchful, before)).toBeLessThan(removedAt + refreshSeconds + fetchSeconds);
  expect(await codeOf(watchful, before)).toBe("evidence_untrusted");
  expect(await isExchanged(watchful, after)).toBe(true);

  // A name that nobody knows makes the patient one ask, though not sooner than this after it asked last.
  await vi.waitUntil(() => now() > knownAt + cooldownSeconds, { timeout: minutes, interval: 250 });
  expect(await isExchanged(patient, before)).toBe(true);
  expect(await isExchanged(patient, after)).toBe(true);
  expect(await codeOf(patient, before)).toBe("evidence_untrusted");
});

test("while Keycloak is away its keys count as long as stated, and then nobody can tell", options, async () => {
  await keycloak.stop();
  const stoppedAt = now();
  expect(await isExchanged(watchful, after)).toBe(true);
  expect(await untilRefused(watchful, after)).toBeLessThan(stoppedAt + staleSeconds);
  expect(await codeOf(watchful, after)).toBe("issuer_keys_unavailable");
  expect(await isExchanged(patient, after)).toBe(true);
});
