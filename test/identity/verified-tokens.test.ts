/** What is remembered of a token that was seen before: bounded, never past its `exp`, and only while its key stands. */
import { describe, expect, test } from "vitest";
import { hashToken, VerifiedTokens } from "../../src/identity/verified-tokens.ts";
import { readToken } from "../../src/identity/read-token.ts";
import { createPublicKey, type KeyObject } from "node:crypto";
import { createDeclaredProfile } from "../../src/identity/profiles/declared-profile.ts";
import { oidc } from "../../src/identity/profiles/oidc.ts";
import { TokenVerifier } from "../../src/identity/verify-token.ts";
import {
  createFakeIssuer,
  createVerifier,
  exchangeOf,
  type FakeIssuer,
  people,
  profileOf,
  subjectToken,
} from "../fakes/issuers.ts";
import { known, testTime } from "../fakes/path-ports.ts";

const verified = {
  token: known(readToken(subjectToken())),
  key: createPublicKey({ key: { ...people.jwk }, format: "jwk" }),
  expiresAt: testTime + 60,
};

test("it is remembered until its exp, and not at it", () => {
  const tokens = new VerifiedTokens();
  tokens.keep("a", verified);
  expect(tokens.find("a", testTime + 59)).toBe(verified);
  expect(tokens.find("a", testTime + 60)).toBeUndefined();
  expect(tokens.find("a", testTime)).toBeUndefined();
});

test("a thousand and some are remembered, and the one that was used least recently goes first", () => {
  const tokens = new VerifiedTokens();
  for (let at = 0; at < 1024; at += 1) tokens.keep(`t${at}`, verified);
  expect(tokens.find("t0", testTime)).toBe(verified);
  for (let at = 1024; at < 1500; at += 1) tokens.keep(`t${at}`, verified);
  const kept = Array.from({ length: 1500 }, (_, at) => tokens.find(`t${at}`, testTime)).filter(Boolean);
  expect(kept.length).toBe(1024);
  expect(tokens.find("t0", testTime)).toBe(verified);
  expect(tokens.find("t1", testTime)).toBeUndefined();
});

test("a token is told by all of its bytes", () => {
  expect(hashToken("a.b.c")).not.toBe(hashToken("a.b.c "));
});

describe("a token that was believed once", () => {
  test("is not believed with another signature, another type or another use", async () => {
    const verifier = createVerifier();
    const subject = subjectToken();
    expect(await verifier.verify(exchangeOf({ subject }), testTime)).toHaveProperty("subject");
    const [head, payload, tail = ""] = subject.split(".");
    const forged = [head, payload, tail.replace(/^./, (first) => (first === "A" ? "B" : "A"))].join(".");
    for (const request of [
      exchangeOf({ subject: forged }),
      exchangeOf({ subject, subjectType: "id_token" }),
      exchangeOf({ subject: subjectToken(), actor: subject }),
    ]) {
      expect(await verifier.verify(request, testTime)).toMatchObject({ code: "evidence_untrusted" });
    }
    expect(await verifier.verify(exchangeOf({ subject }), testTime)).toHaveProperty("subject");
  });

  const keyOf = ({ jwk }: FakeIssuer) => createPublicKey({ key: { ...jwk }, format: "jwk" });

  /** A verifier that has believed the token once, of an issuer whose key can be changed. */
  function believe(compact = subjectToken()) {
    const profile = createDeclaredProfile(profileOf(people), oidc);
    const issuer: { key: KeyObject | undefined } = { key: keyOf(people) };
    const rules = { ...profile.rules, keys: { find: () => issuer.key } };
    const verifier = new TokenVerifier(new Map([[rules.issuer, { ...profile, rules }]]));
    const show = (now = testTime) => verifier.verify({ compact, type: "access_token" }, "subject", now);
    expect(show()).toHaveProperty("claims.sub", "alice");
    return { issuer, show };
  }

  test("is verified anew when its issuer has another key of the same name", () => {
    const { issuer, show } = believe();
    issuer.key = keyOf(createFakeIssuer(people.name));
    expect(show()).toMatchObject({ code: "evidence_untrusted" });
    issuer.key = keyOf(people);
    expect(show()).toHaveProperty("claims.sub", "alice");
  });

  test("is not believed when its issuer has withdrawn the key, and is again when the key is back", () => {
    const { issuer, show } = believe();
    issuer.key = undefined;
    expect(show()).toMatchObject({ code: "evidence_untrusted" });
    issuer.key = keyOf(people);
    expect(show()).toHaveProperty("claims.sub", "alice");
  });

  test.each([
    ["before it is good", testTime - 41, "claims_not_yet_valid"],
    ["when it is over", testTime + 330, "claims_expired"],
  ])("is not believed %s: its times are asked each time", (_name, now, code) => {
    const { show } = believe();
    expect(show(now)).toMatchObject({ code });
    expect(show()).toHaveProperty("claims.sub", "alice");
  });
});
