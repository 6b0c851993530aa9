/**
 * The token endpoint with everything behind it that decides: the door over HTTP, the clients, the tokens' signatures,
 * the path and the minter. Only the policy is told, and unless told otherwise it says yes to whatever is asked: what
 * is refused here, the sidecar refuses by itself.
 */
import { decodeJwt } from "jose";
import type { JsonObject } from "../../src/domain/json.ts";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import { evidenceVerifiers, type ProfileOptions } from "../../src/identity/index.ts";
import { decide } from "../../src/pdp/decide.ts";
import type { PathPorts } from "../../src/pdp/path-ports.ts";
import { createIdentifierSource } from "../../src/tokens/identifier-source.ts";
import { createRoleTokenMinter } from "../../src/tokens/role-token-minter.ts";
import { createSigningKey } from "../../src/tokens/signing-key.ts";
import { allow } from "./doors-house.ts";
import { actorToken, agentName, ourselves, subjectToken, usualProfiles } from "./issuers.ts";
import type { Answer } from "./open-house.ts";
import { createFakePolicy, createFakeWorld, type FakeWorld, flights, ownIssuer, testTime } from "./path-ports.ts";
import { exchangeForm, type FormChanges, openTokenHouse, tokenType, type TokenHouse } from "./token-client.ts";

const signing = await createSigningKey({ privateKey: ourselves.privateKey, activateAt: 0, place: "test" }, "ES256");
const publicKeys = [ourselves.jwk, signing.publicJwk];

export const hotels = "https://hotels.example/api";
const names = ["flights:book", "flights:cancel", "flights:pay", "flights:search"];
/** Every permission at both targets, enforced one by one, so that nothing but the request and its parents narrows. */
const wideCatalogue: JsonObject = {
  "all-flights": { audience: flights, permissions: names, max_ttl_seconds: 300, enforced_by: "scope" },
  "whole-flights": { audience: flights, permissions: names, max_ttl_seconds: 300, enforced_by: "role" },
  "all-hotels": { audience: hotels, permissions: names, max_ttl_seconds: 300, enforced_by: "scope" },
};

/** All that is asked, as long as it can be, with everybody as the next actor and everywhere as the next target. */
export function sayYes({ asked, audience }: PolicyInput): JsonObject {
  return {
    outcome: "allow",
    role: audience === hotels ? "all-hotels" : "all-flights",
    permissions: asked.permissions.length > 0 ? [...asked.permissions] : ["flights:search"],
    ceiling: "catalogue",
    ttl_seconds: 300,
    limits: [],
    obligations: [],
    delegation: { may_act: [agentName], audiences: [], max_depth: 8 },
    reasons: [],
  };
}

export interface ExchangeHouse extends Pick<TokenHouse, "send" | "address"> {
  readonly world: FakeWorld;
  /** Epoch seconds; a test may move it. */
  readonly clock: { time: number };
  /** What was decided last, as it is on record. */
  readonly lastRecord: () => unknown;
  /** The usual person and agent, changed as told, by a client with a secret. */
  readonly ask: (changes?: FormChanges, headers?: Record<string, string>) => Promise<Answer>;
}

export interface ToldHouse {
  readonly answer?: (input: PolicyInput) => unknown;
  readonly issuers?: readonly ProfileOptions[];
  readonly ports?: Partial<PathPorts>;
}

export async function openExchangeHouse(told: ToldHouse = {}): Promise<ExchangeHouse> {
  const clock = { time: testTime };
  const reading = { read: () => ({ epochSeconds: clock.time, isReliable: true }) };
  const world = createFakeWorld({
    clock: reading,
    identifiers: createIdentifierSource(),
    evidence: evidenceVerifiers.tokens({
      kind: "tokens",
      issuers: told.issuers ?? usualProfiles,
      own: { issuer: ownIssuer, keys: { publicKeys: () => publicKeys } },
    }),
    policy: createFakePolicy(told.answer ?? sayYes, wideCatalogue),
    minter: createRoleTokenMinter(ownIssuer, () => signing),
    rules: { unnamedParties: "deny", depthMax: 8, lifetimeSecondsMax: 300 },
    ...told.ports,
  });
  const { send, exchange, address } = await openTokenHouse(allow, {
    clock: reading,
    decide: (request) => decide(request, world),
  });
  const usual = {
    ...exchangeForm,
    subject_token: subjectToken(),
    actor_token: actorToken(),
    actor_token_type: tokenType("access_token"),
    scope: "flights:book",
    resource: flights,
  };
  return {
    world,
    clock,
    send,
    address,
    lastRecord: () => world.records.at(-1),
    ask: (changes = {}, headers = {}) => exchange({ ...usual, ...changes }, headers),
  };
}

/** The role token of an answer. */
export function tokenOf({ status, json, text }: Answer): string {
  const token = json["access_token"];
  if (status !== 200 || typeof token !== "string") throw new TypeError(`no token: ${text}`);
  return token;
}

/** What stands in it; that it verifies is other tests' affair. */
export const claimsOf = (answer: Answer): JsonObject => decodeJwt<JsonObject>(tokenOf(answer));
