/**
 * A role token at every door of the resource's side, minted by the same house: it is taken for its permission at its
 * audience while it lives and stands, and for nothing else; and what is evidence on one side is none on the other.
 */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseIssuer, parsePartyId } from "../../src/domain/identifiers.ts";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { makeFolder } from "../acceptance/served-house.ts";
import {
  askHeld,
  evidenceAt,
  type Heard,
  type HeldDoor,
  heldDoors,
  type HeldParts,
  parseHeld,
  textIn,
} from "../fakes/decision-doors.ts";
import { type DecisionHouse, openDecisionHouse } from "../fakes/decision-house.ts";
import { listenerName, renderListeners } from "../fakes/decision-listeners.ts";
import { agent, payloadOf, person } from "../fakes/held-operations.ts";
import { createFakeIssuer, people, roleTokenOf } from "../fakes/issuers.ts";
import { call } from "../fakes/open-house.ts";
import { known, ownIssuer, testTime } from "../fakes/path-ports.ts";
import { expectNothingSeen } from "./agent-view.ts";

const folder = makeFolder();
let house: DecisionHouse;
beforeAll(async () => {
  house = await openDecisionHouse(folder.path, renderListeners(folder.path), testTime);
});
afterAll(async () => {
  await house.close();
  folder.remove();
});

interface Asked {
  readonly person?: JsonObject;
  readonly agent?: JsonObject;
  readonly more?: JsonObject;
}

const alice = { sub: "alice", Department: "Operations", Role: "Director" };
const travelAgent = (capabilities: string): JsonObject => ({ sub: "travel-agent", Capabilities: capabilities });

async function mint({ person: claims = alice, agent: actor = travelAgent("book_flight"), more = {} }: Asked = {}) {
  const body = JSON.stringify({ input: { subject: { claims }, actor: { claims: actor }, ...more } });
  const { json } = await call(house.address("authorize"), { body });
  return known(textIn(json, "token"));
}

const mintForRecord = (): Promise<string> =>
  mint({
    person: { sub: "carl", Department: "Support", Role: "Clerk" },
    agent: travelAgent("read_record"),
    more: { resource: { type: "record", id: "r-1", properties: { tier: "public" } } },
  });
const mintForRestart = (): Promise<string> =>
  mint({ person: { sub: "eve", Department: "Engineering", Role: "Engineer" }, agent: travelAgent("restart_service") });

interface Answered {
  readonly heard: Heard;
  readonly code: string;
}

async function askAt(door: HeldDoor, position: "issue" | "use", parts: HeldParts): Promise<Answered> {
  const [records, turnedAway] = [house.records.length, house.watched.turnedAway.length];
  const heard = await askHeld(door, house.address(listenerName(door, position)), parts);
  const told = house.records.slice(records).map(({ code, outcome }) => code ?? outcome);
  const [code, ...others] = [...told, ...house.watched.turnedAway.slice(turnedAway)];
  expect(others).toEqual([]);
  expect(heard.code ?? code).toBe(code);
  expectNothingSeen(heard, [parts.headers, parts.verified ?? {}]);
  return { heard, code: known(code) };
}

const show = (door: HeldDoor, held: string, headers: Record<string, string>): Promise<Answered> =>
  askAt(door, "use", { ...parseHeld(held), headers });

const book = "POST flights.example/flights/LH400/bookings";
const cancel = "DELETE flights.example/flights/LH400";
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Member by member other than it was signed. */
function alter(token: string, changes: JsonObject): string {
  const [head = "", , signature = ""] = token.split(".");
  return [head, payloadOf({ ...decodeJwt(token), ...changes }), signature].join(".");
}

function flip(token: string): string {
  const [head = "", claims = "", signature = ""] = token.split(".");
  return [head, claims, `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`].join(".");
}

interface Shown {
  readonly headers: () => Promise<Record<string, string>> | Record<string, string>;
  readonly held?: string;
  /** Seconds after it was minted. */
  readonly after?: number;
  readonly code: string;
}

const cases: Readonly<Record<string, Shown>> = {
  "for the permission that it holds": { headers: async () => bearer(await mint()), code: "allow" },
  "of parties without names": {
    headers: async () => bearer(await mint({ person, agent })),
    code: "allow",
  },
  "of a role that was rounded up": {
    headers: async () => bearer(await mint({ agent: travelAgent("search_flights,book_flight") })),
    held: cancel,
    code: "allow",
  },
  "in its last second of life": { headers: async () => bearer(await mint()), after: 59, code: "allow" },
  "for another permission": { headers: async () => bearer(await mint()), held: cancel, code: "policy_denied" },
  "of a smaller role": {
    headers: async () => bearer(await mint({ agent: travelAgent("search_flights") })),
    code: "policy_denied",
  },
  "where its guard is clear": {
    headers: async () => bearer(await mintForRecord()),
    held: "GET crm.example/records/public/r-1",
    code: "allow",
  },
  "where its guard is not clear": {
    headers: async () => bearer(await mintForRecord()),
    held: "GET crm.example/records/internal/r-1",
    code: "policy_denied",
  },
  "at another of the gateway's audiences": {
    headers: async () => bearer(await mintForRecord()),
    code: "policy_denied",
  },
  "for an audience that is not the gateway's": {
    headers: async () => bearer(await mintForRestart()),
    code: "evidence_untrusted",
  },
  "after its end": { headers: async () => bearer(await mint()), after: 70, code: "claims_expired" },
  "before its beginning": { headers: async () => bearer(await mint()), after: -60, code: "claims_not_yet_valid" },
  "with other claims": {
    headers: async () => bearer(alter(await mint(), { scope: "flights:book flights:cancel" })),
    code: "evidence_untrusted",
  },
  "with another signature": { headers: async () => bearer(flip(await mint())), code: "evidence_untrusted" },
  "without a signature": {
    headers: async () => bearer((await mint()).replace(/[^.]*$/, "")),
    code: "evidence_untrusted",
  },
  "of an issuer that nobody named": { headers: () => bearer(roleTokenOf(people)), code: "evidence_untrusted" },
  "of somebody who takes our name": {
    headers: () => bearer(roleTokenOf(createFakeIssuer(ownIssuer, "a-key"))),
    code: "evidence_untrusted",
  },
  "of somebody who takes our name and our key's": {
    headers: () =>
      bearer(roleTokenOf(createFakeIssuer(ownIssuer, known(house.tokens.keys.publicKeys(testTime)[0]).kid))),
    code: "evidence_untrusted",
  },
  "that is a person's": { headers: () => bearer(people.issue({ sub: "alice" })), code: "evidence_untrusted" },
  "that is the other side's payload": { headers: () => bearer(payloadOf(person)), code: "evidence_untrusted" },
  "in the other side's headers": {
    headers: async () => ({ "x-person": await mint(), "x-agent": payloadOf(agent) }),
    code: "evidence_missing",
  },
  "beside a second one": {
    headers: async () => ({ authorization: `Bearer ${await mint()}, Bearer ${await mint()}` }),
    code: "evidence_missing",
  },
  "under another scheme": {
    headers: async () => ({ authorization: `Basic ${await mint()}` }),
    code: "evidence_missing",
  },
  "for a call that nobody declared": {
    headers: async () => bearer(await mint()),
    held: "POST flights.example/flights",
    code: "operation_unknown",
  },
  "for a call that can be read in two ways": {
    headers: async () => bearer(await mint()),
    held: "POST flights.example/flights/LH400/../LH400/bookings",
    code: "target_malformed",
  },
};

describe.each(heldDoors)("at %s a token", (door) => {
  test.each(Object.entries(cases))("%s", async (_name, { headers, held = book, after = 0, code }) => {
    house.clock.time = testTime;
    const shown = await headers();
    house.clock.time = testTime + after;
    const answered = await show(door, held, shown);
    expect(answered.code).toBe(code);
    expect(answered.heard.outcome).toBe(code === "allow" ? "allow" : "deny");
    expect(answered.heard.token).toBeUndefined();
  });

  test("is nothing to mint from on the agent's side, whole or as claims", async () => {
    house.clock.time = testTime;
    const token = await mint();
    const claims: unknown = decodeJwt(token);
    if (!isJsonObject(claims)) throw new TypeError("no claims");
    const asClaims = await askAt(door, "issue", {
      ...parseHeld(book),
      ...evidenceAt(door, claims, travelAgent("book_flight")),
    });
    expect(asClaims.code).toBe("token_evidence_required");
    const whole = { "x-person": token, "x-agent": payloadOf(agent), ...bearer(token) };
    expect((await askAt(door, "issue", { ...parseHeld(book), headers: whole })).code).toBe("evidence_missing");
  });

  test("counts no more once its person or its chain is revoked", async () => {
    house.clock.time = testTime;
    const bob = { ...alice, sub: `bob-${door}` };
    const ofBob = bearer(await mint({ person: bob }));
    const ofAlice = bearer(await mint());
    expect((await show(door, book, ofBob)).code).toBe("allow");
    house.revocations.revokeParty(known(parseIssuer("urn:chaperone:gateway")), known(parsePartyId(bob.sub)));
    house.revocations.revokeChain(known(house.records.at(-2)?.grant?.txn));
    expect((await show(door, book, ofBob)).code).toBe("revoked");
    expect((await show(door, book, ofAlice)).code).toBe("revoked");
    expect((await show(door, book, bearer(await mint()))).code).toBe("allow");
  });
});
