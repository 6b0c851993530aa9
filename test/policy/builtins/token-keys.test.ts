/** Which texts are keys to verify tokens with, and which are not. */
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { builtinBounds } from "../../../src/policy/builtins/bounds.ts";
import { createCallBuiltins, createEvaluationInstant } from "../../../src/policy/builtins/index.ts";
import type { RegoValue } from "../../../src/policy/builtins/rego-value.ts";
import { certificate, jwkOf, jwksOf, pemOf, signers, signToken, type Signer, type SigningWay } from "./token-maker.ts";

const builtins = createCallBuiltins(createEvaluationInstant());
const call = (name: string, ...operands: readonly RegoValue[]): RegoValue | undefined =>
  builtins[`io.jwt.${name}`]?.(...operands);

const claims = { sub: "alice" };
const { rsa, otherRsa } = signers;
const rs256 = { algorithm: "RS256" };
const made = (signer: Signer, way: SigningWay, header: object = {}, payload: unknown = claims): string =>
  signToken(signer, { alg: way.algorithm, ...header }, payload, way);

describe("keys", () => {
  const token = made(rsa, rs256);
  const verify = (keys: string): RegoValue | undefined => call("verify_rs256", token, keys);

  test("more than one PEM block is none, whichever comes first", () => {
    const [mine, other] = [pemOf(rsa), pemOf(otherRsa)];
    expect([
      verify(mine),
      verify(mine.trim()),
      verify(`by hand\n${mine}`),
      verify(mine.replaceAll("\n", "\r\n")),
    ]).toEqual([true, true, true, true]);
    for (const text of [mine + mine, other + mine, mine + other, `${mine}\n`, `${mine}x`, ` ${mine}`, `x${mine}`]) {
      expect(verify(text)).toBeUndefined();
    }
  });

  test("a private key, and a key in another envelope, are none", () => {
    const pkcs1 = rsa.publicKey.export({ format: "pem", type: "pkcs1" });
    const own = rsa.privateKey.export({ format: "pem", type: "pkcs8" });
    const der = rsa.publicKey.export({ format: "der", type: "spki" });
    const ofCertificate = new X509Certificate(certificate).raw;
    const envelope = (type: string, bytes: Buffer): string =>
      `-----BEGIN ${type}-----\n${bytes.toString("base64")}\n-----END ${type}-----\n`;
    expect([verify(envelope("PUBLIC KEY", der)), verify(envelope("CERTIFICATE", ofCertificate))]).toEqual([
      true,
      false,
    ]);
    expect(verify(envelope("CERTIFICATE", Buffer.concat([ofCertificate, Buffer.of(0)])))).toBeUndefined();
    const longer = Buffer.concat([der, Buffer.from("more")]);
    expect([verify(pkcs1), verify(own)]).toEqual([undefined, undefined]);
    expect(verify(envelope("PUBLIC KEY", longer))).toBeUndefined();
    expect(verify(envelope("CERTIFICATE", der))).toBeUndefined();
  });

  test.each([
    ["nothing", ""],
    ["a text", "key"],
    ["null", "null"],
    ["a list", JSON.stringify([jwkOf(rsa)])],
    ["keys that are no list", JSON.stringify({ keys: jwkOf(rsa) })],
    ["a member that is no key", jwksOf(jwkOf(rsa), {})],
    ["an unknown kind", jwksOf(jwkOf(rsa), { kty: "AKP" })],
    ["an unknown algorithm", jwksOf(jwkOf(rsa), jwkOf(otherRsa, { alg: "RS1" }))],
    ["a kid that is no text", jwksOf(jwkOf(rsa, { kid: 1 }))],
    ["a point that is not on the curve", jwksOf(jwkOf(rsa), { kty: "EC", crv: "P-256", x: "AQ", y: "AQ" })],
    [
      "secp256k1",
      jwksOf(jwkOf(rsa), generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey.export({ format: "jwk" })),
    ],
    ["an empty secret", jwksOf(jwkOf(rsa), { kty: "oct", k: "" })],
    ["a member inherited by every object", JSON.stringify({ ["__proto__"]: jwkOf(rsa) })],
  ])("%s spoils the set: undefined, as in OPA", (_title, text) => {
    expect(verify(text)).toBeUndefined();
    expect(call("decode_verify", token, { cert: text })).toBeUndefined();
  });

  test("an empty set verifies nothing, and neither do keys to encrypt with", () => {
    expect([verify(jwksOf()), verify(jwksOf(jwkOf(rsa, { alg: "RSA-OAEP" })))]).toEqual([false, false]);
  });

  test("a key that kid names is the only one that is tried", () => {
    const named = made(rsa, rs256, { kid: "other-rsa" });
    expect(call("verify_rs256", named, jwksOf(jwkOf(rsa), jwkOf(otherRsa)))).toBe(false);
    expect(call("verify_rs256", made(rsa, rs256, { kid: "gone" }), jwksOf(jwkOf(otherRsa), jwkOf(rsa)))).toBe(true);
  });

  test("those of one text are not those of another that was read before", () => {
    for (let round = 0; round < builtinBounds.keyTextsKeptMax * 2; round += 1) {
      expect(verify(jwksOf(jwkOf(otherRsa, { kid: `k${round}` })))).toBe(false);
    }
    expect([verify(jwksOf(jwkOf(rsa))), verify(jwksOf(jwkOf(otherRsa)))]).toEqual([true, false]);
  });
});
