/** The promise of the IssuerKeysStatus port, kept by the identity room: what is known of keys from outside, and what went wrong. */
import { expect, test } from "vitest";
import { followingTimes, openIdentityWorld } from "../fakes/identity-rooms.ts";
import { agents, people, profileOf } from "../fakes/issuers.ts";
import { json, openKeyServer, status } from "../fakes/key-server.ts";
import { testTime } from "../fakes/path-ports.ts";

async function open() {
  const server = await openKeyServer(status(500));
  const keys = { kind: "remote", url: `${server.origin}/keys`, ...followingTimes } as const;
  // The agents' keys are from a file: nothing is told of them.
  return Object.assign(openIdentityWorld([profileOf(people, { keys }), profileOf(agents)]), { server });
}

test("before anything was asked nothing is known, and nothing is asked by looking", async () => {
  const { room, server } = await open();
  expect(room.states()).toEqual([
    {
      issuer: people.name,
      location: `${server.origin}/keys`,
      keys: undefined,
      confirmedAt: undefined,
      usableUntil: undefined,
      failure: undefined,
    },
  ]);
  expect(server.asked).toEqual([]);
});

test("a failure stands with its code until there is a right answer, whose times are those of its question", async () => {
  const world = await open();
  const { room, server } = world;
  await room.refreshKeys();
  expect(room.states()).toMatchObject([
    { keys: undefined, failure: { code: "status_wrong", detail: "500", at: testTime } },
  ]);
  server.answer = json({ keys: [people.jwk, { ...people.jwk, kid: "enc", use: "enc" }] });
  world.now += 10;
  await room.refreshKeys();
  const right = { keys: 1, confirmedAt: testTime + 10, usableUntil: testTime + 3610, failure: undefined };
  expect(room.states()).toMatchObject([right]);
  server.answer = status(503);
  world.now += 10;
  await room.refreshKeys();
  expect(room.states()).toMatchObject([{ ...right, failure: { code: "status_wrong", at: testTime + 20 } }]);
});

test("looking never throws, also when it is closed", async () => {
  const { room } = await open();
  await room.close();
  await room.refreshKeys();
  expect(room.states()).toHaveLength(1);
});
