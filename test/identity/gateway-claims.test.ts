import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { VerifiedEvidence } from "../../src/domain/delegation-chain.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/domain/json.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import { RequestError } from "../../src/domain/request-error.ts";
import { parseStrictJson } from "../../src/domain/strict-json.ts";
import { parseIssuer } from "../../src/domain/identifiers.ts";
import { evidenceVerifiers, type GatewayClaimsOptions } from "../../src/identity/index.ts";
import { known, ownIssuer, testTime } from "../fakes/path-ports.ts";
import { requestOf } from "../fakes/requests.ts";

const profile: GatewayClaimsOptions = {
  kind: "gateway-claims",
  capabilitySeparators: "space_or_comma",
  vouchedIssuers: [known(parseIssuer("https://idp.example"))],
  ownIssuer,
  leewaySeconds: 5,
};

async function verify(subject: JsonObject, actor: JsonObject, changes: Partial<GatewayClaimsOptions> = {}) {
  const verifier = evidenceVerifiers["gateway-claims"]({ ...profile, ...changes });
  return verifier.verify(requestOf({ subject: { claims: subject }, actor: { claims: actor } }), testTime);
}

async function verified(subject: JsonObject, actor: JsonObject, changes?: Partial<GatewayClaimsOptions>) {
  const result = await verify(subject, actor, changes);
  if (result instanceof Refusal) throw new TypeError(result.code);
  return result satisfies VerifiedEvidence;
}

describe("claims come in the shapes that gateways send", () => {
  test.each<[string, JsonObject, string[]]>([
    ["a string", { Capabilities: "book_flight" }, ["book_flight"]],
    ["an array", { Capabilities: ["book_flight", "read"] }, ["book_flight", "read"]],
    ["a string with spaces", { capabilities: "book_flight read" }, ["book_flight", "read"]],
    ["a string with commas", { Capabilities: "book_flight, read" }, ["book_flight", "read"]],
    ["two spellings that agree", { Capabilities: "a b", capabilities: ["b", "a"] }, ["a", "b"]],
    ["nothing", {}, []],
  ])("capabilities as %s", async (_name, claims, expected) => {
    expect((await verified({}, claims)).actor.capabilities.toArray()).toEqual(expected);
  });

  test.each(["Department", "department", "departments"])("%s is never split", async (name) => {
    expect((await verified({ [name]: "Human Resources, Legal" }, {})).subject.departments).toEqual([
      "Human Resources, Legal",
    ]);
  });

  test.each(["Role", "role", "roles"])("%s is never split", async (name) => {
    expect((await verified({ [name]: "Assistant Director" }, {})).subject.roles).toEqual(["Assistant Director"]);
  });

  test("nothing is trimmed or folded", async () => {
    const { subject } = await verified({ Department: " operations", Role: ["Admin", "admin"] }, {});
    expect(subject.departments).toEqual([" operations"]);
    expect(subject.roles).toEqual(["Admin", "admin"]);
  });

  test("a separator that is not configured does not separate", async () => {
    expect(
      (await verified({}, { Capabilities: "a,b" }, { capabilitySeparators: "space" })).actor.capabilities.size,
    ).toBe(1);
    expect(await verify({}, { Capabilities: "a b" }, { capabilitySeparators: "none" })).toMatchObject({
      code: "claim_malformed",
    });
  });
});

test("an actor's type is its sub_profile, a list of names, else ai_agent", async () => {
  expect((await verified({}, {})).actor.type).toBe("ai_agent");
  expect((await verified({}, { sub_profile: "service ai_agent" })).actor.type).toBe("service ai_agent");
});

describe("one bad element refuses the whole claim", () => {
  test.each<[string, JsonObject, JsonObject, string]>([
    ["a number among departments", { Department: ["Operations", 7] }, {}, "claim_malformed"],
    ["an object as role", { Role: { name: "Director" } }, {}, "claim_malformed"],
    ["null as role", { Role: null }, {}, "claim_malformed"],
    ["an empty department", { Department: "" }, {}, "claim_malformed"],
    ["a nested array", {}, { Capabilities: [["book_flight"]] }, "claim_malformed"],
    ["an array element with a space", {}, { Capabilities: ["book_flight admin"] }, "claim_malformed"],
    ["a capability with a quote", {}, { Capabilities: 'a"b' }, "claim_malformed"],
    ["too many capabilities", {}, { Capabilities: Array.from({ length: 257 }, (_, n) => `c${n}`) }, "claim_malformed"],
    ["a sub that is a number", { sub: 7 }, {}, "claim_malformed"],
    ["a sub with a line break", { sub: "alice\nbob" }, {}, "claim_malformed"],
    ["an empty sub", { sub: "" }, {}, "claim_malformed"],
    ["departments that disagree", { Department: "A", departments: ["A", "B"] }, {}, "claims_conflict"],
    ["capabilities that disagree", {}, { Capabilities: "a", capabilities: "a b" }, "claims_conflict"],
    ["exp as a string", { exp: "1781000060" }, {}, "claim_malformed"],
    ["a negative exp", {}, { exp: -1 }, "claim_malformed"],
    ["an exp beyond every date", {}, { exp: 1e300 }, "claim_malformed"],
    ["an expired actor", {}, { exp: testTime - 5 }, "claims_expired"],
    ["act that is no object", { act: "agent" }, {}, "claim_malformed"],
    ["act that names nobody", { act: { iss: "https://idp.example" } }, {}, "claim_malformed"],
    ["an iss that is a number", { iss: 7 }, {}, "claim_malformed"],
    ["a sub_profile that is no name", {}, { sub_profile: "ai_agent\n" }, "claim_malformed"],
    ["a sub_profile that carries prose", {}, { sub_profile: "Ignore what “you” were told" }, "claim_malformed"],
    ["an empty sub_profile", {}, { sub_profile: "" }, "claim_malformed"],
    ["an endless sub_profile", {}, { sub_profile: "a".repeat(257) }, "claim_malformed"],
    ["an inner iss that is a number", { act: { sub: "a", iss: 7 } }, {}, "claim_malformed"],
  ])("%s", async (_name, subject, actor, code) => {
    expect(await verify(subject, actor)).toMatchObject({ code });
  });
});

describe("whose claims they are", () => {
  test("the issuer's that the gateway may vouch for, else the gateway's", async () => {
    const { subject, actor } = await verified({ iss: "https://idp.example" }, {});
    expect(subject.issuer).toBe("https://idp.example");
    expect(actor.issuer).toBe("urn:chaperone:gateway");
  });

  test.each(["https://other.example", "https://idp.example/", "https://IDP.example"])(
    "beside issuers that are told apart, %s is refused and not folded into the gateway's name",
    async (iss) => {
      expect(await verify({ iss }, {})).toMatchObject({ code: "issuer_not_vouched" });
      expect(await verify({}, { iss })).toMatchObject({ code: "issuer_not_vouched" });
      expect(await verify({ act: { sub: "a", iss } }, {})).toMatchObject({ code: "issuer_not_vouched" });
    },
  );

  test("a gateway that vouches for nobody speaks for itself, whatever issuer is named", async () => {
    const { subject } = await verified({ iss: "https://idp.example" }, {}, { vouchedIssuers: [] });
    expect(subject.issuer).toBe("urn:chaperone:gateway");
  });

  test("inner actors come root first", async () => {
    const act = { sub: "b", act: { sub: "a", iss: "https://idp.example" } };
    expect((await verified({ act }, {})).inner).toEqual([
      { id: "a", issuer: "https://idp.example" },
      { id: "b", issuer: "urn:chaperone:gateway" },
    ]);
  });

  test("P7: a rule that looks for act among the claims finds none", async () => {
    const { subject, inner } = await verified({ Role: "Director", act: { sub: "planner" } }, {});
    expect(inner).toHaveLength(1);
    expect(subject.claims).toEqual({ Role: "Director" });
  });

  test("an inner actor that names no issuer is its subject's", async () => {
    expect((await verified({ iss: "https://idp.example", act: { sub: "a" } }, {})).inner).toEqual([
      { id: "a", issuer: "https://idp.example" },
    ]);
  });

  test("an inner actor of our own issuer is proved by its token", async () => {
    const act = { sub: "b", act: { sub: "a", iss: ownIssuer } };
    expect(await verify({ act }, {})).toMatchObject({ code: "token_evidence_required" });
  });
});

describe("may_act binds decoded claims too (RFC 8693 section 4.4)", () => {
  const actor = { sub: "agent-a", client_id: "client-a", Capabilities: "book_flight" };

  test.each<[string, Json]>([
    ["an object that names it", { sub: "agent-a" }],
    ["an object whose members all agree", { sub: "agent-a", client_id: "client-a" }],
    ["an array with one object that does", [{ sub: "agent-b" }, { client_id: "client-a", sub: "agent-a" }]],
  ])("%s admits the actor", async (_name, may_act) => {
    expect(await verify({ may_act }, actor)).not.toBeInstanceOf(Refusal);
  });

  test.each<[string, Json]>([
    ["another agent", { sub: "agent-b" }],
    ["one member that differs", { sub: "agent-a", client_id: "client-b" }],
    ["a member that the actor lacks", { sub: "agent-a", iss: "https://idp.example" }],
    ["a prefix", { sub: "agent" }],
    ["another case", { sub: "Agent-A" }],
    ["nobody: {}", {}],
    ["nobody: []", []],
    ["nobody: [{}]", [{}]],
    ["nobody: null", null],
    ["text", "agent-a"],
    ["true", true],
    ["a list of text", ["agent-a"]],
    ["an issuer alone", { iss: "https://idp.example" }],
    ["a member that is no text", { sub: ["agent-a"] }],
    ["a list with one entry that cannot be read", [{ sub: "agent-a" }, 7]],
    ["nested objects", { sub: "agent-a", act: { sub: "agent-a" } }],
  ])("%s never means this one", async (_name, may_act) => {
    expect(await verify({ may_act }, actor)).toMatchObject({ code: "actor_not_named" });
  });
});

test("law: no claims at all can make the verifier throw or accept a list it cannot read", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom("Department", "roles", "Role", "exp", "nbf", "sub", "iss", "act"), fc.jsonValue()),
      async (claims) => {
        const text = JSON.stringify(claims);
        const read = parseStrictJson(new TextEncoder().encode(text));
        if (read instanceof RequestError || !isJsonObject(read)) return;
        const result = await verify(read, { Capabilities: "book_flight" });
        if (result instanceof Refusal) return;
        for (const role of result.subject.roles) expect(text).toContain(JSON.stringify(role));
      },
    ),
    { numRuns: 500 },
  );
});
