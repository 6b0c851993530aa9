/** A held call starts as a "no" and is let through only when the house allowed what it asks for. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAnswerHeldCall } from "../../../src/doors/ext-authz/answer-held-call.ts";
import type { ExtAuthzOptions, IssueOptions } from "../../../src/doors/ext-authz/options.ts";
import { turnAway } from "../../../src/doors/ext-authz/turned-away.ts";
import { isJsonObject, type JsonObject } from "../../../src/domain/json.ts";
import { parseGatewayName } from "../../../src/domain/identifiers.ts";
import { type DenialCode, faults, refusals } from "../../../src/domain/refusal.ts";
import { allow, approvalRequired, createFakeHouse, deny, type FakeHouse } from "../../fakes/doors-house.ts";
import { heldCall, type HeldCallChanges } from "../../fakes/held-calls.ts";
import { agent, byMetadata, byPayload, inUse, jwtAuthn, payloadOf, person } from "../../fakes/held-operations.ts";
import { flights, known } from "../../fakes/path-ports.ts";

const gateway = known(parseGatewayName("envoy"));

const byTokens: IssueOptions = {
  ...byMetadata,
  evidence: { kind: "tokens", subject: "x-person-token", actor: { kind: "shown", at: "authorization" } },
};

const founding: HeldCallChanges = {
  method: "POST",
  target: "/flights/LH400?class=economy",
  metadata: { [jwtAuthn]: { person, agent } },
};
function namesOf<Name extends string>(table: Readonly<Record<Name, string>>): readonly Name[] {
  const names: Name[] = [];
  for (const name in table) names.push(name);
  return names;
}

function parseMetadata(text: string): JsonObject {
  const parsed: unknown = JSON.parse(text);
  if (!isJsonObject(parsed)) throw new TypeError("metadata is an object");
  return parsed;
}

async function answerOf(options: ExtAuthzOptions, changes: HeldCallChanges, parts: Partial<FakeHouse> = {}) {
  const house = createFakeHouse(parts);
  const answer = await createAnswerHeldCall({ house, listener: "mesh", options })(heldCall(changes), gateway);
  return { answer, house };
}

/** A gateway may not have shown them to us. */
const neverOn = [
  "x-chaperone-gateway-credential",
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
  "x-original-url",
  "x-rewrite-url",
];

describe("on the agent's side", () => {
  test("an allowed call goes on with the role token in place of what was shown", async () => {
    const { answer, house } = await answerOf(byMetadata, founding);
    expect(answer).toEqual({
      kind: "let_through",
      headersToSet: [{ name: "authorization", value: "Bearer fake.role.token" }],
      headersToRemove: neverOn,
      metadata: {
        decision_id: "decision-1",
        role: "flight-booker",
        actor: "urn:chaperone:unnamed:decision-1:actor",
        subject: "urn:chaperone:unnamed:decision-1:subject",
        revision: "a".repeat(64),
      },
    });
    expect(house.asked).toMatchObject([
      {
        position: "issue",
        origin: { door: "ext_authz", listener: "mesh", gateway: "envoy" },
        evidence: { kind: "claims", subject: person, actor: { kind: "claims", claims: agent } },
        action: { name: "book_flight" },
        resource: { type: "flight", id: "LH400" },
        audience: flights,
        call: { method: "POST", path: "/flights/LH400", rawPath: "/flights/LH400", query: { class: ["economy"] } },
      },
    ]);
  });

  test("the person's and the agent's tokens stay behind, whichever header the role token takes", async () => {
    const house = { decide: async () => allow };
    const headers = { "x-person-token": ["person.signed.token"], authorization: ["Bearer agent.signed.token"] };
    const replaced = await answerOf(byTokens, { ...founding, headers }, house);
    expect(replaced.answer).toMatchObject({
      headersToSet: [{ name: "authorization" }],
      headersToRemove: ["x-person-token", ...neverOn],
    });
    const beside = await answerOf({ ...byTokens, tokenHeader: "x-role-token" }, { ...founding, headers }, house);
    expect(beside.answer).toMatchObject({
      headersToSet: [{ name: "x-role-token" }],
      headersToRemove: ["authorization", "x-person-token", ...neverOn],
    });
  });

  test("payload headers are read as the claims that the gateway verified", async () => {
    const headers = { "x-person": [payloadOf(person)], "x-agent": [payloadOf(agent)] };
    const { answer } = await answerOf(byPayload, { ...founding, metadata: {}, headers });
    expect(answer).toMatchObject({ kind: "let_through", headersToRemove: ["x-person", "x-agent", ...neverOn] });
  });

  describe("the peer that mutual TLS proved to the gateway can be the actor, by its name and nothing else", () => {
    const name = "spiffe://mesh.example/ns/agents/sa/planner";
    const byPrincipal = { kind: "peer", by: "principal" } as const;
    const byCertificate = { kind: "peer", by: "x_forwarded_client_cert" } as const;
    const certificate = `By=spiffe://mesh.example/edge;URI=${name}`;
    const actor = { kind: "peer", name };

    test("beside claims in metadata", async () => {
      const options = { ...byMetadata, evidence: { ...byMetadata.evidence, actor: byPrincipal } };
      const { house } = await answerOf(options, { ...founding, peer: name });
      expect(house.asked.map(({ evidence }) => evidence)).toEqual([{ kind: "claims", subject: person, actor }]);
    });

    test("beside claims in a header, by the certificate's header, which does not go on", async () => {
      const options = { ...byPayload, evidence: { ...byPayload.evidence, actor: byCertificate } };
      const headers = { "x-person": [payloadOf(person)], "x-forwarded-client-cert": [certificate] };
      const { answer } = await answerOf(options, { ...founding, headers }, { decide: async () => allow });
      expect(answer).toMatchObject({
        headersToRemove: ["x-person", "x-forwarded-client-cert", ...neverOn],
      });
      const told = await answerOf(options, { ...founding, headers });
      expect(told.house.asked.map(({ evidence }) => evidence)).toEqual([{ kind: "claims", subject: person, actor }]);
    });

    test("beside a token, and no client is anybody", async () => {
      const options = { ...byTokens, evidence: { ...byTokens.evidence, actor: byCertificate } };
      const headers = {
        "x-person-token": ["person.signed.token"],
        authorization: ["Bearer agent.signed.token"],
        "x-forwarded-client-cert": [certificate],
      };
      const { house } = await answerOf(options, { ...founding, headers });
      const subject = { compact: "person.signed.token", type: "access_token" };
      expect(house.asked.map(({ evidence }) => evidence)).toEqual([
        { kind: "tokens", subject, actor, isOnwardAccepted: false },
      ]);
    });

    const inMetadata: IssueOptions = { ...byMetadata, evidence: { ...byMetadata.evidence, actor: byPrincipal } };
    const inHeader: IssueOptions = { ...byPayload, evidence: { ...byPayload.evidence, actor: byCertificate } };
    const shown = (...fields: string[]): HeldCallChanges => ({
      headers: { "x-person": [payloadOf(person)], "x-agent": [payloadOf(agent)], "x-forwarded-client-cert": fields },
    });

    test.each<[string, IssueOptions, HeldCallChanges]>([
      ["no principal", inMetadata, {}],
      ["an empty principal", inMetadata, { peer: "" }],
      ["a principal that is a DNS name", inMetadata, { peer: "planner.mesh.example" }],
      ["a principal that is a certificate's subject", inMetadata, { peer: "CN=planner,O=mesh" }],
      ["a principal that is no SPIFFE ID", inMetadata, { peer: "spiffe://mesh.example/ns/../admin" }],
      ["a principal that is a name of ours", inMetadata, { peer: "urn:chaperone:gateway" }],
      ["a certificate's header where the principal counts", inMetadata, { ...shown(certificate) }],
      ["a principal where the certificate's header counts", inHeader, { ...shown(), peer: name }],
      ["no certificate's header", inHeader, shown()],
      ["two of them", inHeader, shown(certificate, certificate)],
      ["one of two proxies", inHeader, shown(`${certificate},${certificate}`)],
      ["one with two names", inHeader, shown(`${certificate};URI=${name}`)],
      ["one with a name that no workload has", inHeader, shown("URI=planner")],
      ["one with an empty name", inHeader, shown("URI=")],
      ["one that is too long", inHeader, shown(`${certificate};DNS=${"a".repeat(20_000)}`)],
    ])("and is missing with %s", async (_what, options, changes) => {
      const { answer, house } = await answerOf(options, { ...founding, ...changes });
      expect(answer).toMatchObject({ kind: "turned_away", status: 401, code: "evidence_missing" });
      expect(house.asked).toEqual([]);
    });
  });

  test("shown tokens are for the sidecar to verify, and none of ours is exchanged onward here", async () => {
    const headers = { "x-person-token": ["person.signed.token"], authorization: ["Bearer agent.signed.token"] };
    const { house } = await answerOf(byTokens, { ...founding, headers });
    expect(house.asked).toMatchObject([
      {
        evidence: {
          kind: "tokens",
          subject: { compact: "person.signed.token" },
          actor: { kind: "token", token: { compact: "agent.signed.token" }, client: undefined },
          isOnwardAccepted: false,
        },
      },
    ]);
  });

  test.each<[string, IssueOptions, HeldCallChanges]>([
    ["no metadata", byMetadata, { metadata: {} }],
    ["metadata of another filter", byMetadata, { metadata: { "envoy.lua": { person, agent } } }],
    ["claims of one party only", byMetadata, { metadata: { [jwtAuthn]: { person } } }],
    ["claims that are a list", byMetadata, { metadata: { [jwtAuthn]: { person, agent: [agent] } } }],
    ["claims in a header where metadata counts", byMetadata, { metadata: {}, headers: { "x-person": ["e30"] } }],
    ["a payload twice", byPayload, { headers: { "x-person": ["e30", "e30"], "x-agent": ["e30"] } }],
    ["a payload that is no base64url", byPayload, { headers: { "x-person": ["{}"], "x-agent": ["e30"] } }],
    ["a payload that is no object", byPayload, { headers: { "x-person": ["W10"], "x-agent": ["e30"] } }],
    [
      "a payload with two members of one name",
      byPayload,
      {
        headers: { "x-person": [Buffer.from('{"a":1,"a":2}').toString("base64url")], "x-agent": ["e30"] },
      },
    ],
    ["a payload that is too long", byPayload, { headers: { "x-person": ["e".repeat(20_000)], "x-agent": ["e30"] } }],
    ["no token", byTokens, { headers: { authorization: ["Bearer a.b.c"] } }],
    [
      "a token of another scheme",
      byTokens,
      { headers: { "x-person-token": ["a.b.c"], authorization: ["Basic abcd"] } },
    ],
    ["two tokens", byTokens, { headers: { "x-person-token": ["a.b.c", "d.e.f"], authorization: ["Bearer a.b.c"] } }],
  ])("missing evidence is told as such: %s", async (_name, options, changes) => {
    const { answer, house } = await answerOf(options, { ...founding, ...changes });
    expect(answer).toMatchObject({ kind: "turned_away", status: 401, title: "evidence", code: "evidence_missing" });
    expect([house.asked, house.turnedAway]).toEqual([[], ["evidence_missing"]]);
  });
});

describe("on the resource's side", () => {
  const headers = { authorization: ["Bearer role.token.shown"] };

  test("an allowed call goes on as it is", async () => {
    const { answer, house } = await answerOf(inUse, { ...founding, headers });
    expect(answer).toMatchObject({ kind: "let_through", headersToSet: [], headersToRemove: neverOn });
    expect(house.used).toMatchObject([
      {
        position: "use",
        evidence: { kind: "role_token", token: { compact: "role.token.shown" }, audiences: [flights] },
        audience: flights,
      },
    ]);
    expect(house.used[0]?.asked.permissions.toArray()).toEqual(["flights:book"]);
    expect(house.asked).toEqual([]);
  });

  test("evidence of the other side counts for nothing", async () => {
    const { answer, house } = await answerOf(inUse, founding);
    expect(answer).toMatchObject({ kind: "turned_away", status: 401, code: "evidence_missing" });
    expect(house.used).toEqual([]);
  });
});

describe("what a call is about", () => {
  const properties = { amount: ["payment", "amount"] };
  const about = <Options extends ExtAuthzOptions>(options: Options): Options => ({
    ...options,
    operations: options.operations.map((operation) => ({ ...operation, properties })),
  });
  const headers = { "content-type": ["application/json"], authorization: ["Bearer role.token.shown"] };
  const paying = (body: string): HeldCallChanges => ({ ...founding, headers, body });

  test("goes to policy beside the capability that it takes", async () => {
    const { house } = await answerOf(about(byMetadata), paying('{"payment":{"amount":500}}'));
    expect(house.asked.map(({ action }) => action)).toEqual([{ name: "book_flight", properties: { amount: 500 } }]);
  });

  test("goes to policy under the name of the permission where no capability is asked", async () => {
    const { house } = await answerOf(about(inUse), paying('{"payment":{"amount":500}}'));
    expect(house.used.map(({ action }) => action)).toEqual([{ name: "flights:book", properties: { amount: 500 } }]);
    expect(house.used[0]?.asked.permissions.toArray()).toEqual(["flights:book"]);
  });

  test("is nothing where nothing is declared", async () => {
    const issued = await answerOf(byMetadata, paying('{"payment":{"amount":500}}'));
    expect(issued.house.asked.map(({ action }) => action)).toEqual([{ name: "book_flight", properties: {} }]);
    const used = await answerOf(inUse, paying('{"payment":{"amount":500}}'));
    expect(used.house.used.map(({ action }) => action)).toEqual([undefined]);
  });

  test.each([byMetadata, inUse])("asks nobody when it cannot be told ($position)", async (options) => {
    const { answer, house } = await answerOf(about(options), paying('{"payment":{"Amount":500}}'));
    expect(answer).toMatchObject({ kind: "turned_away", status: 403, title: "denied", code: "operation_unknown" });
    expect([house.asked, house.used, house.turnedAway]).toEqual([[], [], ["operation_unknown"]]);
  });

  test("is asked of the agent as a capability, and by that denied, where a permission was declared for it", async () => {
    const [take] = inUse.operations;
    const { house } = await answerOf(about({ ...byMetadata, operations: take ? [take] : [] }), paying("{}"));
    expect(house.asked.map(({ action }) => action?.name)).toEqual(["flights:book"]);
  });
});

describe("a call that cannot be told", () => {
  test.each<[string, HeldCallChanges, string]>([
    ["a path that means two things", { target: "/flights/../admin" }, "target_malformed"],
    ["an undeclared operation", { target: "/admin" }, "operation_unknown"],
    ["an undeclared host", { host: "evil.example" }, "operation_unknown"],
  ])("%s", async (_name, changes, code) => {
    const { answer, house } = await answerOf(byMetadata, { ...founding, ...changes });
    expect(answer).toMatchObject({ kind: "turned_away", status: 403, code, decisionId: undefined });
    expect([house.asked, house.turnedAway]).toEqual([[], [code]]);
  });
});

describe("what is decided is told", () => {
  const codes: readonly DenialCode[] = [...namesOf(refusals), ...namesOf(faults)];

  test.each(codes)("%s is a no", async (code) => {
    const decide = async () => ({ ...deny, code });
    const { answer } = await answerOf(byMetadata, founding, { decide });
    expect(answer).toMatchObject({ kind: "turned_away", code, decisionId: "decision-1" });
    expect([401, 403, 429]).toContain(answer.kind === "turned_away" && answer.status);
  });

  test("a person must be asked", async () => {
    const { answer } = await answerOf(byMetadata, founding, { decide: async () => approvalRequired });
    expect(answer).toMatchObject({ kind: "turned_away", status: 403, title: "approval_required" });
  });

  test("a house that breaks", async () => {
    const decide = () => Promise.reject(new Error("broken"));
    const { answer, house } = await answerOf(byMetadata, founding, { decide });
    expect(answer).toEqual(turnAway("internal_fault"));
    expect(house.faults.map(({ code }) => code)).toEqual(["internal_fault"]);
  });
});

test("whatever a call holds, it is let through only when the house allowed it", async () => {
  let through = 0;
  let peers = 0;
  const byPeers: readonly IssueOptions[] = [
    { ...byMetadata, evidence: { ...byMetadata.evidence, actor: { kind: "peer", by: "principal" } } },
    { ...byPayload, evidence: { ...byPayload.evidence, actor: { kind: "peer", by: "x_forwarded_client_cert" } } },
  ];
  const text = fc.constantFrom(
    "",
    "POST",
    "GET",
    "/flights/LH400",
    "/flights/..",
    "//",
    "flights.example",
    "e30",
    "é",
    "URI=spiffe://a/b",
  );
  const json = fc.jsonValue({ maxDepth: 3 });
  const calls = fc.record(
    {
      method: fc.oneof(fc.constant("POST"), text),
      host: fc.oneof(fc.constant("flights.example"), text),
      target: fc.oneof(fc.constant("/flights/LH400"), text),
      headers: fc.dictionary(
        fc.constantFrom("x-person", "x-agent", "authorization", "x-forwarded-client-cert"),
        fc.array(text, { maxLength: 2 }),
      ),
      peer: fc.oneof(fc.constant("spiffe://a/b"), text),
      metadata: fc.oneof(
        fc.constant(founding.metadata ?? {}),
        json.map((value) => parseMetadata(JSON.stringify({ [jwtAuthn]: value }))),
      ),
      body: fc.string(),
    },
    { requiredKeys: ["method", "target", "peer"] },
  );
  await fc.assert(
    fc.asyncProperty(
      calls,
      fc.constantFrom(byMetadata, byPayload, byTokens, inUse, ...byPeers),
      async (changes, options) => {
        const { answer, house } = await answerOf(options, changes);
        const actors = house.asked.map(({ evidence: { actor } }) => actor);
        const isAllowed = house.used.length > 0 || actors.some(({ kind }) => kind === "claims");
        for (const actor of actors) {
          // A listener has peers or it has none, whatever the call holds.
          expect(actor.kind === "peer").toBe(byPeers.some((each) => each === options));
          if (actor.kind === "peer") expect(actor.name).toBe("spiffe://a/b");
          if (actor.kind === "peer") peers += 1;
        }
        if (answer.kind === "let_through") through += 1;
        expect(answer.kind === "let_through" && !isAllowed).toBe(false);
        if (answer.kind === "turned_away") expect([401, 403, 429]).toContain(answer.status);
      },
    ),
    { numRuns: 3000 },
  );
  expect(through).toBeGreaterThan(10);
  expect(peers).toBeGreaterThan(2);
});
