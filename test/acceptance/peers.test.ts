/** The shipped policy and an agent that is a workload and nothing more: what it is able to do stands in the configuration. */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeCheck, decodeAnswer } from "../fakes/check-messages.ts";
import { hearGrpc } from "../fakes/decision-doors.ts";
import { connectGrpc } from "../fakes/grpc-client.ts";
import { payloadOf, person } from "../fakes/held-operations.ts";
import { call } from "../fakes/open-house.ts";
import { makeFolder, readRecords, type ServedHouse, serve } from "./served-house.ts";

const folder = makeFolder();
const agents = "spiffe://mesh.example/ns/agents/sa";
const able = `${agents}/travel-agent`;
const unable = `${agents}/planner`;
const host = "flights.example";
const target = "/flights/LH400/bookings";
const doors = ["ext_authz_http", "ext_authz_grpc"] as const;
const peers = { ext_authz_http: "x_forwarded_client_cert", ext_authz_grpc: "principal" } as const;
const socketOf = (door: string): string => `unix:${folder.path}/run/${door}.sock`;

const settings = doors
  .map((door) => {
    const operations = [{ method: "POST", host, path: "/flights/{id}/bookings", action: "book_flight" }];
    const evidence = { from: "payload_headers", subject: "x-person", peer: peers[door] };
    const extAuthz = { position: "issue", audiences: ["https://flights.example/api"], evidence, operations };
    const name = door.replaceAll("_", "-");
    return `  - { name: ${name}, address: "${socketOf(door)}", doors: [${door}], callers: socket, ext_authz: ${JSON.stringify(extAuthz)} }\n`;
  })
  .join("");
const identity = `identity:
  workloads:
    - { id: "${able}", capabilities: [book_flight] }
    - { id: "${unable}", issuer: "spiffe://mesh.example" }
`;

let house: ServedHouse;
beforeAll(async () => {
  house = await serve(folder.path, settings + identity);
}, 60_000);
afterAll(async () => {
  await house.stop();
  folder.remove();
});

const alice = { ...person, sub: "alice" };

/** The role token, or nothing. */
async function ask(door: (typeof doors)[number], peer: string, claims: object = alice): Promise<string | undefined> {
  const headers = { "x-person": payloadOf(claims) };
  if (door === "ext_authz_http") {
    const shown = { ...headers, host, "x-forwarded-client-cert": `By=spiffe://mesh.example/edge;URI=${peer}` };
    const { status, headers: answered } = await call(socketOf(door), { method: "POST", path: target, headers: shown });
    return status === 200 ? answered.authorization?.slice("Bearer ".length) : undefined;
  }
  const request = { http: { method: "POST", host, path: target, headers } };
  const { bytes } = await connectGrpc(socketOf(door)).call(encodeCheck({ source: { principal: peer }, request }));
  return hearGrpc(decodeAnswer(bytes)).token;
}

const lastRecord = () => readRecords(`${folder.path}/state/audit`).findLast(({ type }) => type === "decision");

describe.each(doors)("at %s", (door) => {
  test("the founding case is allowed for the workload that is listed as able, and its token names it", async () => {
    const claims = decodeJwt((await ask(door, able)) ?? "");
    expect(claims).toMatchObject({
      sub: "alice",
      act: { sub: able, iss: "urn:chaperone:gateway" },
      client_id: able,
      roles: ["flight-booker"],
    });
    expect(lastRecord()).toMatchObject({
      outcome: "allow",
      vouched_by: "gateway",
      actor: { id: able, capabilities: ["book_flight"] },
    });
  });

  test.each([
    ["listed without capabilities", unable, "spiffe://mesh.example"],
    ["not listed", `${able}-evil`, "urn:chaperone:gateway"],
    ["below one that is listed", `${able}/evil`, "urn:chaperone:gateway"],
  ])("one that is %s lacks the capability", async (_what, id, issuer) => {
    expect(await ask(door, id)).toBeUndefined();
    expect(lastRecord()).toMatchObject({ outcome: "deny", code: "capability_missing", actor: { id, issuer } });
  });

  test("what the person says of herself gives the workload nothing", async () => {
    expect(await ask(door, unable, { ...alice, Capabilities: "book_flight" })).toBeUndefined();
    expect(lastRecord()).toMatchObject({ code: "capability_missing", actor: { capabilities: [] } });
  });

  test("Marketing books nothing through it", async () => {
    expect(await ask(door, able, { ...alice, Department: "Marketing" })).toBeUndefined();
    expect(lastRecord()).toMatchObject({ outcome: "deny", code: "policy_denied" });
  });

  test("what is no workload is not decided about", async () => {
    const before = readRecords(`${folder.path}/state/audit`).length;
    for (const name of ["travel-agent", "CN=travel-agent", "spiffe://mesh.example", ""]) {
      expect(await ask(door, name)).toBeUndefined();
    }
    expect(readRecords(`${folder.path}/state/audit`)).toHaveLength(before);
  });
});
