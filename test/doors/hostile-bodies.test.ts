/** Ten thousand bodies through a real listener and the real path: a 4xx with a closed code or a well-formed deny. */
import { Agent } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import { decide } from "../../src/pdp/decide.ts";
import { createFakeHouse, foundingBody } from "../fakes/doors-house.ts";
import { post } from "../fakes/gateway.ts";
import { sendAll } from "../fakes/hostile-answers.ts";
import { type HostileBody, hostileBodies, hostileBody } from "../fakes/hostile-bodies.ts";
import { createFolder, open, socketListener } from "../fakes/open-house.ts";
import { createFakePolicy, createFakeWorld, foundingVerdict } from "../fakes/path-ports.ts";

const count = 10_000;
const atOnce = 16;

/** Allows whoever has what the founding request shows, whatever else is there: as a careless policy would. */
function careless({ subject, actor }: PolicyInput): unknown {
  const isFounding =
    actor.capabilities.includes("book_flight") &&
    subject.departments.includes("Operations") &&
    subject.roles.includes("Director");
  return isFounding
    ? foundingVerdict
    : { outcome: "deny", reasons: [{ code: "nobody", message: "Only Directors of Operations." }] };
}

test(`of ${count} hostile bodies none is allowed, none breaks anything, and the founding request still is`, async () => {
  const faulted: string[] = [];
  const world = createFakeWorld({ policy: createFakePolicy(careless) });
  const house = createFakeHouse({
    decide: (asked) =>
      decide(asked, {
        ...world,
        observer: { ...world.observer, faulted: (fault) => void faulted.push(fault.message) },
      }),
  });
  const { addresses } = await open(house, [socketListener(await createFolder())]);
  const socketPath = addresses[0]?.address?.replace("unix:", "") ?? "";
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  onTestFinished(() => agent.destroy());

  const { complaints, seen } = await sendAll(
    hostileBodies(count),
    (bytes) => post({ socketPath, agent }, bytes),
    atOnce,
  );
  expect(complaints).toEqual([]);
  expect([...faulted, ...house.faults]).toEqual([]);

  expect([...seen.values()].reduce((sum, times) => sum + times, 0)).toBe(count);
  const codes = new Set([...seen.keys()].map((outcome) => outcome.split(": ")[1]));
  // It saw the parser, the contract, the claims and the policy at work; each would be missing if nothing got that far.
  for (const code of ["body_malformed", "body_too_deep", "member_duplicated", "member_forbidden", "member_invalid"]) {
    expect(codes).toContain(code);
  }
  for (const code of ["member_missing", "member_not_accepted", "claim_malformed", "policy_denied", "party_reserved"]) {
    expect(codes).toContain(code);
  }
  expect((await post({ socketPath, agent }, foundingBody)).body["allow"]).toBe(true);
}, 120_000);

test("a hostile body comes again by its seed", () => {
  const first: HostileBody[] = [...hostileBodies(50, 700)];
  expect(first.map(({ seed }) => hostileBody(seed))).toEqual(first);
});
