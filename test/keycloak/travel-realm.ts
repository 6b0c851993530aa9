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

/** An entry of `identity.issuers`. */
export function realmSettings(realm: string): string {
  return `    - issuer: "${realm}"
`;
}

function readRealm(): JsonObject {
  const realm: unknown = JSON.parse(readFileSync(join(import.meta.dirname, "travel-realm.json"), "utf8"));
  if (!isJsonObject(realm)) throw new TypeError("travel-realm.json holds no object");
  return realm;
}
