/** A workload is known by a URI in its certificate; SP-4 says which SPIFFE IDs are one, character by character. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseWorkloadName } from "../../src/domain/workload-name.ts";

const ascii = Array.from({ length: 128 }, (_, code) => String.fromCodePoint(code));
const inDomain = new Set(ascii.filter((character) => "abcdefghijklmnopqrstuvwxyz0123456789.-_".includes(character)));
const inSegment = new Set(ascii.filter((character) => inDomain.has(character.toLowerCase())));

describe("a SPIFFE ID", () => {
  test.each([
    "spiffe://mesh.example/ns/agents/sa/travel-agent",
    "spiffe://mesh.example/a",
    "spiffe://td_1-x.example/Path/With.Dots/..a/a../.../_-",
    "spiffe://1.2.3.4/workload",
  ])("%s is a workload", (id) => {
    expect(parseWorkloadName(id)).toBe(id);
  });

  test.each([
    ["the trust domain alone", "spiffe://mesh.example"],
    ["the trust domain with a slash", "spiffe://mesh.example/"],
    ["no trust domain", "spiffe:///agent"],
    ["a trust domain in capitals", "spiffe://Mesh.example/agent"],
    ["a scheme in capitals", "SPIFFE://mesh.example/agent"],
    ["one slash", "spiffe:/mesh.example/agent"],
    ["no slash", "spiffe:agent"],
    ["a slash at the end", "spiffe://mesh.example/agent/"],
    ["an empty segment", "spiffe://mesh.example//agent"],
    ["a dot", "spiffe://mesh.example/./agent"],
    ["a dot at the end", "spiffe://mesh.example/agent/."],
    ["two dots", "spiffe://mesh.example/ns/../agent"],
    ["two dots at the end", "spiffe://mesh.example/agent/.."],
    ["percent-encoding", "spiffe://mesh.example/%61gent"],
    ["percent-encoding in the trust domain", "spiffe://mesh%2eexample/agent"],
    ["a port", "spiffe://mesh.example:8443/agent"],
    ["a user", "spiffe://agent@mesh.example/agent"],
    ["a query", "spiffe://mesh.example/agent?x=1"],
    ["a fragment", "spiffe://mesh.example/agent#x"],
    ["a line's end", "spiffe://mesh.example/agent\n"],
    ["another letter", "spiffe://mesh.example/agént"],
    ["more than a name may have", `spiffe://mesh.example/${"a".repeat(240)}`],
  ])("with %s is none", (_what, id) => {
    expect(parseWorkloadName(id)).toBeUndefined();
  });

  test.each(ascii)("takes %j where the table has it, and nowhere else", (character) => {
    const domain = `spiffe://m${character}x/agent`;
    // What looks like the end of the trust domain is one.
    const isTaken = inDomain.has(character) || character === "/";
    expect(parseWorkloadName(domain) === domain).toBe(isTaken);
    const path = `spiffe://mesh.example/a${character}b`;
    expect(parseWorkloadName(path) === path).toBe(inSegment.has(character) || character === "/");
  });
});

test("another URI is one too, as it stands", () => {
  for (const id of ["https://agents.example/7?x=1", "urn:uuid:7d444840-9dc0-11d1-b245-5ffdce74fad2", "k8s:pod/a%20b"]) {
    expect(parseWorkloadName(id)).toBe(id);
  }
});

test.each([
  ["a DNS name", "agent.mesh.example"],
  ["the subject of a certificate", "CN=spiffe://mesh.example/agent,O=mesh"],
  ["a name of ours", "urn:chaperone:gateway"],
  ["a name of ours in capitals", "URN:Chaperone:gateway"],
  ["nothing", ""],
  ["a scheme alone", "spiffe:"],
  ["a space", "https://agents.example/a b"],
  ["a quote", 'https://agents.example/"'],
  ["a backslash", "https://agents.example\\a"],
  ["no text", 7],
])("%s is none", (_what, name) => {
  expect(parseWorkloadName(name)).toBeUndefined();
});

test("whatever is taken for a SPIFFE ID is the same to a URL parser, part by part", () => {
  const segment = fc.string({ unit: fc.constantFrom(...inSegment, "/", "%", ":"), maxLength: 8 });
  let taken = 0;
  fc.assert(
    fc.property(fc.array(segment, { minLength: 2, maxLength: 5 }), (segments) => {
      const id = parseWorkloadName(`spiffe://${segments.join("/")}`);
      if (id === undefined) return;
      taken += 1;
      const { protocol, host, pathname, search, hash } = new URL(id);
      expect(`${protocol}//${host}${pathname}${search}${hash}`).toBe(id);
    }),
    { numRuns: 5000 },
  );
  expect(taken).toBeGreaterThan(50);
});
