import { describe, expect, test } from "vitest";
import { approvalRequired, createFakeHouse, deny, foundingBody } from "../fakes/doors-house.ts";
import { call, createFolder, open, socketListener } from "../fakes/open-house.ts";
import type { DoorsHouse } from "../../src/doors/index.ts";

async function openSocket(parts: Partial<DoorsHouse> = {}) {
  const house = createFakeHouse(parts);
  const { addresses } = await open(house, [socketListener(await createFolder())]);
  return { house, address: addresses[0]?.address };
}

describe("POST /v1/authorize", () => {
  test("the founding request, exactly as written, is decided and its token comes back", async () => {
    const { house, address } = await openSocket();
    const answer = await call(address, { body: foundingBody });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      decision_id: "decision-1",
      allow: true,
      outcome: "allow",
      role: "flight-booker",
      permissions: ["flights:book", "flights:search"],
      audience: "https://flights.example/api",
      expires_in: 60,
      token: "fake.role.token",
      policy: { id: "fake", revision: "a".repeat(64) },
      reasons: [{ code: "permitted", message: "Directors of Operations may book flights." }],
    });
    expect(house.asked[0]?.origin).toEqual({ door: "authorize", listener: "socket", gateway: "local" });
  });

  test("a denial is an answer: 200, and nothing in it that a token would be about", async () => {
    const { address } = await openSocket({ decide: async () => deny });
    const answer = await call(address, { body: foundingBody });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      decision_id: "decision-1",
      allow: false,
      outcome: "deny",
      code: "policy_denied",
      policy: { id: "fake", revision: "a".repeat(64) },
      reasons: [{ code: "department_wrong", message: "Only Operations may." }],
    });
  });

  test("an approval that is required allows nothing yet", async () => {
    const { address } = await openSocket({ decide: async () => approvalRequired });
    const { json } = await call(address, { body: foundingBody });
    expect(json).toMatchObject({ allow: false, outcome: "approval_required" });
    expect(Object.keys(json).sort()).toEqual(["allow", "decision_id", "outcome", "policy", "reasons"]);
  });
});
