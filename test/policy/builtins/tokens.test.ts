/** What the functions that read tokens refuse, beside OPA's own cases: each of these would let somebody in. */
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createCallBuiltins, createEvaluationInstant } from "../../../src/policy/builtins/index.ts";
import { isRegoArray, type RegoValue } from "../../../src/policy/builtins/rego-value.ts";
import { askOpa } from "./ask-opa.ts";
import {
  base64url,
  certificate,
  jwkOf,
  jwksOf,
  pemOf,
  type Signer,
  signers,
  type SigningWay,
  signToken,
} from "./token-maker.ts";

const builtins = createCallBuiltins(createEvaluationInstant());
const call = (name: string, ...operands: readonly RegoValue[]): RegoValue | undefined =>
  builtins[`io.jwt.${name}`]?.(...operands);

const claims = { sub: "alice" };
const { rsa, otherRsa, smallRsa, p256, p384, ed25519 } = signers;
const unverified = [false, {}, {}];
const rs256 = { algorithm: "RS256" };
const es256 = { algorithm: "ES256" };

/** The header says what the signature is, unless told otherwise. */
const made = (signer: Signer | string, way: SigningWay, header: object = {}, payload: unknown = claims): string =>
  signToken(signer, { alg: way.algorithm, ...header }, payload, way);

const tried = (name: string) => (token: string, key: string) => call(name, token, key);
const everyPair: readonly (readonly [string, Signer | string, SigningWay])[] = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map(
    (algorithm) => [algorithm, rsa, { algorithm }] as const,
  ),
  ["ES256", p256, es256],
  ["ES384", p384, { algorithm: "ES384" }],
  ["ES512", signers.p521, { algorithm: "ES512" }],
  ["EdDSA", ed25519, { algorithm: "EdDSA" }],
  ...["HS256", "HS384", "HS512"].map((algorithm) => [algorithm, "secret", { algorithm }] as const),
];

describe.each(everyPair)("%s", (algorithm, signer, way) => {
  const verify = tried(`verify_${algorithm.toLowerCase()}`);
  const isSecret = typeof signer === "string";
  const key = isSecret ? signer : pemOf(signer);
  const constraint = isSecret ? { secret: key } : { cert: key };
  const token = made(signer, way);
  const [header = "", payload = "", signature = ""] = token.split(".");

  test("verifies what its key signed, and says what it holds", () => {
    expect(verify(token, key)).toBe(true);
    expect(call("decode_verify", token, constraint)).toEqual([true, { alg: algorithm }, claims]);
    if (isSecret) return;
    const set = jwksOf(jwkOf(otherRsa), jwkOf(signer));
    expect([verify(token, set), verify(token, JSON.stringify(jwkOf(signer)))]).toEqual([true, true]);
  });

  test("verifies nothing else", () => {
    const otherPayload = base64url({ sub: "mallory" });
    const flipped = Buffer.from(signature, "base64url");
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    const tokens = [
      `${header}.${otherPayload}.${signature}`,
      `${base64url({ alg: algorithm, x: 1 })}.${payload}.${signature}`,
      `${header}.${payload}.${flipped.toString("base64url")}`,
      `${header}.${payload}.${signature.slice(0, -8)}`,
      `${header}.${payload}.${signature}${signature.slice(0, 4)}`,
      `${header}.${payload}.`,
    ];
    expect(tokens.map((changed) => verify(changed, key))).toEqual(tokens.map(() => false));
    expect(tokens.map((changed) => call("decode_verify", changed, constraint))).toEqual(tokens.map(() => unverified));
  });

  test("verifies under no other name, and no other algorithm under this one", () => {
    const names = everyPair.map(([name]) => name).filter((name) => name !== algorithm);
    expect(names.filter((name) => tried(`verify_${name.toLowerCase()}`)(token, key) === true)).toEqual([]);
    const mislabelled = [...names, "none", "None", "", "HMAC_WITH_SHA256"].map((alg) => made(signer, way, { alg }));
    expect(mislabelled.filter((wrong) => verify(wrong, key) === true)).toEqual([]);
    expect(mislabelled.map((wrong) => call("decode_verify", wrong, constraint))).toEqual(
      mislabelled.map(() => unverified),
    );
  });
});

describe("what OPA takes and nobody should", () => {
  const signed = { algorithm: "RS256" };
  const padded = (token: string): string => {
    const [header = "", payload = "", signature = ""] = token.split(".");
    const raw = Buffer.from(signature, "base64url");
    const longer = Buffer.concat([Buffer.of(0), raw.subarray(0, 32), Buffer.of(0), raw.subarray(32)]);
    return `${header}.${payload}.${longer.toString("base64url")}`;
  };
  const publicText = pemOf(rsa);
  const [jwkText, jwksText] = [JSON.stringify(jwkOf(rsa), null, 2), jwksOf(jwkOf(rsa))];
  const coded = (header: string): string => {
    const code = createHmac("sha256", "secret").update(`${header}.e30`).digest("base64url");
    return `${header}.e30.${code}`;
  };
  const cases: readonly (readonly [string, string, readonly RegoValue[]])[] = [
    ["a header of another algorithm", "verify_rs256", [made(rsa, rs256, { alg: "RS512" }), publicText]],
    ["a header without an algorithm", "verify_rs256", [signToken(rsa, { typ: "JWT" }, claims, rs256), publicText]],
    [
      "a header of none, with a code",
      "verify_hs256",
      [made("secret", { algorithm: "HS256" }, { alg: "none" }), "secret"],
    ],
    [
      "a key for another algorithm that kid names",
      "verify_rs256",
      [made(rsa, rs256, { kid: "rsa" }), jwksOf(jwkOf(rsa, { alg: "PS256" }))],
    ],
    [
      "a key for another algorithm that kid names, by constraint",
      "decode_verify",
      [made(rsa, rs256, { kid: "rsa" }), { cert: jwksOf(jwkOf(rsa, { alg: "PS256" })) }],
    ],
    ["a curve that is not the algorithm's", "verify_es256", [made(p384, es256), pemOf(p384)]],
    ["a curve that is not the algorithm's, by constraint", "decode_verify", [made(p384, es256), { cert: pemOf(p384) }]],
    ["a signature with padded halves", "verify_es256", [padded(made(p256, es256)), pemOf(p256)]],
    ["a small RSA key", "verify_rs256", [made(smallRsa, rs256), pemOf(smallRsa)]],
    ["a small RSA key, by constraint", "decode_verify", [made(smallRsa, rs256), { cert: pemOf(smallRsa) }]],
    ["a salt of another length", "verify_ps256", [made(rsa, { algorithm: "PS256", saltLength: 20 }), publicText]],
    ["a header that cannot be read, with a code", "verify_hs256", [coded("W10"), "secret"]],
    [
      "a header of an encrypted token, with a code",
      "verify_hs256",
      [coded(base64url({ alg: "HS256", enc: "x" })), "secret"],
    ],
    [
      "an extension, with a code",
      "verify_hs256",
      [made("secret", { algorithm: "HS256" }, { crit: ["exp"] }), "secret"],
    ],
    ["an extension", "verify_rs256", [made(rsa, rs256, { crit: ["exp"], exp: 1 }), publicText]],
    ["an extension that is not there", "decode_verify", [made(rsa, rs256, { crit: ["b64"] }), { cert: publicText }]],
    ["a key to encrypt with", "verify_rs256", [made(rsa, signed), jwksOf(jwkOf(rsa, { use: "enc" }))]],
    ["a key for other operations", "verify_rs256", [made(rsa, signed), jwksOf(jwkOf(rsa, { key_ops: ["encrypt"] }))]],
    [
      "a private key",
      "decode_verify",
      [made(rsa, signed), { cert: JSON.stringify(rsa.privateKey.export({ format: "jwk" })) }],
    ],
    ["an empty secret", "verify_hs256", [made("", { algorithm: "HS256" }), ""]],
    ["a public key as a secret", "verify_hs256", [made(publicText, { algorithm: "HS256" }), publicText]],
    ["a JWK as a secret", "verify_hs256", [made(jwkText, { algorithm: "HS256" }), jwkText]],
    ["a JWK set as a secret", "decode_verify", [made(jwksText, { algorithm: "HS256" }), { secret: jwksText }]],
    [
      "a certificate as a secret",
      "decode_verify",
      [made(certificate, { algorithm: "HS384" }), { secret: certificate }],
    ],
    ["an empty audience", "decode_verify", [made(rsa, signed, {}, { aud: "" }), { cert: publicText }]],
    [
      "an empty audience among others",
      "decode_verify",
      [made(rsa, signed, {}, { aud: ["x", ""] }), { cert: publicText }],
    ],
    [
      "OpenSSL's names",
      "decode_verify",
      [made("secret", { algorithm: "HS256" }, { alg: "HMAC_WITH_SHA256" }), { secret: "secret" }],
    ],
  ];

  test.each(cases)("%s does not verify", (_title, name, operands) => {
    expect(call(name, ...operands)).toEqual(name === "decode_verify" ? unverified : false);
  });

  test("and OPA does take each of them, or the page would not need to say so", async () => {
    const answers = await askOpa(cases.map(([, name, operands]) => ({ name: `io.jwt.${name}`, operands })));
    const taken = answers.map((answer) => (isRegoArray(answer) ? answer[0] : answer));
    expect(cases.filter((_, index) => taken[index] !== true).map(([title]) => title)).toEqual([]);
  });
});

test("an ECDSA signature in DER, or of another length, is none", () => {
  const [header = "", payload = "", signature = ""] = made(p256, es256).split(".");
  const raw = Buffer.from(signature, "base64url");
  const forms = [raw.subarray(1), Buffer.alloc(64), Buffer.alloc(0)];
  const tokens = [
    ...forms.map((form) => `${header}.${payload}.${form.toString("base64url")}`),
    ...Array.from({ length: 16 }, () => made(p256, { ...es256, dsaEncoding: "der" })),
  ];
  for (const token of tokens) {
    expect(call("verify_es256", token, pemOf(p256))).toBe(false);
    expect(call("decode_verify", token, { cert: pemOf(p256) })).toEqual(unverified);
  }
});

test("an RSA-PSS signature without its leading zero is none, though OpenSSL takes it", { timeout: 60_000 }, () => {
  const way = { algorithm: "PS256" };
  const found = Array.from({ length: 8000 }, (_, id) => id).find((id) => {
    const [header = "", payload = "", signature = ""] = made(rsa, way, {}, { id }).split(".");
    const raw = Buffer.from(signature, "base64url");
    if (raw[0] !== 0) return false;
    expect(call("verify_ps256", `${header}.${payload}.${signature}`, pemOf(rsa))).toBe(true);
    const shorter = `${header}.${payload}.${raw.subarray(1).toString("base64url")}`;
    expect(call("verify_ps256", shorter, pemOf(rsa))).toBe(false);
    return true;
  });
  expect(found).toBeDefined();
});

test("a public key is no secret, and a secret no public key", () => {
  const forged = made(pemOf(rsa), { algorithm: "HS256" });
  const set = jwksOf(jwkOf(rsa, { kid: "a" }));
  expect(call("decode_verify", forged, { cert: pemOf(rsa) })).toEqual(unverified);
  expect(call("decode_verify", made(set, { algorithm: "HS256" }, { kid: "a" }), { cert: set })).toEqual(unverified);
  expect(call("decode_verify", made(rsa, rs256), { secret: pemOf(rsa) })).toEqual(unverified);
  expect(call("verify_rs256", forged, pemOf(rsa))).toBe(false);
});
