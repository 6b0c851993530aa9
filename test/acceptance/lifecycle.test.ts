/** Starting, stopping and being in each other's way. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { foundingInput } from "../fakes/requests.ts";
import { makeFolder, readGrants, serve } from "./served-house.ts";

let folder: ReturnType<typeof makeFolder>;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => folder.remove());

test("SIGTERM answers what is in flight and exits 0", async () => {
  const house = await serve(folder.path);
  const first = await house.ask(foundingInput);
  const inFlight = Array.from({ length: 16 }, () => house.ask(foundingInput).catch(() => undefined));
  // The first of them is answered, so the others are on their way or done.
  await inFlight[0];
  expect(await house.stop()).toBe(0);
  const answers = (await Promise.all(inFlight)).filter((answer) => answer !== undefined);
  for (const { body } of answers) expect(body).toMatchObject({ allow: true });
  // Some may have come too late to be taken; whatever was decided was answered.
  const decided = [...readGrants(join(folder.path, "state/audit")).keys()];
  expect(new Set(decided)).toEqual(new Set([first, ...answers].map(({ body }) => body["decision_id"])));
  expect(answers.length).toBeGreaterThan(0);
});

test("start and stop are on record, with what was configured", async () => {
  const house = await serve(folder.path);
  expect(await house.stop()).toBe(0);
  const events = readFileSync(join(folder.path, "state/audit/audit-00000001.jsonl"), "utf8")
    .split("\n")
    .flatMap((line) => /"event":"(started|stopped|policy_activated|key_activated)"/.exec(line)?.[1] ?? []);
  expect(events).toEqual(["policy_activated", "key_activated", "started", "stopped"]);
});

test("a second process on one state folder is refused by name, and the first is not disturbed", async () => {
  const house = await serve(folder.path);
  await expect(serve(folder.path)).rejects.toThrow(/state_folder_in_use/);
  expect((await house.ask(foundingInput)).body).toMatchObject({ allow: true });
  expect(await house.stop()).toBe(0);
});

test("a policy that is configured but missing makes the sidecar not ready, never a default", async () => {
  const house = await serve(
    folder.path,
    `policy: { bundle: ${join(folder.path, "none.tar.gz")} }\nkeys: { kind: development }\n`,
  );
  expect((await house.ask(foundingInput)).body).toMatchObject({
    allow: false,
    reasons: [{ code: "policy_not_ready" }],
  });
  expect((await fetch(`${house.url("probe")}/readyz`)).status).toBe(503);
  expect((await fetch(`${house.url("probe")}/healthz`)).status).toBe(200);
  await house.stop();
});
