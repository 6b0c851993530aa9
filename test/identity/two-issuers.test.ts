/** A party is its name at its issuer: the same name at two issuers is two parties, everywhere (P6). */
import fc from "fast-check";
import { expect, test } from "vitest";
import { DelegationChain } from "../../src/domain/delegation-chain.ts";
import { parseIssuer, parsePartyId } from "../../src/domain/identifiers.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import type { ProfileOptions } from "../../src/identity/index.ts";
import {
  agents,
  createFakeIssuer,
  createVerifier,
  exchangeOf,
  type FakeIssuer,
  people,
  profileOf,
} from "../fakes/issuers.ts";
import { known, testTime } from "../fakes/path-ports.ts";

const others = createFakeIssuer("https://others.example");
/** Each has everybody's names, and vouches for both sides. */
const issuers = [people, agents, others] as const;
const issuer = fc.constantFrom(...issuers);
const name = fc.constantFrom("alice", "agent-1", "agent-2");
const asks = { unnamedParties: "deny", depthMax: 8 } as const;

interface Named {
  readonly issuer: FakeIssuer;
  readonly id: string;
}
const party: fc.Arbitrary<Named> = fc.record({ issuer, id: name });
const isSame = (left: Named, right: Named): boolean => left.issuer === right.issuer && left.id === right.id;

interface Case {
  readonly subject: Named;
  readonly actor: Named;
  readonly named: Named;
  readonly inner: readonly Named[];
  /** How the subject's side names who may act. */
  readonly way: "iss and sub" | "sub alone" | "sub, others' agents too" | "allowed actors";
}
const story: fc.Arbitrary<Case> = fc.record({
  subject: party,
  actor: party,
  named: party,
  inner: fc.array(party, { maxLength: 3 }),
  way: fc.constantFrom("iss and sub", "sub alone", "sub, others' agents too", "allowed actors"),
});

const may = ({ way, named }: Case): JsonObject => {
  if (way === "allowed actors") return {};
  return { may_act: way === "iss and sub" ? { iss: named.issuer.name, sub: named.id } : { sub: named.id } };
};

const profilesFor = ({ subject, named, way }: Case): readonly ProfileOptions[] =>
  issuers.map((one) => {
    if (one !== subject.issuer) return profileOf(one);
    const allowed = { issuer: known(parseIssuer(named.issuer.name)), id: known(parsePartyId(named.id)) };
    return profileOf(one, {
      allowedActors: way === "allowed actors" ? [allowed] : [],
      actorIssuers: way === "sub, others' agents too" ? [known(parseIssuer(others.name))] : [],
    });
  });

/** What RFC 8693 says, without a line of ours. */
function isNamed({ way, named, actor, subject }: Case): boolean {
  switch (way) {
    case "iss and sub":
    case "allowed actors":
      return isSame(named, actor);
    case "sub alone":
      return named.id === actor.id && actor.issuer === subject.issuer;
    case "sub, others' agents too":
      return named.id === actor.id && (actor.issuer === subject.issuer || actor.issuer === others);
  }
}

function expected(asked: Case): string {
  const { subject, actor, inner } = asked;
  if (isSame(subject, actor)) return "chain_cycle";
  if (!isNamed(asked)) return "actor_not_named";
  const all = [subject, ...inner, actor];
  return all.some((one, at) => all.slice(at + 1).some((later) => isSame(one, later))) ? "chain_cycle" : "chain";
}

const asAct = (inner: readonly Named[]): JsonObject =>
  inner.reduce<JsonObject>((act, { issuer: { name: iss }, id }) => ({ act: { iss, sub: id, ...act } }), {});

test("may_act, allowed actors and the search for cycles tell two issuers' parties of one name apart", async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(story, async (asked) => {
      const { subject, actor, inner } = asked;
      const evidence = await createVerifier(profilesFor(asked)).verify(
        exchangeOf({
          subject: subject.issuer.issue({ sub: subject.id, ...may(asked), ...asAct(inner) }),
          actor: actor.issuer.issue({ sub: actor.id }),
        }),
        testTime,
      );
      const chain = evidence instanceof Refusal ? evidence : DelegationChain.of(evidence, asks, "issue");
      const answer = chain instanceof Refusal ? chain.code : "chain";
      seen.set(answer, (seen.get(answer) ?? 0) + 1);
      expect(answer).toBe(expected(asked));
      if (!(chain instanceof DelegationChain)) return;
      expect([chain.subject, ...chain.inner, chain.actor].map(({ issuer: iss, id }) => ({ iss, id }))).toEqual(
        [subject, ...inner, actor].map(({ issuer: one, id }) => ({ iss: one.name, id })),
      );
    }),
    { numRuns: 300 },
  );
  expect([...seen.keys()].toSorted()).toEqual(["actor_not_named", "chain", "chain_cycle"]);
});
