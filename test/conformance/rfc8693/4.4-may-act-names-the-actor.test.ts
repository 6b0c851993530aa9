/** RFC 8693 §4.4 and Vault's list form: TX-17, TX-18, TX-22, TX-24, and the pitfalls P6, P27, P28. */
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../../src/domain/json.ts";
import {
  actorToken,
  agentName,
  agents,
  createFakeIssuer,
  judge,
  people,
  profileOf,
  subjectToken,
} from "../../fakes/issuers.ts";
import { known, ownIssuer } from "../../fakes/path-ports.ts";
import { parseIssuer, parsePartyId } from "../../../src/domain/identifiers.ts";

const notNamed = /^actor_not_named/;
const issuerOfAgents = known(parseIssuer(agents.name));
/** `may_act` without `iss` may mean the agents' issuer too. */
const vaultLike = [profileOf(people, { actorIssuers: [issuerOfAgents] }), profileOf(agents)];

async function expectNamed(answer: Promise<unknown>, isNamed: boolean): Promise<void> {
  if (isNamed) expect(await answer).toMatchObject({ actor: { id: "travel-agent", issuer: agents.name } });
  else expect(await answer).toMatch(notNamed);
}

describe("TX-17, TX-18: every member equals the actor's", () => {
  test.each<[string, JsonObject, boolean]>([
    ["issuer and name", agentName, true],
    ["and its client", { ...agentName, client_id: "gateway" }, true],
    ["and another member that its token has", { ...agentName, sub_profile: "ai_agent" }, true],
    ["and another member that its token has not", { ...agentName, email: "agent@example.com" }, false],
    ["and another value of it", { ...agentName, sub_profile: "service" }, false],
    ["another name", { ...agentName, sub: "hotel-agent" }, false],
    ["another issuer", { ...agentName, iss: people.name }, false],
    ["another client", { ...agentName, client_id: "other" }, false],
    ["and an empty member, though its token has the same", { ...agentName, note: "" }, false],
    ["the issuer alone", { iss: agents.name }, false],
    ["a member that names nobody", { sub_profile: "ai_agent" }, false],
    ["the name of another issuer's actor", { sub: "travel-agent" }, false],
  ])("%s: %#", async (_name, mayAct, isNamed) => {
    const actor = actorToken({ sub_profile: "ai_agent", note: "" });
    await expectNamed(judge({ subject: subjectToken({ may_act: mayAct }), actor }), isNamed);
    await expectNamed(judge({ subject: subjectToken({ may_act: [mayAct] }), actor }), isNamed);
  });
});

describe("P6, P27: what is empty, of a wrong type or absent names nobody", () => {
  const shapes: readonly [string, Json | undefined][] = [
    ["absent", undefined],
    ["null", null],
    ["true", true],
    ["a number", 1],
    ["the name as text", "travel-agent"],
    ["a star", "*"],
    ["an empty text", ""],
    ["an empty object", {}],
    ["an empty list", []],
    ["a list of nothing", [{}]],
    ["a list of texts", ["travel-agent"]],
    ["a list of lists", [[agentName]]],
    ["a list with null", [null]],
    ["nested in itself", { may_act: agentName }],
    ["nested beside", { ...agentName, may_act: agentName }],
    ["the name in a list", { iss: agents.name, sub: ["travel-agent"] }],
    ["the name null", { iss: agents.name, sub: null }],
    ["the name a number", { iss: agents.name, sub: 1 }],
    ["the issuer null", { ...agentName, iss: null }],
    ["one good entry and one with a number", [agentName, { sub: 1 }]],
    ["one good entry and an empty one", [agentName, {}]],
    ["one good entry and null", [agentName, null]],
    ["more entries than there is room for", [agentName, ...Array.from({ length: 256 }, () => ({ sub: "a" }))]],
  ];

  test.each(shapes)("%s", async (_name, mayAct) => {
    await expectNamed(judge({ subject: subjectToken({ may_act: mayAct }) }, vaultLike), false);
    await expectNamed(judge({ subject: subjectToken({ may_act: mayAct }), actor: null }, vaultLike), false);
  });

  test("`act` is no `may_act`", async () => {
    await expectNamed(judge({ subject: subjectToken({ may_act: undefined, act: agentName }) }, vaultLike), false);
  });
});

describe("TX-22, TX-24: Vault's list of {client_id, sub}", () => {
  const entry = { client_id: "gateway", sub: "travel-agent" };

  test.each<[string, Json, boolean]>([
    ["one entry", [entry], true],
    ["any one of several", [{ client_id: "other", sub: "other" }, entry], true],
    ["the same as an object", entry, true],
    [
      "half of one and half of another",
      [
        { ...entry, sub: "other" },
        { ...entry, client_id: "other" },
      ],
      false,
    ],
    ["the client in another case", [{ ...entry, client_id: "Gateway" }], false],
    ["the name with a space", [{ ...entry, sub: "travel-agent " }], false],
    ["a pattern", [{ ...entry, sub: "travel-*" }], false],
    ["the client alone, for somebody else", [{ client_id: "gateway" }], false],
  ])("%s", async (_name, mayAct, isNamed) => {
    await expectNamed(judge({ subject: subjectToken({ may_act: mayAct }) }, vaultLike), isNamed);
  });

  test("client_id is the authenticated client, and the actor token's own where it says one", async () => {
    const subject = subjectToken({ may_act: [entry] });
    await expectNamed(judge({ subject, actor: actorToken({ client_id: "gateway" }) }, vaultLike), true);
    await expectNamed(judge({ subject, actor: actorToken({ client_id: "other" }) }, vaultLike), false);
    await expectNamed(judge({ subject, actor: actorToken({ azp: "other" }) }, vaultLike), false);
    await expectNamed(
      judge({ subject, client: "other", actor: actorToken({ client_id: "gateway" }) }, vaultLike),
      false,
    );
  });

  test("a client's name alone names the actor whose token says that it is that client", async () => {
    const subject = subjectToken({ may_act: { client_id: "gateway" } });
    await expectNamed(judge({ subject, actor: actorToken({ client_id: "gateway" }) }, vaultLike), true);
  });
});

describe("the authenticated client as actor", () => {
  const client = { id: "gateway", issuer: ownIssuer };

  test.each<[string, Json, boolean]>([
    ["issuer and name", { iss: ownIssuer, sub: "gateway" }, true],
    ["its client id with its issuer", { iss: ownIssuer, client_id: "gateway" }, true],
    ["its client id alone, from another issuer", { client_id: "gateway" }, false],
    ["somebody else", { iss: ownIssuer, sub: "travel-agent" }, false],
    ["a claim that it has not", { iss: ownIssuer, sub: "gateway", email: "x" }, false],
  ])("%s", async (_name, mayAct, isNamed) => {
    const answer = await judge({ subject: subjectToken({ may_act: mayAct }), actor: null });
    if (isNamed) expect(answer).toMatchObject({ actor: { ...client, expiresAt: undefined, scopes: undefined } });
    else expect(answer).toMatch(notNamed);
  });
});

describe("a profile's own list, for tokens without may_act", () => {
  const named = { issuer: issuerOfAgents, id: known(parsePartyId("travel-agent")) };
  const listing = (actor: typeof named) => [profileOf(people, { allowedActors: [actor] }), profileOf(agents)];
  const silent = subjectToken({ may_act: undefined });

  test("names exactly its pairs", async () => {
    await expectNamed(judge({ subject: silent }, listing(named)), true);
    await expectNamed(judge({ subject: silent, actor: actorToken({ sub: "hotel-agent" }) }, listing(named)), false);
    const elsewhere = { ...named, issuer: known(parseIssuer(people.name)) };
    await expectNamed(judge({ subject: silent }, listing(elsewhere)), false);
  });

  test("never counts where the token says who may act", async () => {
    for (const mayAct of [{}, [], null, { ...agentName, sub: "hotel-agent" }]) {
      await expectNamed(judge({ subject: subjectToken({ may_act: mayAct }) }, listing(named)), false);
    }
  });
});

test("actors of one name and two issuers are two", async () => {
  const others = createFakeIssuer("https://others.example");
  const issuers = [...vaultLike, profileOf(others)];
  const actor = others.issue({ sub: "travel-agent" });
  expect(await judge({ actor }, issuers)).toMatch(notNamed);
  expect(await judge({ actor, subject: subjectToken({ may_act: { sub: "travel-agent" } }) }, issuers)).toMatch(
    notNamed,
  );
});
