/** Grants as attenuation would seal them: one that reads well, and any at all. */
import fc from "fast-check";
import type { Hop } from "../../src/domain/delegation-chain.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import { type Grant, type GrantTerms, sealGrant } from "../../src/domain/grant.ts";
import {
  parseAudience,
  parseChainId,
  parseDecisionId,
  parseGrantId,
  parseIssuer,
  parsePartyId,
  parsePermission,
  parseRevision,
  parseRoleName,
} from "../../src/domain/identifiers.ts";
import { flights, known, testTime } from "./path-ports.ts";

const vault = known(parseIssuer("https://vault.example/v1/identity"));

export function grantOf(parts: Partial<GrantTerms> = {}): Grant {
  return sealGrant({
    id: known(parseGrantId("g-1")),
    chainId: known(parseChainId("c-1")),
    decisionId: known(parseDecisionId("d-1")),
    subject: { id: known(parsePartyId("alice")), issuer: vault },
    actor: { id: known(parsePartyId("travel-agent")), issuer: vault, type: "ai_agent" },
    inner: [],
    clientId: known(parsePartyId("travel-agent")),
    audience: known(parseAudience(flights)),
    details: [],
    role: known(parseRoleName("flight-booker")),
    isRoleNamed: true,
    permissions: ExactSet.of([known(parsePermission("flights:book")), known(parsePermission("flights:search"))]),
    lineage: [],
    depth: 1,
    depthMax: 1,
    delegation: undefined,
    issuedAt: testTime,
    expiresAt: testTime + 60,
    policy: { id: "chaperone", revision: known(parseRevision("a".repeat(64))) },
    ...parts,
  });
}

const parsed = <T>(values: fc.Arbitrary<string>, parse: (value: string) => T | undefined): fc.Arbitrary<T> =>
  values.filter((value) => parse(value) !== undefined).map((value) => known(parse(value)));

const reference = fc.stringMatching(/^[A-Za-z0-9_.:-]{1,40}$/);
const scopeToken = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,24}$/);
const issuers = parsed(fc.webUrl(), parseIssuer);
const partyIds = parsed(fc.oneof(fc.string({ minLength: 1, unit: "grapheme" }), fc.emailAddress()), parsePartyId);
const audiences = parsed(fc.webUrl({ withQueryParameters: true }), parseAudience);
const hops: fc.Arbitrary<Hop> = fc.record({ id: partyIds, issuer: issuers });
const nextActors = fc.array(fc.record({ issuer: issuers, id: partyIds }), { minLength: 1, maxLength: 3 });

/** Every grant whose place, times and sets fit together, names of any script included. */
export const anyGrant: fc.Arbitrary<Grant> = fc
  .record({
    terms: fc.record({
      id: parsed(reference, parseGrantId),
      chainId: parsed(reference, parseChainId),
      decisionId: parsed(reference, parseDecisionId),
      subject: hops,
      actor: fc.record({ id: partyIds, issuer: issuers, type: fc.constantFrom("ai_agent", "service") }),
      inner: fc.array(hops, { maxLength: 7 }),
      clientId: partyIds,
      audience: audiences,
      role: parsed(scopeToken, parseRoleName),
      isRoleNamed: fc.boolean(),
      lineage: fc.array(parsed(reference, parseGrantId), { maxLength: 7 }),
      issuedAt: fc.integer({ min: 0, max: 4_000_000_000 }),
      policy: fc.record({ id: reference, revision: parsed(fc.stringMatching(/^[0-9a-f]{64}$/), parseRevision) }),
    }),
    permissions: fc.array(parsed(scopeToken, parsePermission), { minLength: 1, maxLength: 12 }),
    lifetimeSeconds: fc.integer({ min: 1, max: 300 }),
    onward: fc.option(fc.record({ mayAct: nextActors, audiences: fc.array(audiences, { maxLength: 2 }) }), {
      nil: undefined,
    }),
    hopsLeft: fc.nat(7),
  })
  .map(({ terms, permissions, lifetimeSeconds, onward, hopsLeft }) => {
    const depth = terms.inner.length + 1;
    const depthMax = Math.min(8, depth + hopsLeft);
    return sealGrant({
      ...terms,
      permissions: ExactSet.of(permissions),
      details: [],
      depth,
      depthMax,
      delegation: onward === undefined || depthMax === depth ? undefined : { ...onward, depthMax },
      expiresAt: terms.issuedAt + lifetimeSeconds,
    });
  });
