/** Ten thousand bodies through a real listener and the real path: a 4xx with a closed code or a well-formed deny. */
import { Agent, request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import { faults, refusals } from "../../src/domain/refusal.ts";
import { requestErrors } from "../../src/domain/request-error.ts";
import { decide } from "../../src/pdp/decide.ts";
import { createFakeHouse, foundingBody } from "../fakes/doors-house.ts";
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

const codeOf = ({ json: { code } }: Answered): string => (typeof code === "string" ? code : "none");

interface Answered {
  readonly status: number;
  readonly json: JsonObject;
}

function post(socketPath: string, agent: Agent, body: Buffer | string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const sent = request({ socketPath, agent, method: "POST", path: "/v1/authorize", headers });
    sent.on("error", reject);
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        const json: unknown = JSON.parse(text);
        resolve({ status: response.statusCode ?? 0, json: isJsonObject(json) ? json : {} });
      });
    });
    sent.end(body);
  });
}

/** Undefined when the answer is one of the two that there may be. */
function complaintAbout(answered: Answered): string | undefined {
  const { status, json } = answered;
  const code = codeOf(answered);
  if (status >= 400 && status < 500) return Object.hasOwn(requestErrors, code) ? undefined : `no closed code: ${code}`;
  if (status !== 200) return `status ${status}`;
  if (json["allow"] !== false || json["outcome"] !== "deny") return "an allow";
  const granted = ["token", "role", "permissions", "audience", "expires_in"].filter((name) =>
    Object.hasOwn(json, name),
  );
  if (granted.length > 0) return `a deny with ${granted.join()}`;
  const isClosed = Object.hasOwn(refusals, code) || Object.hasOwn(faults, code);
  return isClosed && typeof json["decision_id"] === "string" ? undefined : "a deny that is not well-formed";
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

  const complaints: string[] = [];
  const seen = new Map<string, number>();
  const bodies = hostileBodies(count);
  const work = async (): Promise<void> => {
    for (const { seed, kind, bytes } of bodies) {
      const answered = await post(socketPath, agent, bytes);
      const complaint = complaintAbout(answered);
      if (complaint !== undefined) complaints.push(`seed ${seed}, ${kind}: ${complaint}`);
      const outcome = `${kind}: ${codeOf(answered)}`;
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
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
  expect((await post(socketPath, agent, foundingBody)).json["allow"]).toBe(true);
}, 120_000);

test("a hostile body comes again by its seed", () => {
  const first: HostileBody[] = [...hostileBodies(50, 700)];
  expect(first.map(({ seed }) => hostileBody(seed))).toEqual(first);
});
