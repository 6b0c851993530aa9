/** Which texts are keys to verify tokens with, and which are not. */
import { createHash, generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { builtinBounds } from "../../../src/policy/builtins/bounds.ts";
import { createCallBuiltins, createEvaluationInstant } from "../../../src/policy/builtins/index.ts";
import type { RegoValue } from "../../../src/policy/builtins/rego-value.ts";
import { askOpa } from "./ask-opa.ts";
import {
  base64url,
  certificate,
  jwkOf,
  jwksOf,
  pemOf,
  signers,
  signToken,
  type Signer,
  type SigningWay,
} from "./token-maker.ts";

const builtins = createCallBuiltins(createEvaluationInstant());
const call = (name: string, ...operands: readonly RegoValue[]): RegoValue | undefined =>
  builtins[`io.jwt.${name}`]?.(...operands);

const claims = { sub: "alice" };
const { rsa, otherRsa } = signers;
const rs256 = { algorithm: "RS256" };
const rs256Header = { alg: "RS256" };
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

  test("an RSA key whose exponent is 1 verifies nothing, as everybody can sign for it", () => {
    const said = Buffer.from(`${base64url(rs256Header)}.e30`);
    const digest = createHash("sha256").update(said).digest();
    const info = Buffer.concat([Buffer.from("3031300d060960864801650304020105000420", "hex"), digest]);
    const padding = Buffer.alloc(256 - 3 - info.length, 0xff);
    const signature = Buffer.concat([Buffer.of(0, 1), padding, Buffer.of(0), info]).toString("base64url");
    const forged = `${said.toString()}.${signature}`;
    const key = jwksOf(jwkOf(rsa, { e: "AQ" }));
    expect([call("verify_rs256", forged, key), call("decode_verify", forged, { cert: key })]).toEqual([
      false,
      [false, {}, {}],
    ]);
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

  test("an odd key is taken, passed over or an error as in OPA, and never taken where it is not there", async () => {
    const [other, ed] = [signers.otherRsa, signers.ed25519];
    const algorithms = [
      "RS256",
      "RS384",
      "PS256",
      "ES256",
      "HS256",
      "EdDSA",
      "Ed25519",
      "ES256K",
      "Ed448",
      "none",
      "",
      "rs256",
    ];
    const forEncryption = [
      "RSA1_5",
      "RSA-OAEP",
      "RSA-OAEP-256",
      "RSA-OAEP-384",
      "RSA-OAEP-512",
      "dir",
      "ECDH",
      "ECDH-ES",
    ];
    const wrapping = [
      "A128KW",
      "A192KW",
      "A256KW",
      "A128GCMKW",
      "A256GCMKW",
      "ECDH-ES+A128KW",
      "ECDH-ES+A256KW",
      "A64KW",
    ];
    const content = ["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A512GCM"];
    const byPassword = ["PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW", "PBES2-HS256+A256KW"];
    const odd: readonly object[] = [
      ...[...algorithms, ...forEncryption, ...wrapping, ...content, ...byPassword].map((alg) => jwkOf(other, { alg })),
      ...[null, 5, ["RS256"]].flatMap((value) =>
        ["alg", "kid", "use", "kty"].map((name) => jwkOf(other, { [name]: value })),
      ),
      ...["", "A", "%%%%", "AQAB=", null, 5].flatMap((value) =>
        ["n", "e"].map((name) => jwkOf(other, { [name]: value })),
      ),
      ...["", "AQ", null].map((x) => jwkOf(ed, { x })),
      ...["P-256", "X25519", "Ed448", "X448", "ed25519", null].map((crv) => jwkOf(ed, { crv })),
      ...["P-224", "P-384", "secp256k1"].map((crv) => jwkOf(signers.p256, { crv })),
      ...["", "%", "c2VjcmV0", null].map((k) => ({ kty: "oct", k })),
      ...["enc", "SIG", ""].map((use) => jwkOf(other, { use })),
      ...[["verify"], ["sign"], [], ["nonsense"], "verify"].map((operations) => jwkOf(other, { key_ops: operations })),
      { ...jwkOf(other), kty: "rsa" },
    ];
    const calls = odd.flatMap((key) => [
      { name: "io.jwt.verify_rs256", operands: [token, jwksOf(key, jwkOf(rsa))] },
      { name: "io.jwt.verify_rs256", operands: [made(other, rs256), jwksOf(key)] },
      { name: "io.jwt.decode_verify", operands: [made(other, rs256), { cert: JSON.stringify(key) }] },
    ]);
    const theirs = await askOpa(calls);
    const isTaken = (answer: RegoValue | undefined): boolean =>
      answer !== undefined && JSON.stringify(answer).includes("true");
    const different = calls.flatMap(({ name, operands }, index) => {
      const [wanted, got] = [theirs[index], builtins[name]?.(...operands)];
      const isSame = JSON.stringify(wanted) === JSON.stringify(got);
      // `use` and `key_ops` are looked at here.
      return isSame || (isTaken(wanted) && got !== undefined && !isTaken(got)) ? [] : [{ name, operands, wanted, got }];
    });
    expect(different).toEqual([]);
  });
});
