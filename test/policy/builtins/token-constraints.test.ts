/** What a token says: read as it was written, believed only within the constraints of the policy. */
import { describe, expect, test } from "vitest";
import { BuiltinLimitError, builtinBounds } from "../../../src/policy/builtins/bounds.ts";
import { createCallBuiltins, createEvaluationInstant } from "../../../src/policy/builtins/index.ts";
import { isRegoArray, isRegoObject, type RegoValue } from "../../../src/policy/builtins/rego-value.ts";
import { base64url, jwkOf, jwksOf, pemOf, signers, signToken, type Signer, type SigningWay } from "./token-maker.ts";

const now = 1_781_000_000;
const builtins = createCallBuiltins(createEvaluationInstant(now));
const call = (name: string, ...operands: readonly RegoValue[]): RegoValue | undefined =>
  builtins[`io.jwt.${name}`]?.(...operands);

const claims = { sub: "alice" };
const { rsa, otherRsa, p256 } = signers;
const unverified = [false, {}, {}];
const rs256 = { algorithm: "RS256" };
const made = (signer: Signer, way: SigningWay, header: object = {}, payload: unknown = claims): string =>
  signToken(signer, { alg: way.algorithm, ...header }, payload, way);

describe("constraints", () => {
  const trusted = { cert: pemOf(rsa) };
  const decode = (payload: unknown, more: Readonly<Record<string, RegoValue>> = {}): RegoValue | undefined =>
    call("decode_verify", made(rsa, rs256, {}, payload), { ...trusted, ...more });
  const isValid = (payload: unknown, more: Readonly<Record<string, RegoValue>> = {}): RegoValue | undefined => {
    const answer = decode(payload, more);
    return isRegoArray(answer) ? answer[0] : undefined;
  };

  test.each<readonly [string, Readonly<Record<string, RegoValue>>]>([
    ["no key", { cert: "" }],
    ["two kinds of key", { secret: "s" }],
    ["an unknown one", { issuer: "x" }],
    ["an inherited one", { constructor: "x" }],
    ["a type that it cannot have", { iss: 1 }],
    ["a list of audiences", { aud: ["a"] }],
    ["a time that is no number", { time: "0" }],
    ["a time before time", { time: -1 }],
    ["null", { alg: null }],
  ])("%s is an error, never a constraint that is left out", (_title, more) => {
    expect(decode(claims, more)).toBeUndefined();
  });

  test("the time is the decision's, to the second, and both ends count", () => {
    expect([isValid({ exp: now + 1 }), isValid({ exp: now }), isValid({ exp: now - 1 })]).toEqual([true, false, false]);
    expect([isValid({ nbf: now }), isValid({ nbf: now + 1 })]).toEqual([true, false]);
    expect(isValid({ exp: now - 1 }, { time: (now - 2) * 1e9 })).toBe(true);
    expect(isValid({ exp: now + 1 }, { time: BigInt(now + 1) * 1_000_000_000n })).toBe(false);
    for (const wrong of ["9999999999", null, [now + 1], { at: now }]) {
      expect([decode({ exp: wrong }), decode({ nbf: wrong })]).toEqual([undefined, undefined]);
    }
  });

  test("an issuer and an audience that were asked for must be there, and one that was not asked for must not", () => {
    const asked = { iss: "https://idp.example", aud: "shop" };
    const said = { iss: "https://idp.example", aud: ["bank", "shop"] };
    expect(isValid(said, asked)).toBe(true);
    for (const wrong of [
      {},
      { ...said, iss: "https://idp.example/" },
      { ...said, iss: [asked.iss] },
      { iss: asked.iss },
    ]) {
      expect(isValid(wrong, asked)).toBe(false);
    }
    for (const aud of ["Shop", "bank", ["bank"], [["shop"]], [], null, { shop: true }, 1]) {
      expect(isValid({ ...said, aud }, asked)).toBe(false);
      expect(isValid({ aud })).toBe(false);
    }
  });

  test("a token in a token is believed when both are signed, and the inner one is what it says", () => {
    const inner = made(rsa, rs256, {}, { exp: now + 1 });
    const nested = (token: string): string => signToken(rsa, { alg: "RS256", cty: "jwt" }, token, rs256);
    const verified = [true, { alg: "RS256" }, { exp: now + 1 }];
    expect(call("decode_verify", nested(inner), trusted)).toEqual(verified);
    expect(call("decode_verify", nested(made(otherRsa, rs256)), trusted)).toEqual(unverified);
    expect(call("decode_verify", nested(made(rsa, rs256, {}, { exp: now })), trusted)).toEqual(unverified);
    expect(call("decode_verify", nested("no token"), trusted)).toBeUndefined();
  });

  test("a token of no algorithm or of another one is not verified, whatever its signature is", () => {
    for (const header of [{}, { alg: "" }, { alg: "none" }, { alg: "PS256" }]) {
      const token = `${base64url(header)}.e30.no*signature`;
      expect(call("decode_verify", token, { ...trusted, alg: "RS256" })).toEqual(unverified);
    }
    expect(call("decode_verify", "e30.e30.no*signature", trusted)).toEqual(unverified);
    expect(call("decode_verify", `${base64url({ alg: "RS256" })}.e30.no*signature`, trusted)).toBeUndefined();
  });

  test("an encrypted token is none", () => {
    const token = made(rsa, rs256, { enc: "A256GCM" });
    expect([call("decode", token), call("decode_verify", token, trusted)]).toEqual([undefined, undefined]);
    expect(call("verify_rs256", token, pemOf(rsa))).toBeUndefined();
  });
});

describe("reading", () => {
  const sections = (header: string, payload: string): string => `${base64url(header)}.${base64url(payload)}.`;

  test.each([
    ["no text", 5],
    ["one section", "abc"],
    ["two sections", "a.b"],
    ["four sections", "e30.e30.e30.e30"],
    ["a header that is no base64url", "e3+.e30."],
    ["a header that is no JSON", sections("{", "{}")],
    ["a header that is no object", sections("[]", "{}")],
    ["a payload that is no object", sections("{}", "1")],
    ["a Rego value that is no JSON", sections("{}", '{"a":{1,2}}')],
    ["bytes that are no UTF-8", `e30.${Buffer.from('{"sub":"\u00ff"}', "latin1").toString("base64url")}.`],
    ["a byte order mark", sections("\ufeff{}", "{}")],
    ["text after the object", sections("{}", "{}{}")],
    ["a content type that is no text", sections('{"cty":1}', "{}")],
  ])("%s is undefined", (_title, token) => {
    expect(call("decode", token)).toBeUndefined();
  });

  test("what a token says comes out as it was said, numbers and names too", () => {
    const token = sections('{"alg":"none"}', '{"id":9007199254740993,"__proto__":{"admin":true},"toString":1}');
    const decoded = call("decode", `${token}AQ`);
    expect(decoded).toMatchObject([{}, { id: 9_007_199_254_740_993n }, "01"]);
    const payload = isRegoArray(decoded) ? decoded[1] : undefined;
    expect(isRegoObject(payload) ? Object.keys(payload) : []).toEqual(["id", "__proto__", "toString"]);
  });

  test("beyond its bound it is a fault, not an undefined that a policy may negate", () => {
    const key = pemOf(rsa);
    const long = sections("{}", JSON.stringify({ a: "x".repeat(builtinBounds.tokenLengthMax) }));
    const keys = Array.from({ length: builtinBounds.tokenKeysMax + 1 }, () => jwkOf(p256));
    const slowKeys = Array.from({ length: builtinBounds.tokenKeysMax / 8 + 1 }, () => jwkOf(signers.p521));
    const lesserKeys = Array.from({ length: builtinBounds.tokenKeysMax / 4 + 1 }, () => jwkOf(signers.p384));
    const wide = JSON.stringify({ a: Array.from({ length: builtinBounds.tokenNodesMax }, () => 1) });
    const faults: readonly (() => unknown)[] = [
      () => call("decode", long),
      () => call("verify_rs256", long, key),
      () => call("verify_hs256", long, "secret"),
      () => call("decode_verify", long, { cert: key }),
      () => call("verify_rs256", made(rsa, rs256), jwksOf(...keys)),
      () => call("verify_rs256", made(rsa, rs256), " ".repeat(builtinBounds.keyTextLengthMax + 1)),
      () => call("verify_es512", made(rsa, rs256), jwksOf(...slowKeys)),
      () => call("verify_es384", made(rsa, rs256), jwksOf(...lesserKeys)),
      () => call("decode", sections("{}", wide)),
      () => call("decode", sections(wide, "{}")),
      () => call("decode", sections("{}", `{"a":${"[".repeat(40)}${"]".repeat(40)}}`)),
      () => call("decode", sections("{}", '{"exp":1e999999999}')),
      () => call("decode", sections("{}", '{"exp":0E-99999}')),
      () => call("decode", sections("{}", `{"exp":${"9".repeat(600)}}`)),
      () => call("decode", sections("{}", `{"exp":1.${"0".repeat(600)}}`)),
      () => call("decode", sections("{}", `{"a":${"[".repeat(600)}${"]".repeat(600)}}`)),
      () => call("decode", sections("{}", `{"a":${"[".repeat(600)}1.50${"]".repeat(600)}}`)),
    ];
    for (const run of faults) expect(run).toThrow(BuiltinLimitError);
    expect(call("decode", sections("{}", '{"exp":1e400}'))).toBeDefined();
    expect(call("verify_es512", made(rsa, rs256), jwksOf(...slowKeys.slice(1)))).toBe(false);
  });

  test("no hostile text takes longer than reading it", () => {
    const size = builtinBounds.tokenLengthMax;
    const quotes = `${base64url({ cty: "JWT" })}.${base64url(`x${'"'.repeat(size / 2)}x`)}.`;
    const texts = [".".repeat(size), "=".repeat(size), `${"\n".repeat(size - 3)}.a.`, quotes, "a".repeat(size)];
    const keyTexts = [
      "-----BEGIN CERTIFICATE-----\n".repeat(9000),
      `-----BEGIN PUBLIC KEY-----\n${" ".repeat(200_000)}x`,
      `-----BEGIN PUBLIC KEY-----\n${" \n".repeat(100_000)}-----END PUBLIC KEY-----`,
      `-----BEGIN PUBLIC KEY-----\n${"A".repeat(200_000)}\n-----END PUBLIC KEY-----`,
      "[".repeat(200_000),
    ];
    const startedAt = performance.now();
    for (const text of texts) call("decode", text);
    for (const text of keyTexts) expect(call("verify_rs256", "e30.e30.", text)).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
