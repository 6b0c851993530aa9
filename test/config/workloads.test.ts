/** Workloads as an operator lists them: what a peer is able to do, and nobody twice. */
import { describe, expect, test } from "vitest";
import { digestConfig } from "../../src/config/index.ts";
import { loaded, refused } from "./sources.ts";

const spiffe = "spiffe://mesh.example/ns/agents/sa/travel-agent";
const listing = (...workloads: readonly string[]): { yaml: string } => ({
  yaml: `identity: { workloads: [${workloads.join(", ")}] }\n`,
});

test("each has its name, and what configuration says of it", () => {
  const whole = `{ id: "${spiffe}", issuer: "spiffe://mesh.example", capabilities: [book_flight, search_flights] }`;
  const { workloads } = loaded(listing(whole, '{ id: "https://agents.example/7" }'));
  expect(workloads).toEqual([
    { id: spiffe, issuer: "spiffe://mesh.example", capabilities: ["book_flight", "search_flights"] },
    { id: "https://agents.example/7" },
  ]);
  expect(loaded({}).workloads).toEqual([]);
});

test("what they are able to do is part of the configuration's digest", () => {
  const able = digestConfig(loaded(listing(`{ id: "${spiffe}", capabilities: [book_flight] }`)));
  expect(able).not.toBe(digestConfig(loaded(listing(`{ id: "${spiffe}" }`))));
});

describe("stops the start", () => {
  const plain = `{ id: "${spiffe}" }`;

  test.each<[string, string[], string]>([
    ["a name twice", [plain, `{ id: "${spiffe}", capabilities: [book_flight] }`], "identity.workloads[1].id"],
    ["a name twice, at two issuers", [plain, `{ id: "${spiffe}", issuer: "urn:x" }`], "identity.workloads[1].id"],
    ["no name", ["{ capabilities: [book_flight] }"], "identity.workloads[0].id"],
    ["a pattern", ['{ id: "spiffe://mesh.example/ns/*" }'], "identity.workloads[0].id"],
    ["a trust domain", ['{ id: "spiffe://mesh.example" }'], "identity.workloads[0].id"],
    ["a name that is no URI", ["{ id: travel-agent }"], "identity.workloads[0].id"],
    ["a name of ours", ['{ id: "urn:chaperone:gateway" }'], "identity.workloads[0].id"],
    ["a capability that is none", [`{ id: "${spiffe}", capabilities: ["book flight"] }`], "identity.workloads[0].cap"],
    ["another word", [`{ id: "${spiffe}", permissions: ["flights:book"] }`], "identity.workloads[0].permissions"],
  ])("%s", (_what, workloads, setting) => {
    const errors = refused(listing(...workloads));
    expect(errors).toHaveLength(1);
    expect(errors[0]?.setting).toContain(setting);
  });
});
