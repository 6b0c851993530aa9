/** Ten thousand hostile bodies through the real server with the shipped policy. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { sendAll } from "../fakes/hostile-answers.ts";
import { hostileBodies } from "../fakes/hostile-bodies.ts";
import { foundingInput } from "../fakes/requests.ts";
import { makeFolder, type ServedHouse, serve } from "./served-house.ts";

const count = 10_000;
const folder = makeFolder();
let house: ServedHouse;
beforeAll(async () => {
  house = await serve(folder.path);
});
afterAll(async () => {
  await house.stop();
  folder.remove();
});

test(`of ${count} hostile bodies none is allowed, none breaks the server, and the founding request still is`, {
  timeout: 120_000,
}, async () => {
  const { complaints, seen } = await sendAll(hostileBodies(count, 1_000_001), (bytes) => house.send(bytes), 8);
  expect(complaints).toEqual([]);
  expect([...seen.values()].reduce((sum, times) => sum + times, 0)).toBe(count);
  expect(house.lines.filter(({ event }) => event === "faulted")).toEqual([]);
  expect((await house.ask(foundingInput)).body).toMatchObject({ allow: true });
  const denied = [...seen].filter(([outcome]) => /: (policy_denied|claim_malformed|claims_conflict)$/.test(outcome));
  console.log(
    `${count} hostile bodies: ${denied.reduce((sum, [, times]) => sum + times, 0)} reached the path and were denied`,
  );
  expect(denied.length).toBeGreaterThan(0);
});
