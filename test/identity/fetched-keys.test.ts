/** Tokens of issuers whose keys are fetched: a rotation is no outage, what is taken back is refused, doubt is a fault. */
import { describe, expect, test } from "vitest";
import type { DecisionRequest } from "../../src/domain/decision-request.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import { decide } from "../../src/pdp/decide.ts";
import { followingTimes, type IdentityWorld, openIdentityWorld } from "../fakes/identity-rooms.ts";
import {
  actorToken,
  agentName,
  agents,
  createFakeIssuer,
  exchangeOf,
  type FakeIssuer,
  people,
  profileOf,
  subjectToken,
} from "../fakes/issuers.ts";
import { byPath, json, type KeyServer, openKeyServer, status } from "../fakes/key-server.ts";
import { createFakeWorld, testTime } from "../fakes/path-ports.ts";

const next = createFakeIssuer(people.name, "next");
const aliceBy = (issuer: FakeIssuer, header = {}): string => issuer.issue({ sub: "alice", may_act: agentName }, header);

const publish = (...issuers: readonly FakeIssuer[]) => json({ keys: issuers.map(({ jwk }) => jwk) });

interface World extends IdentityWorld {
  readonly server: KeyServer;
}

/** People's keys are fetched; the agents' are known. */
async function open(): Promise<World> {
  const server = await openKeyServer(publish(people));
  const keys = { kind: "remote", url: `${server.origin}/keys`, ...followingTimes } as const;
  const world = openIdentityWorld([profileOf(people, { keys, lifetimeSecondsMax: 86_400 }), profileOf(agents)]);
  return Object.assign(world, { server });
}

/** `alice`, or the code with the reason's last words. */
async function judge(world: World, subject: string): Promise<string> {
  const answer = await world.room.evidence.verify(exchangeOf({ subject }), world.now);
  return answer instanceof Refusal ? answer.code : (answer.subject.id ?? "nobody");
}

/** What goes on record. */
async function record({ room, now }: World, request: DecisionRequest): Promise<unknown> {
  const path = createFakeWorld({
    evidence: room.evidence,
    clock: { read: () => ({ epochSeconds: now, isReliable: true }) },
  });
  await decide(request, path);
  const [entry] = path.records;
  return entry?.type === "decision" ? (entry.code ?? entry.outcome) : undefined;
}

/** A token that outlives what is tried here. */
const lastingBy = (issuer: FakeIssuer): string =>
  issuer.issue({ sub: "alice", may_act: agentName, exp: testTime + 20_000 });

describe("a fetched key", () => {
  test("is waited for once, and then the answer is there without a promise", async () => {
    const world = await open();
    const request = exchangeOf({ subject: subjectToken() });
    const first = world.room.evidence.verify(request, world.now);
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toHaveProperty("subject.id", "alice");
    expect(world.room.evidence.verify(request, world.now)).toHaveProperty("subject.id", "alice");
    expect(world.room.evidence.verify(exchangeOf({ subject: aliceBy(people) }), world.now)).toHaveProperty("actor");
    expect(world.server.asked).toEqual(["/keys"]);
  });

  test("of a rotation is known at the first token that it signed", async () => {
    const world = await open();
    expect(await judge(world, aliceBy(people))).toBe("alice");
    world.now += 30;
    world.server.answer = publish(next, people);
    expect(await Promise.all([judge(world, aliceBy(next)), judge(world, aliceBy(people))])).toEqual(["alice", "alice"]);
    expect(world.server.asked.length).toBe(2);
  });

  test("that is taken back proves nothing any more, not even a token that it proved before", async () => {
    const world = await open();
    const subject = aliceBy(people);
    expect(await judge(world, subject)).toBe("alice");
    world.server.answer = publish(next);
    await world.room.refreshKeys();
    expect(await judge(world, subject)).toBe("evidence_untrusted");
  });

  test("proves nothing under another's name", async () => {
    const world = await open();
    expect(await judge(world, aliceBy(next, { kid: people.jwk.kid }))).toBe("evidence_untrusted");
    expect(world.server.asked.length).toBe(1);
  });
});

describe("P19: names that nobody knows", () => {
  test("cost one request in thirty seconds, and each is refused", async () => {
    const world = await open();
    expect(await judge(world, aliceBy(people))).toBe("alice");
    for (const _round of [1, 2, 3]) {
      world.now += 30;
      const tokens = Array.from({ length: 100 }, (_, at) => aliceBy(next, { kid: `unknown-${at}` }));
      const answers = await Promise.all(tokens.map((token) => judge(world, token)));
      expect(new Set(answers)).toEqual(new Set(["evidence_untrusted"]));
    }
    expect(world.server.asked.length).toBe(4);
  });
});

describe("P17: nothing in a token is followed", () => {
  test.each(["jku", "x5u", "jwk", "x5c"])("%s", async (member) => {
    const world = await open();
    await world.room.refreshKeys();
    const value = {
      jku: `${world.server.origin}/evil`,
      x5u: `${world.server.origin}/evil`,
      jwk: next.jwk,
      x5c: ["AA"],
    };
    const header = { kid: "next", [member]: new Map<string, unknown>(Object.entries(value)).get(member) };
    const token = next.issue(
      { sub: "alice", may_act: agentName },
      JSON.stringify({ alg: "ES256", typ: "at+jwt", ...header }),
    );
    expect(await judge(world, token)).toBe("evidence_untrusted");
    expect(world.server.asked).toEqual(["/keys"]);
  });

  test("an issuer that is not configured is not asked, whatever it calls itself", async () => {
    const world = await open();
    const stranger = createFakeIssuer(world.server.origin);
    expect(await judge(world, aliceBy(stranger))).toBe("evidence_untrusted");
    expect(world.server.asked).toEqual([]);
  });
});

describe("while the issuer does not answer rightly", () => {
  test("what it said last counts, and for what it did not say nobody can tell: a fault, and not a bad token", async () => {
    const world = await open();
    expect(await record(world, exchangeOf({ subject: lastingBy(people) }))).toBe("allow");
    world.server.answer = json({ keys: [next.jwk, next.jwk] });
    world.now += 31;
    expect(await record(world, exchangeOf({ subject: lastingBy(next) }))).toBe("issuer_keys_unavailable");
    expect(await record(world, exchangeOf({ subject: lastingBy(people) }))).toBe("allow");
    expect(await record(world, exchangeOf({ subject: lastingBy(next).replace(/.$/, "") }))).toBe("evidence_untrusted");
    world.now += 3600;
    const late = exchangeOf({ subject: lastingBy(people), actor: agents.issue({ ...agentName, exp: world.now + 60 }) });
    expect(await record(world, late)).toBe("issuer_keys_unavailable");
    expect(world.room.states()).toMatchObject([{ issuer: people.name, keys: 1, failure: { code: "keys_malformed" } }]);
  });

  test("other issuers' tokens do not suffer, and what is refused anyway is refused without asking", async () => {
    const server = await openKeyServer(status(500));
    const keys = { kind: "remote", url: server.origin, ...followingTimes } as const;
    const world = Object.assign(
      openIdentityWorld([profileOf(people), profileOf(agents, { keys, vouchesFor: "actors" })]),
      { server },
    );
    expect(await record(world, exchangeOf({ actor: null, client: "nobody" }))).toBe("actor_not_named");
    expect(await record(world, exchangeOf({ subject: actorToken() }))).toBe("evidence_untrusted");
    expect(await record(world, exchangeOf({ actor: agents.issue({ sub: "x" }, { alg: "RS256" }) }))).toBe(
      "evidence_untrusted",
    );
    expect(server.asked).toEqual([]);
    expect(await record(world, exchangeOf())).toBe("issuer_keys_unavailable");
  });
});

test("keys by discovery, with the issuer's document and set asked for together", async () => {
  const server = await openKeyServer();
  const issuer = createFakeIssuer(`${server.origin}/realms/one`);
  server.answer = byPath({
    "/realms/one/.well-known/openid-configuration": json({ issuer: issuer.name, jwks_uri: `${server.origin}/certs` }),
    "/certs": publish(issuer),
  });
  const profile = profileOf(issuer, { keys: { kind: "discovery", ...followingTimes } });
  const world = Object.assign(openIdentityWorld([profile, profileOf(agents)]), { server });
  expect(await judge(world, aliceBy(issuer))).toBe("alice");
  expect(world.announcer.events).toMatchObject([{ event: "issuer_keys_activated", detail: { keys: 1, added: 1 } }]);
});
