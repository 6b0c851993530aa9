/** The promise of the ClientAuthenticator port: one configured way per client, and every other way fails alike. */
import { generateKeyPair } from "jose";
import { describe, expect, test } from "vitest";
import { parseCapability, parseIssuer, parsePartyId } from "../../src/domain/identifiers.ts";
import { Fault } from "../../src/domain/refusal.ts";
import { type ClientOptions, createClientAuthenticator } from "../../src/identity/index.ts";
import type { ClientProof } from "../../src/ports/client-authenticator.ts";
import {
  type AssertionChanges,
  certificateName,
  clientSecret,
  createTestClients,
  createTestGuard,
  signAssertion,
  testClients,
  tokenEndpoint,
} from "../fakes/clients.ts";
import { known, ownIssuer, testTime } from "../fakes/path-ports.ts";

const secretProof = (id: string, secret: string): ClientProof => ({
  kind: "secret",
  method: "client_secret_basic",
  id,
  secret,
});
const assertionProof = (compact: string, id?: string): ClientProof => ({ kind: "assertion", id, compact });
const ask = async (proof: ClientProof, guard = createTestGuard()) =>
  await createTestClients(guard).authenticate(proof, testTime);

describe("every client is known by its own way", () => {
  test("a secret", async () => {
    expect(await ask(secretProof("with-secret", clientSecret))).toEqual({ id: "with-secret", issuer: ownIssuer });
  });

  test("a certificate's exact name", async () => {
    const names = ["DNS:edge.example", certificateName];
    expect(await ask({ kind: "certificate", id: undefined, names })).toMatchObject({ id: "with-certificate" });
    expect(await ask({ kind: "certificate", id: "with-certificate", names })).toMatchObject({ id: "with-certificate" });
  });

  test("its gateway's word", async () => {
    expect(await ask({ kind: "vouched", id: "vouched-for" })).toMatchObject({ id: "vouched-for", isVouchedFor: true });
    expect(await ask(secretProof("with-secret", clientSecret))).not.toHaveProperty("isVouchedFor");
  });

  test("and comes with what configuration says that it is able to do", async () => {
    const capabilities = [known(parseCapability("book_flight")), known(parseCapability("search_flights"))];
    const [able] = testClients.map((client) => ({ ...client, capabilities }));
    const clients = createClientAuthenticator({ clients: [known(able)], audiences: [] }, createTestGuard());
    const client = await clients.authenticate(secretProof("with-secret", clientSecret), testTime);
    expect(client?.capabilities?.toArray()).toEqual(["book_flight", "search_flights"]);
  });

  test.each([ownIssuer, tokenEndpoint, [ownIssuer]])("an assertion for %s", async (aud) => {
    expect(await ask(assertionProof(await signAssertion({ claims: { aud } })))).toMatchObject({ id: "with-keys" });
  });

  test.each(["JWT", "client-authentication+jwt", "application/client-authentication+jwt"])(
    "an assertion that says it is a %s",
    async (typ) => {
      expect(await ask(assertionProof(await signAssertion({ header: { typ } })))).toMatchObject({ id: "with-keys" });
    },
  );
});

describe("and by nothing else", () => {
  const others: [string, ClientProof][] = [
    ["a wrong secret", secretProof("with-secret", `${clientSecret}x`)],
    ["an empty secret", secretProof("with-secret", "")],
    ["a secret of a client that has none", secretProof("vouched-for", clientSecret)],
    ["a secret of nobody", secretProof("nobody", clientSecret)],
    ["a secret of a prototype", secretProof("__proto__", clientSecret)],
    ["the text whose digest stands in for nobody's", secretProof("nobody", "no secret has this digest")],
    ["the same for a client without a secret", secretProof("vouched-for", "no secret has this digest")],
    ["a vouched client that has a secret", { kind: "vouched", id: "with-secret" }],
    ["a vouched client that nobody knows", { kind: "vouched", id: "nobody" }],
    ["a vouched client in other letters", { kind: "vouched", id: "Vouched-For" }],
    ["a certificate without names", { kind: "certificate", id: undefined, names: [] }],
    ["a certificate with another's name", { kind: "certificate", id: undefined, names: [`${certificateName}x`] }],
    ["a certificate for another client", { kind: "certificate", id: "vouched-for", names: [certificateName] }],
  ];
  test.each(others)("%s", async (_name, proof) => {
    expect(await ask(proof)).toBeUndefined();
  });

  test("a certificate that has the names of two clients is neither's, unless it says which", async () => {
    const second = { ...known(testClients[2]), id: known(parsePartyId("second")) };
    const clients: ClientOptions[] = [
      known(testClients[2]),
      { ...second, authentication: { kind: "certificate", name: "DNS:second.example" } },
    ];
    const both = createClientAuthenticator({ clients, audiences: [] }, createTestGuard());
    const names = [certificateName, "DNS:second.example"];
    expect(await both.authenticate({ kind: "certificate", id: undefined, names }, testTime)).toBeUndefined();
    expect(await both.authenticate({ kind: "certificate", id: "second", names }, testTime)).toMatchObject({
      id: "second",
    });
  });

  const far = testTime + 100_000;
  const assertions: [string, AssertionChanges][] = [
    ["expired", { claims: { exp: testTime } }],
    ["far from expiring (JB-5)", { claims: { exp: testTime + 301 } }],
    ["without exp", { claims: { exp: undefined } }],
    ["with exp as text", { claims: { exp: String(far) } }],
    ["without iat", { claims: { iat: undefined } }],
    ["issued in the future", { claims: { iat: testTime + 6 } }],
    ["not valid yet (JB-6)", { claims: { nbf: testTime + 6 } }],
    ["without jti", { claims: { jti: undefined } }],
    ["with an empty jti", { claims: { jti: "" } }],
    ["with a number as jti", { claims: { jti: 1 } }],
    ["with a jti beyond its bound", { claims: { jti: "j".repeat(257) } }],
    ["about somebody else", { claims: { sub: "alice" } }],
    ["by somebody else", { claims: { iss: "https://idp.example" } }],
    ["without iss", { claims: { iss: undefined } }],
    ["by and about a client that has no keys", { claims: { iss: "with-secret", sub: "with-secret" } }],
    ["for somebody else", { claims: { aud: "https://as.example" } }],
    ["for us and somebody else (P4)", { claims: { aud: [ownIssuer, "https://as.example"] } }],
    ["for nobody", { claims: { aud: undefined } }],
    ["for an empty list", { claims: { aud: [] } }],
    ["for our issuer with a slash", { claims: { aud: `${ownIssuer}/` } }],
    ["with another key's name", { header: { kid: "c2" } }],
    ["that says it is an access token", { header: { typ: "at+jwt" } }],
    ["that says it is a proof", { header: { typ: "dpop+jwt" } }],
    ["that brings its own key", { header: { jwk: { kty: "EC" } } }],
    ["that names where its key is", { header: { jku: "https://evil.example/jwks" } }],
    ["with a shared secret (P1)", { header: { alg: "HS256" }, key: new TextEncoder().encode(clientSecret) }],
  ];
  test.each(assertions)("an assertion %s", async (_name, changes) => {
    expect(await ask(assertionProof(await signAssertion(changes)))).toBeUndefined();
  });

  test("an assertion of another key", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    expect(await ask(assertionProof(await signAssertion({ key: privateKey })))).toBeUndefined();
  });

  test("an assertion beside another client_id", async () => {
    const compact = await signAssertion();
    expect(await ask(assertionProof(compact, "with-secret"))).toBeUndefined();
  });

  test("an unsigned assertion, a broken one, none", async () => {
    const [, payload] = (await signAssertion()).split(".");
    const header = Buffer.from('{"alg":"none"}').toString("base64url");
    for (const compact of [`${header}.${payload}.`, `${header}.${payload}.AA`, "a.b.c", "", "..", "x".repeat(60_000)]) {
      expect(await ask(assertionProof(compact))).toBeUndefined();
    }
  });
});

describe("an assertion counts once", () => {
  test("also when its text was altered without breaking the signature (P10)", async () => {
    const guard = createTestGuard();
    const compact = await signAssertion();
    expect(await ask(assertionProof(compact), guard)).toBeDefined();
    expect(await ask(assertionProof(compact), guard)).toBeUndefined();
    expect(await ask(assertionProof(`${compact} `), guard)).toBeUndefined();
  });

  test("also when it was shown with a client_id that is not its own", async () => {
    const guard = createTestGuard();
    const compact = await signAssertion();
    expect(await ask(assertionProof(compact, "with-secret"), guard)).toBeUndefined();
    expect(await ask(assertionProof(compact), guard)).toBeUndefined();
  });

  test("also across a restart: one that may have been made before is refused, a client's fast clock included", async () => {
    const compact = await signAssertion();
    expect(await ask(assertionProof(compact), createTestGuard(testTime))).toBeUndefined();
    expect(await ask(assertionProof(compact), createTestGuard(testTime - 5))).toBeUndefined();
    expect(await ask(assertionProof(compact), createTestGuard(testTime - 6))).toBeDefined();
  });

  test("one whose signature is wrong uses up nothing", async () => {
    const guard = createTestGuard();
    const jti = "once";
    const { privateKey } = await generateKeyPair("ES256");
    await ask(assertionProof(await signAssertion({ claims: { jti }, key: privateKey })), guard);
    expect(await ask(assertionProof(await signAssertion({ claims: { jti } })), guard)).toBeDefined();
  });

  test("a guard that cannot tell is a fault, not a yes", async () => {
    const guard = {
      isFirstUse: () => {
        throw new Fault("ledger_unavailable", "test");
      },
    };
    await expect(ask(assertionProof(await signAssertion()), guard)).rejects.toMatchObject({
      code: "ledger_unavailable",
    });
  });
});

describe("what is configured", () => {
  test("is what metadata may say", () => {
    const { methods, signingAlgorithms } = createTestClients();
    expect(methods).toEqual(["client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"]);
    expect(signingAlgorithms).toContain("ES256");
    const none = createClientAuthenticator({ clients: [], audiences: [] }, createTestGuard());
    expect([none.methods, none.signingAlgorithms]).toEqual([[], []]);
  });

  const [withSecret, withKeys] = testClients;
  const id = known(parsePartyId("one"));
  const issuer = known(parseIssuer("https://a.example"));
  const wrong: [string, ClientOptions[]][] = [
    ["client_duplicate", [known(withSecret), known(withSecret)]],
    ["client_unnameable", [{ ...known(withKeys), id: known(parsePartyId("two words")) }]],
    ["secret_too_short", [{ id, issuer, authentication: { kind: "secret", secret: "short" } }]],
    ["certificate_name_untyped", [{ id, issuer, authentication: { kind: "certificate", name: "spiffe://a" } }]],
    ["keys_malformed", [{ id, issuer, authentication: { kind: "private_key_jwt", jwks: { keys: [{ kty: "oct" }] } } }]],
    ["keys_empty", [{ id, issuer, authentication: { kind: "private_key_jwt", jwks: { keys: [] } } }]],
  ];
  test.each(wrong)("is refused at the start: %s", (code, clients) => {
    expect(() => createClientAuthenticator({ clients, audiences: [] }, createTestGuard())).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
