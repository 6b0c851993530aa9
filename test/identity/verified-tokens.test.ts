/** What is remembered of a token that was seen before: bounded, never past its `exp`, and only while its key stands. */
import { describe, expect, test } from "vitest";
import { hashToken, VerifiedTokens } from "../../src/identity/verified-tokens.ts";
import { readToken } from "../../src/identity/read-token.ts";
import { createPublicKey } from "node:crypto";
import { createVerifier, exchangeOf, people, subjectToken } from "../fakes/issuers.ts";
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
});
