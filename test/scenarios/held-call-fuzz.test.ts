/**
 * Whatever a gateway's client makes of its call, at the real house: calls near the founding one, changed at random, through
 * every door. What is let through is the declared operation with the evidence that earns it, judged here by a second hand;
 * everything else is an explicit "no" that tells nothing, and nothing breaks. HELD_CALL_FUZZ_RUNS says how many per door.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../../src/domain/json.ts";
import { makeFolder } from "../acceptance/served-house.ts";
import { decodeAnswer, decodeCheck } from "../fakes/check-messages.ts";
import {
  askHeld,
  encodeHeld,
  fromFields,
  hearGrpc,
  type HeldDoor,
  heldDoors,
  type HeldParts,
  textIn,
} from "../fakes/decision-doors.ts";
import { type DecisionHouse, openDecisionHouse } from "../fakes/decision-house.ts";
import { listenerName, renderListeners } from "../fakes/decision-listeners.ts";
import { connectGrpc } from "../fakes/grpc-client.ts";
import { jwtAuthn, payloadOf } from "../fakes/held-operations.ts";
import { testTime } from "../fakes/path-ports.ts";
import { expectNothingSeen } from "./agent-view.ts";

const runs = Number(process.env["HELD_CALL_FUZZ_RUNS"] ?? 300);

const folder = makeFolder();
let house: DecisionHouse;
beforeAll(async () => {
  house = await openDecisionHouse(folder.path, renderListeners(folder.path), testTime);
});
afterAll(async () => {
  await house.close();
  folder.remove();
});

/** Mostly the right thing. */
const near = <T>(right: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: fc.constant(right), weight: 6 }, { arbitrary: other, weight: 1 });
const json = fc.json({ maxDepth: 2 }).map((text): Json => {
  const holder: unknown = JSON.parse(`{"value":${text}}`);
  return isJsonObject(holder) ? (ownMember(holder, "value") ?? null) : null;
});
const claim = (right: string) =>
  near<Json | undefined>(
    right,
    fc.oneof(json, fc.constantFrom(undefined, null, [right], [right, "Marketing"], right.toLowerCase(), ` ${right}`)),
  );
const odd = fc.dictionary(
  fc.constantFrom(
    "sub",
    "iss",
    "exp",
    "nbf",
    "act",
    "may_act",
    "delegation",
    "department",
    "roles",
    "__proto__",
    "txn",
  ),
  json,
  { maxKeys: 2 },
);
const person = fc.tuple(claim("Operations"), claim("Director"), near({}, odd));
const agent = fc.tuple(claim("book_flight"), near({}, odd));

const call = fc.record({
  method: near<string>("POST", fc.constantFrom("GET", "PUT", "PATCH", "DELETE")),
  host: near<string>(
    "flights.example",
    fc.constantFrom("FLIGHTS.example.", "flights.example:80", "evil.example", "hotels.example"),
  ),
  target: near<string>(
    "/flights/LH400/bookings",
    fc.oneof(
      fc.webPath().map((path) => `/${path}`),
      fc.constantFrom(
        "/flights/LH400/bookings?_method=GET",
        "/flights/./LH400/bookings",
        "/flights/%4cH400/bookings",
        "/flights//bookings",
        "/flights/a%2fb/bookings",
        "/flights/LH400/bookings/",
        "/flights/LH400/bookings?a=%00",
        "/x/../flights/LH400/bookings",
      ),
    ),
  ),
  person,
  agent,
  more: near<Record<string, string>>(
    {},
    fc.constantFrom(
      { "x-http-method-override": "GET" },
      { "x-original-url": "/admin" },
      { authorization: "Bearer e30.e30.e30" },
      { "content-type": "application/json" },
    ),
  ),
});
type FuzzedCall = typeof call extends fc.Arbitrary<infer Value> ? Value : never;

function withoutUndefined(value: Readonly<Record<string, Json | undefined>>): JsonObject {
  const parsed: unknown = JSON.parse(JSON.stringify(value));
  return isJsonObject(parsed) ? parsed : {};
}

function claimsOf({ person: [department, role, morePerson], agent: [capabilities, moreAgent] }: FuzzedCall) {
  return {
    person: withoutUndefined({ Department: department, Role: role, ...morePerson }),
    agent: withoutUndefined({ Capabilities: capabilities, ...moreAgent }),
  };
}

function partsOf(door: HeldDoor, fuzzed: FuzzedCall): HeldParts {
  const { method, host, target, more } = fuzzed;
  const claims = claimsOf(fuzzed);
  if (door === "ext_authz_grpc") return { method, host, target, headers: more, verified: claims };
  const evidence = { "x-person": payloadOf(claims.person), "x-agent": payloadOf(claims.agent) };
  return { method, host, target, headers: { ...evidence, ...more } };
}

type Earning = Pick<FuzzedCall, "method" | "host" | "target" | "more"> & ReturnType<typeof claimsOf>;

const listOf = (value: Json | undefined, separator?: RegExp): readonly Json[] => {
  if (isJsonArray(value)) return value;
  return typeof value === "string" && separator !== undefined ? value.split(separator) : [value ?? null];
};

/** What must hold of whatever is let through, said in the plainest way. */
const earnsIt = (earning: Earning): boolean => isBooking(earning) && mayBook(earning);

function isBooking({ method, host, target, more }: Earning): boolean {
  return (
    method === "POST" &&
    /^flights\.example\.?(?::(?:80|443))?$/i.test(host) &&
    /^\/flights\/[^/?;\\#]+\/bookings(?:\?|$)/.test(target) &&
    !/_method|%2f|%5c|\/\.\.?\/|#/i.test(target) &&
    !("x-http-method-override" in more || "x-original-url" in more)
  );
}

function mayBook({ person: who, agent: what }: Earning): boolean {
  return (
    listOf(who["Department"] ?? who["department"]).includes("Operations") &&
    listOf(who["Role"] ?? who["roles"]).includes("Director") &&
    listOf(what["Capabilities"], /[ ,]/).includes("book_flight") &&
    !("delegation" in who || "delegation" in what || "act" in what)
  );
}

const countGrants = (): number => house.records.filter(({ grant }) => grant !== undefined).length;

describe.each(heldDoors)("%s", (door) => {
  test("lets through what earns it, and nothing else", { timeout: 120_000 }, async () => {
    const address = house.address(listenerName(door, "issue"));
    const seen = { allowed: 0, denied: 0 };
    await fc.assert(
      fc.asyncProperty(call, async (fuzzed) => {
        const grants = countGrants();
        const heard = await askHeld(door, address, partsOf(door, fuzzed));
        const isGranted = countGrants() > grants;
        expect([heard.outcome === "allow", heard.token !== undefined]).toEqual([isGranted, isGranted]);
        if (isGranted) expect(earnsIt({ ...fuzzed, ...claimsOf(fuzzed) })).toBe(true);
        expectNothingSeen(heard, {});
        seen[isGranted ? "allowed" : "denied"] += 1;
      }),
      { numRuns: runs },
    );
    expect(house.watched.faults).toEqual([]);
    expect(Math.min(seen.allowed, seen.denied)).toBeGreaterThan(runs / 20);
  });
});

/** One byte of the founding Check set, put in or left out, or its end cut off or doubled. */
const mutation = fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom("set", "put", "omit", "cut", "double"));

function mutate(message: Buffer, [place, byte, change]: readonly [number, number, string]): Buffer {
  const at = place % message.length;
  const [before, after] = [message.subarray(0, at), message.subarray(at)];
  switch (change) {
    case "set":
      return Buffer.concat([before, Buffer.of(byte), after.subarray(1)]);
    case "put":
      return Buffer.concat([before, Buffer.of(byte), after]);
    case "omit":
      return Buffer.concat([before, after.subarray(1)]);
    case "double":
      return Buffer.concat([message, after]);
    default:
      return Buffer.from(before);
  }
}

test("a Check with one byte other than it was earns what Envoy's own decoder reads in it", {
  timeout: 120_000,
}, async () => {
  const address = house.address(listenerName("ext_authz_grpc", "issue"));
  const claims = { person: { Department: "Operations", Role: "Director" }, agent: { Capabilities: "book_flight" } };
  const target = "/flights/LH400/bookings";
  const founding = encodeHeld({ method: "POST", host: "flights.example", target, headers: {}, verified: claims });
  const client = connectGrpc(address);
  const seen = { allowed: 0, denied: 0 };
  await fc.assert(
    fc.asyncProperty(mutation, async (change) => {
      const message = mutate(founding, change);
      const grants = countGrants();
      const { error, bytes } = await client.call(message);
      expect(error).toBeUndefined();
      const heard = hearGrpc(decodeAnswer(bytes));
      const isGranted = countGrants() > grants;
      expect([heard.outcome === "allow", heard.token !== undefined]).toEqual([isGranted, isGranted]);
      if (isGranted) expect(earnsIt(readEnvoys(message))).toBe(true);
      expectNothingSeen(heard, {});
      seen[isGranted ? "allowed" : "denied"] += 1;
    }),
    { numRuns: runs * 3 },
  );
  expect(house.watched.faults).toEqual([]);
  // About one change in fifty leaves the Check as good as it was.
  expect(Math.min(seen.allowed, seen.denied)).toBeGreaterThan(runs / 100);
});

function readEnvoys(message: Buffer): Earning {
  const attributes = memberOf(decodeCheck(message) ?? {}, "attributes");
  const http = memberOf(memberOf(attributes, "request"), "http");
  const verified = memberOf(memberOf(memberOf(attributes, "metadataContext"), "filterMetadata"), jwtAuthn);
  const claims = memberOf(verified, "fields");
  const headers = memberOf(http, "headers");
  return {
    method: textIn(http, "method") ?? "",
    host: textIn(http, "host") ?? "",
    target: textIn(http, "path") ?? "",
    more: Object.fromEntries(Object.keys(headers).map((name) => [name, ""])),
    person: fromFields(memberOf(memberOf(claims, "person"), "structValue")),
    agent: fromFields(memberOf(memberOf(claims, "agent"), "structValue")),
  };
}

function memberOf(object: JsonObject, name: string): JsonObject {
  const value = ownMember(object, name);
  return isJsonObject(value) ? value : {};
}
