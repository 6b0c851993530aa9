/** What every source of identifiers promises (src/ports/identifier-source.ts). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChainOrigin } from "../../src/domain/delegation-chain.ts";
import { parseChainId, parseDecisionId, parseGrantId, parseIssuer } from "../../src/domain/identifiers.ts";
import type { IdentifierSource } from "../../src/ports/identifier-source.ts";
import { createIdentifierSource } from "../../src/tokens/index.ts";
import { known } from "../fakes/path-ports.ts";

const sources: Readonly<Record<string, () => IdentifierSource>> = { random: createIdentifierSource };

const issuers = fc.webUrl().filter((url) => parseIssuer(url) !== undefined);
const origins: fc.Arbitrary<ChainOrigin> = fc.record({
  issuer: issuers.map((url) => known(parseIssuer(url))),
  source: fc.string({ unit: "binary" }),
  value: fc.option(fc.string({ unit: "binary" }), { nil: undefined }),
});

describe.each(Object.entries(sources))("%s", (_kind, create) => {
  test("100,000 identifiers are all different, and each is what it says", () => {
    const source = create();
    const seen = new Set<string>();
    for (let drawn = 0; drawn < 50_000; drawn += 1) {
      const decision = source.decisionId();
      const grant = source.grantId();
      expect(parseDecisionId(decision)).toBe(decision);
      expect(parseGrantId(grant)).toBe(grant);
      seen.add(decision).add(grant);
    }
    expect(seen.size).toBe(100_000);
  });

  test("two sources of one process do not repeat each other", () => {
    const [one, other] = [create(), create()];
    const drawn = Array.from({ length: 2_000 }, () => [one.grantId(), other.grantId()]).flat();
    expect(new Set(drawn).size).toBe(4_000);
  });

  test("every bit varies, and none of 128 is missing", () => {
    const source = create();
    const drawn = Array.from({ length: 400 }, () => Buffer.from(source.grantId().slice(2), "base64url"));
    expect(drawn.every((bytes) => bytes.length === 16)).toBe(true);
    for (let bit = 0; bit < 128; bit += 1) {
      const ones = drawn.filter((bytes) => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1).length;
      // 400 fair tosses leave 100..300 less than once in 10^23 times.
      expect(ones).toBeGreaterThan(100);
      expect(ones).toBeLessThan(300);
    }
  });

  test("one origin with a value is one chain, in every process and for every decision", () => {
    const source = create();
    fc.assert(
      fc.property(origins, (origin) => {
        const chain = source.chainId(origin, source.decisionId());
        expect(parseChainId(chain)).toBe(chain);
        const again = create().chainId(origin, source.decisionId());
        expect(again === chain).toBe(origin.value !== undefined);
      }),
    );
  });

  test("an origin without a value is the chain of its decision", () => {
    const source = create();
    const decision = source.decisionId();
    const origin = { issuer: known(parseIssuer("urn:chaperone:gateway")), source: "claims", value: undefined };
    expect(source.chainId(origin, decision)).toBe(source.chainId(origin, decision));
  });

  test("different origins are different chains", () => {
    const source = create();
    const decision = source.decisionId();
    fc.assert(
      fc.property(origins, origins, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(source.chainId(one, decision)).not.toBe(source.chainId(other, decision));
      }),
    );
  });

  test("text cannot move from one member of an origin to the next, nor pose as a decision", () => {
    const source = create();
    const decision = source.decisionId();
    const issuer = known(parseIssuer("https://idp.example"));
    const chains = [
      { issuer, source: "a", value: "bc" },
      { issuer, source: "ab", value: "c" },
      { issuer, source: 'a","b', value: "c" },
      { issuer: known(parseIssuer("https://idp.example/a")), source: "", value: "bc" },
      { issuer, source: "a", value: "" },
      { issuer, source: "a", value: decision },
      { issuer, source: "a", value: undefined },
    ].map((origin) => source.chainId(origin, decision));
    expect(new Set(chains).size).toBe(chains.length);
  });
});
