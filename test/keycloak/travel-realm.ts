/** The realm of travel-realm.json, its people, and how an operator declares it to Chaperone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import type { Person } from "./sign-in.ts";

export const travelRealm = readRealm();

/** Operations, Director. */
export const alice: Person = { username: "alice", password: "alice-test-password" };
/** Marketing, Assistant. */
export const bob: Person = { username: "bob", password: "bob-test-password" };

/** A person who called herself like the service account of an agent. */
export const eve: Person = { username: "service-account-eve", password: "eve-test-password" };

/** An entry of `identity.issuers`; `more` is added to it. */
export function declareRealm(realm: string, more = ""): string {
  return `    - issuer: "${realm}"
      profile: keycloak
      discovery: true
      algorithms: [RS256]
      audiences: [chaperone]
      clients: [travel-portal, travel-kiosk, travel-terminal, travel-planner, flight-search, price-watch]
      vouches_for: both
      allowed_actors: [{ issuer: "${realm}", id: flight-search }]
      leeway_seconds: 0
${more}`;
}

function readRealm(): JsonObject {
  const realm: unknown = JSON.parse(readFileSync(join(import.meta.dirname, "travel-realm.json"), "utf8"));
  if (!isJsonObject(realm)) throw new TypeError("travel-realm.json holds no object");
  return realm;
}
