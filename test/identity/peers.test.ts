/** A peer is known by its name alone: what the person's side says of it binds, what it could say of itself does not. */
import { describe, expect, test } from "vitest";
import { DecisionRequest } from "../../src/domain/decision-request.ts";
import type { ClaimsEvidence, PeerActor, TokensEvidence } from "../../src/domain/evidence.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import { parseCapability, parseIssuer, parsePartyId } from "../../src/domain/identifiers.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import { parseWorkloadName } from "../../src/domain/workload-name.ts";
import { evidenceVerifiers, type ProfileOptions, type WorkloadOptions } from "../../src/identity/index.ts";
import { decide } from "../../src/pdp/decide.ts";
import { agents, ourselves, people, profileOf, roleToken, subjectToken, usualProfiles } from "../fakes/issuers.ts";
import { createFakeWorld, known, ownIssuer, testTime } from "../fakes/path-ports.ts";
import { observedCall } from "../fakes/uses.ts";
import { testOrigin } from "../fakes/requests.ts";

const spiffe = "spiffe://mesh.example/ns/agents/sa/travel-agent";
const gateway = "urn:chaperone:gateway";
const mesh = "spiffe://mesh.example";
const named = (sub = spiffe, iss: string = gateway): JsonObject => ({ iss, sub });
const peer = (name = spiffe): PeerActor => ({ kind: "peer", name: known(parseWorkloadName(name)) });
const listed: WorkloadOptions = {
  id: known(parseWorkloadName(spiffe)),
  capabilities: [known(parseCapability("book_flight"))],
};

interface Told {
  readonly workloads?: readonly WorkloadOptions[];
  readonly issuers?: readonly ProfileOptions[];
}

const asked = { permissions: ExactSet.of([]), action: undefined, resource: undefined, audience: undefined } as const;
const holding = (evidence: ClaimsEvidence | TokensEvidence): DecisionRequest =>
  DecisionRequest.hold("issue", testOrigin, evidence, { ...asked, call: observedCall });

function createVerifiers({ workloads = [listed], issuers = usualProfiles }: Told) {
  return {
    tokens: evidenceVerifiers.tokens({
      kind: "tokens",
      issuers,
      own: { issuer: ownIssuer, keys: { publicKeys: () => [ourselves.jwk] } },
      workloads,
    }),
    claims: evidenceVerifiers["gateway-claims"]({
      kind: "gateway-claims",
      capabilitySeparators: "space",
      vouchedIssuers: [known(parseIssuer(people.name))],
      ownIssuer,
      leewaySeconds: 5,
      workloads,
    }),
  };
}

/** With a person's token. */
async function judgeToken(token: string, told: Told = {}, actor = peer()) {
  const subject = { compact: token, type: "access_token" } as const;
  const request = holding({ kind: "tokens", subject, actor, isOnwardAccepted: false });
  const answer = await createVerifiers(told).tokens.verify(request, testTime);
  return answer instanceof Refusal ? answer.code : answer;
}

/** With claims of a person that the gateway decoded. */
async function judgeClaims(subject: JsonObject, told: Told = {}, actor = peer()) {
  const answer = await createVerifiers(told).claims.verify(holding({ kind: "claims", subject, actor }), testTime);
  return answer instanceof Refusal ? answer.code : answer;
}

const tokenNaming = (may_act: JsonObject | JsonObject[] | undefined): string => subjectToken({ may_act });

describe("beside a person's token", () => {
  test("a peer that the token names acts, with the capabilities of configuration and no claim at all", async () => {
    const evidence = await judgeToken(tokenNaming(named()));
    if (typeof evidence === "string") return expect.unreachable(evidence);
    expect(evidence).toMatchObject({ subject: { id: "alice" }, inner: [], parent: undefined });
    const { capabilities, ...actor } = evidence.actor;
    expect(actor).toEqual({
      id: spiffe,
      issuer: gateway,
      claims: {},
      expiresAt: undefined,
      scopes: undefined,
      type: "ai_agent",
    });
    expect(capabilities.toArray()).toEqual(["book_flight"]);
  });

  test("the gateway vouches for the chain, because it alone does for the actor", async () => {
    expect(await judgeToken(tokenNaming(named()))).toMatchObject({ vouchedBy: "gateway" });
  });

  test("one that is not listed acts too, and is able to do nothing by capability", async () => {
    const evidence = await judgeToken(tokenNaming(named()), { workloads: [] });
    if (typeof evidence === "string") return expect.unreachable(evidence);
    expect(evidence.actor.capabilities.toArray()).toEqual([]);
    expect(evidence.actor.issuer).toBe(gateway);
  });

  test("what is listed is one name, and none that begins with it", async () => {
    for (const name of [`${spiffe}-evil`, `${spiffe}/evil`, spiffe.slice(0, -1)]) {
      const evidence = await judgeToken(tokenNaming(named(name)), {}, peer(name));
      if (typeof evidence === "string") return expect.unreachable(evidence);
      expect(evidence.actor.capabilities.toArray()).toEqual([]);
    }
  });

  test("it is the party of the issuer that configuration gives it", async () => {
    const told = { workloads: [{ ...listed, issuer: known(parseIssuer(mesh)) }] };
    expect(await judgeToken(tokenNaming(named(spiffe, mesh)), told)).toMatchObject({ actor: { issuer: mesh } });
    expect(await judgeToken(tokenNaming(named()), told)).toBe("actor_not_named");
  });

  test.each<[string, JsonObject | JsonObject[]]>([
    ["another workload", named("spiffe://mesh.example/ns/agents/sa/other")],
    ["the same name at another issuer", named(spiffe, agents.name)],
    ["the same name at the token's own issuer, by no issuer", { sub: spiffe }],
    ["a client of that name", { client_id: spiffe }],
    ["the workload as a client too", { ...named(), client_id: spiffe }],
    ["the workload with a claim, which it has none of", { ...named(), sub_profile: "ai_agent" }],
    ["the workload with a capability", { ...named(), Capabilities: "book_flight" }],
    ["the gateway's parties, all of them", { iss: gateway }],
    ["nobody", {}],
    ["nobody, in a list", []],
    ["the workload in a list with an entry that is none", [named(), {}]],
  ])("a token that names %s is no token for it", async (_whom, mayAct) => {
    expect(await judgeToken(tokenNaming(mayAct))).toBe("actor_not_named");
  });

  test("an entry without an issuer names it where the profile says whose agents such an entry may mean", async () => {
    const issuers = [profileOf(people, { actorIssuers: [known(parseIssuer(gateway))] })];
    expect(await judgeToken(tokenNaming({ sub: spiffe }), { issuers })).toMatchObject({ actor: { id: spiffe } });
  });

  test("without may_act it acts only where the profile lists it, with its issuer", async () => {
    expect(await judgeToken(tokenNaming(undefined))).toBe("actor_not_named");
    const listing = (issuer: string) =>
      profileOf(people, {
        allowedActors: [{ issuer: known(parseIssuer(issuer)), id: known(parsePartyId(spiffe)) }],
      });
    expect(await judgeToken(tokenNaming(undefined), { issuers: [listing(gateway)] })).toMatchObject({
      actor: { id: spiffe },
    });
    expect(await judgeToken(tokenNaming(undefined), { issuers: [listing(people.name)] })).toBe("actor_not_named");
    const other = tokenNaming(named("spiffe://mesh.example/other"));
    expect(await judgeToken(other, { issuers: [listing(gateway)] })).toBe("actor_not_named");
  });

  test.each([gateway, people.name])(
    "it does not act for itself, with an issuer of its own or of the person's: %s",
    async (issuer) => {
      const token = subjectToken({ sub: spiffe, may_act: named(spiffe, issuer) });
      const workloads = [{ ...listed, issuer: known(parseIssuer(issuer)) }];
      expect(await judgeToken(token, { workloads })).toBe("chain_cycle");
    },
  );

  test("nor after itself, whoever issued the token that says it acted before", async () => {
    const told = (act: JsonObject) => judgeToken(subjectToken({ may_act: named(), act }));
    expect(await told({ sub: spiffe })).toBe("chain_cycle");
    expect(await told({ sub: "planner", act: { sub: spiffe, iss: agents.name } })).toBe("chain_cycle");
    expect(await told({ sub: "planner" })).toMatchObject({ inner: [{ id: "planner", issuer: people.name }] });
  });

  test("a role token of ours is exchanged onward at a token endpoint alone", async () => {
    expect(await judgeToken(roleToken({ may_act: named() }))).toBe("evidence_not_accepted");
  });

  test("a person's token that is no good is none for a peer either", async () => {
    const forged = `${tokenNaming(named()).slice(0, -4)}AAAA`;
    expect(await judgeToken(forged)).toBe("evidence_untrusted");
    expect(await judgeToken(agents.issue({ sub: "alice", may_act: named() }))).toBe("evidence_untrusted");
  });
});

describe("beside claims that the gateway decoded", () => {
  test("it acts, and has no claims", async () => {
    expect(await judgeClaims({ sub: "alice" })).toMatchObject({
      vouchedBy: "gateway",
      subject: { id: "alice" },
      actor: { id: spiffe, issuer: gateway, claims: {} },
    });
  });

  test.each<[string, JsonObject]>([
    ["its issuer and name", { sub: "alice", may_act: named() }],
    ["its name, where person and peer are of the gateway", { sub: "alice", may_act: { sub: spiffe } }],
    ["it among others", { sub: "alice", may_act: [named("spiffe://mesh.example/other"), named()] }],
  ])("a person's claims that name %s bind nobody else", async (_how, claims) => {
    expect(await judgeClaims(claims)).toMatchObject({ actor: { id: spiffe } });
    expect(await judgeClaims(claims, {}, peer("spiffe://mesh.example/evil"))).toBe("actor_not_named");
  });

  test.each<[string, JsonObject]>([
    ["a client of that name", { may_act: { client_id: spiffe } }],
    ["the workload as a client too", { may_act: { ...named(), client_id: spiffe } }],
    ["a claim that it cannot have", { may_act: { ...named(), azp: spiffe } }],
    ["nobody", { may_act: {} }],
    ["nothing that can be read", { may_act: null }],
    ["that name at the person's own issuer", { iss: people.name, may_act: { sub: spiffe } }],
  ])("a person's claims that name %s do not name it", async (_whom, claims) => {
    expect(await judgeClaims({ sub: "alice", ...claims })).toBe("actor_not_named");
  });

  test("for itself it acts under one issuer, as any autonomous agent does, and never as two parties of one name", async () => {
    expect(await judgeClaims({ sub: spiffe })).toMatchObject({
      subject: { id: spiffe, issuer: gateway },
      actor: { id: spiffe, issuer: gateway },
    });
    expect(await judgeClaims({ sub: spiffe, iss: people.name })).toBe("chain_cycle");
    const workloads = [{ ...listed, issuer: known(parseIssuer(people.name)) }];
    expect(await judgeClaims({ sub: spiffe, iss: people.name }, { workloads })).toMatchObject({
      actor: { issuer: people.name },
    });
  });

  test("it does not act after itself, at whichever issuer it acted before", async () => {
    expect(await judgeClaims({ sub: "alice", iss: people.name, act: { sub: spiffe } })).toBe("chain_cycle");
    const before = { sub: "planner", act: { sub: spiffe, iss: people.name } };
    expect(await judgeClaims({ sub: "alice", iss: people.name, act: before })).toBe("chain_cycle");
    expect(await judgeClaims({ sub: "alice", iss: people.name, act: { sub: "planner" } })).toMatchObject({
      inner: [{ id: "planner", issuer: people.name }],
    });
  });

  test("a person's claims from a role token of ours are refused beside a peer too", async () => {
    expect(await judgeClaims({ sub: "alice", iss: ownIssuer })).toBe("token_evidence_required");
  });
});

test("two workloads of one name are refused", () => {
  expect(() => createVerifiers({ workloads: [listed, { ...listed, capabilities: [] }] })).toThrow(TypeError);
});

test("on record stands that the gateway vouches, and no client", async () => {
  const world = createFakeWorld({ evidence: createVerifiers({}).tokens });
  const subject = { compact: tokenNaming(named()), type: "access_token" } as const;
  const request = holding({ kind: "tokens", subject, actor: peer(), isOnwardAccepted: false });
  const decision = await decide(request, world);
  expect(decision).toMatchObject({
    outcome: "allow",
    grant: { clientId: spiffe, actor: { id: spiffe, issuer: gateway } },
  });
  expect(world.records).toMatchObject([
    { outcome: "allow", vouched_by: "gateway", actor: { id: spiffe, issuer: gateway, capabilities: ["book_flight"] } },
  ]);
  expect(world.records[0]).not.toHaveProperty("client");
});
