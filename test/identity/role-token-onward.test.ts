/** Our own token shown to be exchanged onward (DESIGN §5): the parent of the next grant, and nothing more. */
import { describe, expect, test } from "vitest";
import { decide } from "../../src/pdp/decide.ts";
import { evidenceVerifiers } from "../../src/identity/index.ts";
import { createTokenWorld, developmentOptions, mint, openRoom } from "../fakes/token-world.ts";
import {
  actorToken,
  agentName,
  agents,
  createVerifier,
  exchangeOf,
  judge,
  ourselves,
  people,
  profileOf,
  roleToken,
  subjectToken,
} from "../fakes/issuers.ts";
import { createFakeWorld, flights, known, ownIssuer, testTime } from "../fakes/path-ports.ts";
import { requestOf } from "../fakes/requests.ts";
import { parseIssuer, parsePartyId } from "../../src/domain/identifiers.ts";

test("it proves its grant, the person as the first issuer names it, and who acted so far", async () => {
  const detail = { type: "chaperone_action", locations: [flights], actions: ["flights:pay"], identifier: "trip-1" };
  const subject = roleToken({ authorization_details: [detail] }, { audiences: ["https://hotels.example"] });
  const evidence = await judge({ subject });
  expect(evidence).toMatchObject({
    vouchedBy: "signature",
    subject: { id: "alice", issuer: people.name, claims: {}, departments: [], roles: [], expiresAt: testTime + 50 },
    actor: { id: "travel-agent", issuer: agents.name },
    inner: [{ id: "planner", issuer: agents.name }],
    parent: {
      id: "g-1",
      lineage: [],
      chainId: "c-1",
      audience: flights,
      audiences: ["https://hotels.example"],
      depth: 1,
      depthMax: 3,
      expiresAt: testTime + 50,
    },
  });
  if (typeof evidence === "string") return expect.unreachable(evidence);
  expect(evidence.parent?.permissions.toArray()).toEqual(["flights:book", "flights:search"]);
  expect(evidence.parent?.details.map(({ identifier }) => identifier)).toEqual(["trip-1"]);
});

test("what the minter mints is what this reads, until the key is withdrawn", async () => {
  const world = createTokenWorld();
  const room = await openRoom(await developmentOptions(), world);
  const next = { issuer: known(parseIssuer(agents.name)), id: known(parsePartyId("travel-agent")) };
  const token = await mint(room, testTime, {
    actor: { id: known(parsePartyId("planner")), issuer: known(parseIssuer(agents.name)), type: "ai_agent" },
    depthMax: 2,
    delegation: { mayAct: [next], audiences: [], depthMax: 2 },
  });
  let isPublished = true;
  const verifier = evidenceVerifiers.tokens({
    kind: "tokens",
    issuers: [profileOf(agents), { kind: "chaperone", leewaySeconds: 5 }],
    own: { issuer: ownIssuer, keys: { publicKeys: (now) => (isPublished ? room.keys.publicKeys(now) : []) } },
  });
  const request = exchangeOf({ subject: token });
  expect(await verifier.verify(request, testTime)).toMatchObject({ parent: { id: "g-1", depth: 1, depthMax: 2 } });
  isPublished = false;
  expect(await verifier.verify(request, testTime)).toMatchObject({ code: "evidence_untrusted" });
  isPublished = true;
  expect(await verifier.verify(request, testTime)).toHaveProperty("parent");
});

describe("who may exchange it", () => {
  const notNamed = /^actor_not_named/;

  test.each<[string, string]>([
    ["anybody, when it is the end of its chain", roleToken({ may_act: undefined })],
    ["anybody, when its list is empty", roleToken({ may_act: undefined }, { may_act: [] })],
    ["anybody, when may_act is null", roleToken({ may_act: null })],
    ["an actor of the same name and no issuer", roleToken({ may_act: { sub: "travel-agent" } })],
    ["an actor of the same name and another issuer", roleToken({ may_act: { iss: people.name, sub: "travel-agent" } })],
  ])("not %s", async (_name, subject) => {
    expect(await judge({ subject })).toMatch(notNamed);
    expect(await judge({ subject, actor: null })).toMatch(notNamed);
  });

  test("not its target, which holds it", async () => {
    expect(await judge({ subject: roleToken({ aud: "gateway" }), actor: null, client: "gateway" })).toMatch(notNamed);
    expect(await judge({ subject: roleToken({ aud: flights }), actor: actorToken({ sub: flights }) })).toMatch(
      notNamed,
    );
  });

  test("not an actor that may_act does not name, nor its client in its place", async () => {
    expect(await judge({ subject: roleToken(), actor: actorToken({ sub: "hotel-agent" }) })).toMatch(notNamed);
    expect(await judge({ subject: roleToken(), actor: null, client: "travel-agent" })).toMatch(notNamed);
    expect(await judge({ subject: roleToken(), actor: null, client: "planner" })).toMatch(notNamed);
  });

  test("one of several, who stand in delegation.may_act", async () => {
    const subject = roleToken({ may_act: undefined }, { may_act: [{ iss: agents.name, sub: "other" }, agentName] });
    expect(await judge({ subject })).toMatchObject({ actor: { id: "travel-agent" } });
  });

  test("two places that could disagree are refused", async () => {
    expect(await judge({ subject: roleToken({}, { may_act: [agentName] }) })).toMatch(/^claim_malformed/);
  });
});

test("our token as actor token is refused, and so it is as ID token", async () => {
  const vouch = "evidence_untrusted: The actor token is of an issuer that does not vouch for this party.";
  expect(await judge({ actor: roleToken() })).toBe(vouch);
  expect(await judge({ subject: roleToken(), actor: roleToken() })).toBe(vouch);
  expect(await judge({ subject: roleToken(), subjectType: "id_token" })).toMatch(/not of a kind/);
});

test("our token as decoded claims is refused", async () => {
  const claims = { iss: ownIssuer, sub: "alice", delegation: { v: 1 } };
  const world = createFakeWorld();
  for (const input of [
    { subject: { claims }, actor: { claims: { sub: "a" } } },
    { subject: { claims: { sub: "alice" } }, actor: { claims } },
  ]) {
    expect(await decide(requestOf(input), world)).toMatchObject({ code: "token_evidence_required" });
  }
});

test.each([undefined, "other", ourselves.jwk.kid.toUpperCase(), ` ${ourselves.jwk.kid}`])(
  "P16: signed with our key and the key id %j, it is not ours",
  async (kid) => {
    expect(await judge({ subject: roleToken({}, {}, { kid }) })).toMatch(/not signed with a key of its issuer/);
  },
);

test("without its profile our own issuer is a stranger", async () => {
  expect(await judge({ subject: roleToken() }, [profileOf(people), profileOf(agents)])).toMatch(/no profile/);
});

describe("a token of ours that is not whole", () => {
  const malformed = /^claim_malformed/;

  test.each<[string, string, RegExp]>([
    ["no sub_id", roleToken({ sub_id: undefined }), malformed],
    ["another sub in sub_id", roleToken({ sub_id: { format: "iss_sub", iss: people.name, sub: "bob" } }), malformed],
    ["sub_id of another format", roleToken({ sub_id: { format: "email", iss: people.name, sub: "alice" } }), malformed],
    ["no delegation", roleToken({ delegation: undefined }), malformed],
    ["another version", roleToken({}, { v: 2 }), malformed],
    ["no grant", roleToken({}, { grant_id: null }), malformed],
    ["lineage that is no list", roleToken({}, { lineage: "g-0" }), malformed],
    ["an element of lineage that is none", roleToken({}, { lineage: [7] }), malformed],
    ["a depth that is no whole number", roleToken({}, { depth: 1.5 }), malformed],
    ["a largest depth beyond all", roleToken({}, { max_depth: 9 }), malformed],
    ["an audience that is none", roleToken({}, { audiences: ["two words"] }), malformed],
    ["no chain", roleToken({ txn: undefined }), malformed],
    ["scope as a list", roleToken({ scope: ["flights:book"] }), malformed],
    ["scope with two spaces", roleToken({ scope: "flights:book  flights:search" }), malformed],
    ["no scope", roleToken({ scope: undefined }), malformed],
    ["a detail of an unknown type", roleToken({ authorization_details: [{ type: "other" }] }), malformed],
    ["an actor without issuer", roleToken({ act: { sub: "planner" } }), malformed],
    ["no actor", roleToken({ act: undefined }), /^parent_mismatch/],
    ["fewer actors than its depth", roleToken({}, { depth: 2 }), /^parent_mismatch/],
    ["more ancestors than actors", roleToken({}, { lineage: ["g-0"] }), /^parent_mismatch/],
  ])("%s", async (_name, subject, expected) => {
    expect(await judge({ subject })).toMatch(expected);
  });
});

test("a cycle through the chain, and a chain that is too long, are refused by the path", async () => {
  const world = createFakeWorld({ evidence: createVerifier() });
  const again = roleToken({ act: { ...agentName } });
  expect(await decide(exchangeOf({ subject: again }), world)).toMatchObject({ code: "chain_cycle" });
  const last = roleToken({}, { max_depth: 1 });
  expect(await decide(exchangeOf({ subject: last }), world)).toMatchObject({ code: "chain_too_deep" });
});

test("a stranger's token gains nothing by looking like ours", async () => {
  const delegation = { v: 1, grant_id: "g-1", lineage: [], depth: 1, max_depth: 8 };
  expect(await judge({ subject: subjectToken({ delegation, txn: "c-1", scope: "flights" }) })).toMatchObject({
    parent: undefined,
  });
  expect(
    await judge({ subject: people.issue({ iss: ourselves.name, sub: "alice" }, { kid: ourselves.jwk.kid }) }),
  ).toMatch(/^evidence_untrusted/);
});
