/** What a well-signed token must keep: its kind, audience, client, times and use (P2, P3, P4, P5, P13, P14, TX-6). */
import { describe, expect, test } from "vitest";
import type { ShownTokenType } from "../../src/domain/evidence.ts";
import type { Json } from "../../src/domain/json.ts";
import {
  actorToken,
  agents,
  createVerifier,
  exchangeOf,
  here,
  judge,
  people,
  profileOf,
  roleToken,
  subjectToken,
} from "../fakes/issuers.ts";
import { testTime } from "../fakes/path-ports.ts";

/** What MK-9 names, and what else is a JWT and no access token. */
const otherKinds = [
  "txntoken+jwt",
  "secevent+jwt",
  "logout+jwt",
  "statuslist+jwt",
  "dpop+jwt",
  "wpt+jwt",
  "kb+jwt",
  "token-introspection+jwt",
  "client-authentication+jwt",
  "oauth-id-jag+jwt",
  "wit+jwt",
  "dc+sd-jwt",
  "at",
  "",
  "application/application/at+jwt",
];
const types: readonly ShownTokenType[] = ["access_token", "jwt", "id_token"];
const kind = /is not of a kind that its issuer's profile accepts/;
/** Every kind that a profile can accept at all, for every type. */
const lenient = {
  kinds: { access_token: ["at+jwt", "jwt", "absent"], jwt: ["at+jwt", "jwt", "absent"], id_token: ["jwt", "absent"] },
  clients: ["app"],
} as const;
const lenientProfiles = [
  profileOf(people, lenient),
  profileOf(agents, lenient),
  { kind: "chaperone", leewaySeconds: 5 },
] as const;
const app = { azp: "app" };

describe("P2, TX-6: the matrix of typ and use", () => {
  const matrix = types.flatMap((type) => otherKinds.map((typ) => [typ, type] as const));

  test.each(matrix)("typ %j is nobody's %s, however lenient the profile", async (typ, type) => {
    const subject = subjectToken(app, { typ });
    const actor = actorToken(app, { typ });
    expect(await judge({ subject, subjectType: type, actor: actorToken(app) }, lenientProfiles)).toMatch(kind);
    expect(await judge({ actor, actorType: type, subject: subjectToken(app) }, lenientProfiles)).toMatch(kind);
    expect(await judge({ subject: roleToken({}, {}, { typ }), subjectType: type }, lenientProfiles)).toMatch(kind);
  });

  test.each<[string | undefined, ShownTokenType, boolean]>([
    ["at+jwt", "access_token", true],
    ["AT+JWT", "access_token", true],
    ["application/at+jwt", "access_token", true],
    ["at+jwt", "jwt", true],
    ["at+jwt", "id_token", false],
    ["JWT", "access_token", false],
    ["JWT", "jwt", false],
    [undefined, "access_token", false],
    [undefined, "id_token", false],
  ])("typ %s shown as %s by a profile of RFC 9068 tokens: %s", async (typ, subjectType, isAccepted) => {
    const answer = await judge({ subject: subjectToken({}, { typ }), subjectType });
    if (isAccepted) expect(answer).toHaveProperty("subject.id", "alice");
    else expect(answer).toMatch(kind);
  });

  test.each<[string, object, ShownTokenType, boolean]>([
    ["an ID token as an access token", { nonce: "n" }, "access_token", false],
    ["an ID token with at_hash as a JWT", { at_hash: "h" }, "jwt", false],
    ["Keycloak's ID token as an access token", { typ: "ID" }, "access_token", false],
    ["Keycloak's refresh token as an access token", { typ: "Refresh" }, "access_token", false],
    ["Keycloak's access token as an access token", { typ: "Bearer" }, "access_token", true],
    ["Keycloak's access token as an ID token", { typ: "Bearer" }, "id_token", false],
    ["an access token as an ID token", { scope: "openid" }, "id_token", false],
    ["an ID token as an ID token", { nonce: "n", typ: "ID" }, "id_token", true],
    [
      "a logout token without typ",
      { events: { "http://schemas.openid.net/event/backchannel-logout": {} } },
      "id_token",
      false,
    ],
    ["a security event without typ", { events: {} }, "access_token", false],
  ])("where typ says JWT only: %s", async (_name, claims, subjectType, isAccepted) => {
    for (const typ of ["JWT", undefined]) {
      const subject = subjectToken({ ...app, ...claims }, { typ });
      const answer = await judge({ subject, subjectType, actor: actorToken(app) }, lenientProfiles);
      if (isAccepted) expect(answer).toHaveProperty("subject.id", "alice");
      else expect(answer).toMatch(kind);
    }
  });
});

describe("P4: a token for somebody else", () => {
  const audience = /is not for an audience/;

  test.each<[string, Json | undefined]>([
    ["another audience", "https://flights.example"],
    ["a slash more", `${here}/`],
    ["another case", here.toUpperCase()],
    ["a list of one other", ["https://flights.example"]],
    ["ours among others", [here, "https://flights.example"]],
    ["ours twice", [here, here]],
    ["an empty list", []],
    ["a nested list", [[here]]],
    ["an object", { [here]: true }],
    ["null", null],
    ["none", undefined],
    ["many", Array.from({ length: 300 }, () => here)],
  ])("%s", async (_name, aud) => {
    expect(await judge({ subject: subjectToken({ aud }) })).toMatch(audience);
    expect(await judge({ actor: actorToken({ aud }) })).toMatch(audience);
  });

  test("a list of ours alone is ours", async () => {
    expect(await judge({ subject: subjectToken({ aud: [here] }) })).toHaveProperty("subject.id", "alice");
  });

  test("ours among others only where the profile says so", async () => {
    const issuers = [profileOf(people, { multipleAudiences: "accept" }), profileOf(agents)];
    const both = [here, "https://flights.example"];
    expect(await judge({ subject: subjectToken({ aud: both }) }, issuers)).toHaveProperty("subject.id", "alice");
    expect(await judge({ actor: actorToken({ aud: both }) }, issuers)).toMatch(audience);
    for (const aud of [[here, 7], [here, null], [here, [here]], Array.from({ length: 257 }, () => here)]) {
      expect(await judge({ subject: subjectToken({ aud }) }, issuers)).toMatch(audience);
    }
    expect(
      await judge({ subject: subjectToken({ aud: ["https://a.example", "https://b.example"] }) }, issuers),
    ).toMatch(audience);
  });

  test("our own token for two audiences is none of ours", async () => {
    expect(await judge({ subject: roleToken({ aud: ["https://a.example", "https://b.example"] }) })).toMatch(audience);
  });
});

describe("P3, P5: the client that a token was issued to", () => {
  const client = /was not issued to a client/;
  const issuers = [profileOf(people, { clients: ["app"] }), profileOf(agents)];

  test.each<[string, object, RegExp | "accepted"]>([
    ["by client_id", { client_id: "app" }, "accepted"],
    ["by azp", { azp: "app" }, "accepted"],
    ["another", { client_id: "other" }, client],
    ["another case", { client_id: "App" }, client],
    ["none", {}, client],
    ["two that differ", { client_id: "app", azp: "other" }, /^claims_conflict/],
    ["a list", { client_id: ["app"] }, /^claim_malformed/],
  ])("%s", async (_name, claims, expected) => {
    const answer = await judge({ subject: subjectToken({ ...claims }) }, issuers);
    if (expected === "accepted") expect(answer).toHaveProperty("subject.id", "alice");
    else expect(answer).toMatch(expected);
  });
});

describe("P13, P14: times", () => {
  test.each<[string, object, RegExp]>([
    ["no exp", { exp: undefined }, /^claim_malformed/],
    ["no iat", { iat: undefined }, /^claim_malformed/],
    ["exp as text", { exp: String(testTime + 60) }, /^claim_malformed/],
    ["exp below zero", { exp: -1 }, /^claim_malformed/],
    ["exp beyond safe numbers", { exp: 2 ** 54 }, /^evidence_untrusted/],
    ["exp passed, leeway and all", { exp: testTime - 30 }, /^claims_expired/],
    ["nbf to come", { nbf: testTime + 31 }, /^claims_not_yet_valid/],
    ["nbf as text", { nbf: "0" }, /^claim_malformed/],
    ["iat to come", { iat: testTime + 31 }, /^claims_not_yet_valid/],
    ["bound to a key (DP-19)", { cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }, /bound to a key/],
    ["a hundred years", { exp: testTime + 3_155_760_000 }, /lives longer/],
    ["a second too long", { iat: testTime, exp: testTime + 3601 }, /lives longer/],
    ["issued long ago for long", { iat: 0 }, /lives longer/],
  ])("%s", async (_name, claims, expected) => {
    expect(await judge({ subject: subjectToken({ ...claims }) })).toMatch(expected);
    expect(await judge({ actor: actorToken({ ...claims }) })).toMatch(expected);
  });

  test.each<[string, object]>([
    ["exp within the leeway", { exp: testTime - 29 }],
    ["nbf within the leeway", { nbf: testTime + 30 }],
    ["the longest life", { iat: testTime, exp: testTime + 3600 }],
  ])("%s is accepted, and nothing outlives exp", async (_name, claims) => {
    expect(await judge({ subject: subjectToken({ ...claims }) })).toMatchObject({
      subject: { expiresAt: "exp" in claims ? claims.exp : testTime + 300 },
    });
  });

  test("our own token has five seconds and no more", async () => {
    expect(await judge({ subject: roleToken({ exp: testTime - 4 }) })).toHaveProperty("parent");
    expect(await judge({ subject: roleToken({ exp: testTime - 5 }) })).toMatch(/^claims_expired/);
    expect(await judge({ subject: roleToken({ nbf: testTime + 6 }) })).toMatch(/^claims_not_yet_valid/);
    expect(await judge({ subject: roleToken({ exp: testTime + 291 }) })).toMatch(/lives longer/);
  });

  test("a token that was verified before expires all the same", async () => {
    const verifier = createVerifier();
    const request = exchangeOf();
    expect(await verifier.verify(request, testTime)).toHaveProperty("subject");
    expect(await verifier.verify(request, testTime)).toHaveProperty("subject");
    expect(await verifier.verify(request, testTime + 331)).toMatchObject({ code: "claims_expired" });
    expect(await verifier.verify(request, testTime - 60)).toMatchObject({ code: "claims_not_yet_valid" });
  });
});

describe("for whom an issuer vouches", () => {
  const use = /does not vouch for this party/;

  test("an issuer of agents names no person, and the other way round", async () => {
    expect(await judge({ subject: agents.issue({ sub: "alice", may_act: { sub: "travel-agent" } }) })).toMatch(use);
    expect(await judge({ actor: people.issue({ sub: "travel-agent" }) })).toMatch(use);
  });

  test.each(["client_id", "azp"])(
    "P8: %s that is the subject makes a client's own token, no person's",
    async (claim) => {
      const both = [profileOf(people), profileOf(agents)];
      expect(await judge({ subject: subjectToken({ [claim]: "app" }) }, both)).toHaveProperty("subject");
      expect(await judge({ subject: subjectToken({ [claim]: "alice" }) }, both)).toMatch(/another kind of party/);
      expect(await judge({ actor: actorToken({ [claim]: "travel-agent" }) }, both)).toHaveProperty("subject");
    },
  );
});
