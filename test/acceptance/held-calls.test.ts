/** One story in a served house: a call leaves the agent's side with a role token, and the resource's side takes it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { agent, payloadOf, person } from "../fakes/held-operations.ts";
import { call } from "../fakes/open-house.ts";
import { makeFolder, readRecords, type ServedHouse, serve } from "./served-house.ts";

const folder = makeFolder();
const agentSide = `unix:${folder.path}/run/agent.sock`;
const resourceSide = `unix:${folder.path}/run/resource.sock`;
const target = "/flights/LH400/bookings";

const audiences = ["https://flights.example/api"];
const book = { method: "POST", host: "flights.example", path: "/flights/{id}/bookings" };
const cancel = { method: "DELETE", host: "flights.example", path: "/flights/{id}" };
const issue = {
  position: "issue",
  audiences,
  evidence: { from: "payload_headers", subject: "x-person", actor: "x-agent" },
  operations: [{ ...book, action: "book_flight", resource: { type: "flight", id: "id" } }],
};
const use = {
  position: "use",
  audiences,
  operations: [
    { ...book, permission: "flights:book" },
    { ...cancel, permission: "flights:cancel" },
  ],
};
const settings = `  - { name: agent-side, address: "${agentSide}", doors: [ext_authz_http], callers: socket, ext_authz: ${JSON.stringify(issue)} }
  - { name: resource-side, address: "${resourceSide}", doors: [auth_request], callers: socket, ext_authz: ${JSON.stringify(use)} }
`;

let house: ServedHouse;
beforeAll(async () => {
  house = await serve(folder.path, settings);
}, 60_000);
afterAll(async () => {
  await house.stop();
  folder.remove();
});

const leave = (claims: object = person) =>
  call(agentSide, {
    method: "POST",
    path: target,
    headers: { host: "flights.example", "x-person": payloadOf(claims), "x-agent": payloadOf(agent) },
  });

const arrive = (authorization: string | undefined, method = "POST", path = target) =>
  call(resourceSide, {
    path: "/_chaperone",
    headers: {
      host: "flights.example",
      "x-original-method": method,
      "x-original-uri": path,
      ...(authorization === undefined ? {} : { authorization }),
    },
  });

test("the founding call leaves with a token that the resource's side takes for that call and no other", async () => {
  const left = await leave();
  expect(left.status).toBe(200);
  const token = left.headers.authorization;
  expect(token).toMatch(/^Bearer eyJ/);
  expect((await arrive(token)).status).toBe(200);
  const beyond = await arrive(token, "DELETE", "/flights/LH400");
  expect([beyond.status, beyond.headers["x-chaperone-code"]]).toEqual([403, "policy_denied"]);
});

test("Marketing stays where it is", async () => {
  const left = await leave({ ...person, Department: "Marketing" });
  expect(left.status).toBe(403);
  expect(left.headers.authorization).toBeUndefined();
});

test("what is evidence on one side is none on the other", async () => {
  const token = (await leave()).headers.authorization;
  const asEvidence = await call(agentSide, {
    method: "POST",
    path: target,
    headers: { host: "flights.example", "x-person": token?.slice(7) ?? "", "x-agent": payloadOf(agent) },
  });
  expect(asEvidence.status).toBe(401);
  expect((await arrive(`Bearer ${payloadOf(person)}`)).status).toBe(401);
  expect((await arrive(undefined)).status).toBe(401);
});

test("both sides are on record, and of the use no token is", async () => {
  await arrive((await leave()).headers.authorization);
  const records = readRecords(`${folder.path}/state/audit`).filter((record) => record["door"] === "ext_authz");
  const [issued, used] = records.slice(-2);
  expect(issued).toMatchObject({ listener: "agent-side", phase: "issue", outcome: "allow", http: { method: "POST" } });
  expect(used).toMatchObject({
    listener: "resource-side",
    phase: "use",
    outcome: "allow",
    used: { permissions: ["flights:book"], audience: "https://flights.example/api" },
  });
  expect(used).not.toHaveProperty("grant");
  expect(JSON.stringify(records)).not.toContain("LH400/bookings");
});
