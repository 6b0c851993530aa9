/** The header in which Envoy names its peer, over a real socket: a second one, however it comes, is no evidence. */
import { describe, expect, test } from "vitest";
import { allow, createFakeHouse, type FakeHouse } from "../../../fakes/doors-house.ts";
import { byPayload, payloadOf, person } from "../../../fakes/held-operations.ts";
import { call, createFolder, open, socketListener } from "../../../fakes/open-house.ts";
import { rawRequest, sendRaw, statusesOf } from "../../../fakes/raw-connection.ts";

const name = "spiffe://mesh.example/ns/agents/sa/travel-agent";
const field = "x-forwarded-client-cert";
const value = `By=spiffe://mesh.example/edge;Hash=${"0a".repeat(32)};URI=${name}`;
const actor = { kind: "peer", by: "x_forwarded_client_cert" } as const;

async function openDoor(parts: Partial<FakeHouse> = {}) {
  const house = createFakeHouse(parts);
  const extAuthz = { ...byPayload, evidence: { ...byPayload.evidence, actor } };
  const listener = socketListener(await createFolder(), { doors: ["ext_authz_http"], extAuthz });
  const { addresses } = await open(house, [listener]);
  return { house, address: addresses[0]?.address };
}

const head = ["POST /flights/LH400 HTTP/1.1", "Host: flights.example", `X-Person: ${payloadOf(person)}`];
const tail = ["Content-Length: 0", "Connection: close"];
const asked = [{ evidence: { kind: "claims", actor: { kind: "peer", name } } }];

test("one field with one URI is the peer", async () => {
  const { house, address } = await openDoor();
  await sendRaw(address, rawRequest([...head, `${field}: ${value}`, ...tail]));
  expect(house.asked).toMatchObject(asked);
});

describe("nobody is asked about by", () => {
  test.each<[string, string[]]>([
    ["two fields", [`${field}: ${value}`, `${field}: ${value}`]],
    ["two fields in other capitals", [`${field}: ${value}`, `X-Forwarded-Client-Cert: ${value}`]],
    ["a second field that is empty", [`${field}: ${value}`, `${field}:`]],
    ["one field of two elements", [`${field}: ${value}, ${value}`]],
    ["a field that goes on in the next line", [`${field}: ${value}`, ` ;URI=${name}`]],
    ["a field whose value is all in the next line", [`${field}:`, `\t${value}`]],
    ["a field with a space before its colon", [`${field} : ${value}`]],
    ["a field of nearly that name", [`x_forwarded_client_cert: ${value}`]],
    ["a line's end in the value", [`${field}: Subject="a\n${field}: ${value}`]],
    ["a carriage return in the value", [`${field}: ${value}\rx`]],
    ["a byte that is no ASCII", [`${field}: Subject="\u00e9";URI=${name}`]],
    ["the word of the peer's own request", [`Forwarded: for=127.0.0.1;cert="${value}"`]],
  ])("%s", async (_what, fields) => {
    const { house, address } = await openDoor();
    const answered = await sendRaw(address, rawRequest([...head, ...fields, ...tail]));
    const [status, ...more] = statusesOf(answered);
    expect([401, 403]).toContain(status);
    expect(more).toEqual([]);
    expect(house.asked).toEqual([]);
  });
});

test("an allowed call goes on without it", async () => {
  const { address } = await openDoor({ decide: async () => allow });
  const headers = { host: "flights.example", "x-person": payloadOf(person), [field]: value };
  const answer = await call(address, { method: "POST", path: "/flights/LH400", headers });
  expect(answer.status).toBe(200);
  expect(String(answer.headers["x-envoy-auth-headers-to-remove"]).split(", ")).toContain(field);
});
