/** Tokens that look right and are not (pitfalls P1, P11, P12, P13, P16, P17, P21, P22): refused, in bounded time. */
import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import {
  actorToken,
  agents,
  createFakeIssuer,
  here,
  judge,
  people,
  profileOf,
  roleToken,
  subjectToken,
} from "../fakes/issuers.ts";
import { testTime } from "../fakes/path-ports.ts";

const base64url = (value: string | Buffer): string => Buffer.from(value).toString("base64url");
const claims = { iss: people.name, sub: "alice", aud: here, iat: testTime, exp: testTime + 60 };
const malformed = "evidence_untrusted: The subject token is no compact JWS of the accepted size and header.";
const algorithm = /^evidence_untrusted: The subject token is signed with an algorithm/;
const signature = "evidence_untrusted: The subject token is not signed with a key of its issuer.";

function assemble(header: object, sign: (signed: string) => Buffer): string {
  const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
  return `${signed}.${base64url(sign(signed))}`;
}

test("the token that all these forgeries imitate is believed", async () => {
  expect(await judge({})).toMatchObject({ vouchedBy: "signature", subject: { id: "alice", issuer: people.name } });
});

describe("P1: the algorithm is the profile's, never the token's", () => {
  const pem = createPublicKey({ key: { ...people.jwk }, format: "jwk" }).export({ format: "pem", type: "spki" });
  const hmac = (key: string | Buffer) => (signed: string) => createHmac("sha256", key).update(signed).digest();

  test.each<[string, string | Buffer]>([
    ["the PEM of the public key", pem],
    ["the JWK of the public key", JSON.stringify(people.jwk)],
    ["nothing", ""],
  ])("HS256 with %s as its secret", async (_name, secret) => {
    const subject = assemble({ alg: "HS256", typ: "at+jwt", kid: people.jwk.kid }, hmac(secret));
    expect(await judge({ subject })).toMatch(algorithm);
  });

  test.each(["none", "noNE", "None", "", "HS512", "ES512", "RS256", "__proto__", "constructor", "toString"])(
    "alg %j",
    async (alg) => {
      expect(await judge({ subject: subjectToken({}, { alg }) })).toMatch(algorithm);
    },
  );

  test("none with an empty signature is no token at all", async () => {
    expect(await judge({ subject: assemble({ alg: "none", typ: "at+jwt" }, () => Buffer.alloc(0)) })).toBe(malformed);
  });

  test("an accepted algorithm with a key of another kind", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const subject = assemble({ alg: "EdDSA", typ: "at+jwt", kid: people.jwk.kid }, (signed) =>
      sign(null, Buffer.from(signed), privateKey),
    );
    const issuers = [profileOf(people, { algorithms: ["ES256", "EdDSA"] }), profileOf(agents)];
    expect(await judge({ subject }, issuers)).toBe(signature);
  });

  test("a DER signature where the two halves belong", async () => {
    const subject = assemble({ alg: "ES256", typ: "at+jwt", kid: people.jwk.kid }, (signed) =>
      sign("sha256", Buffer.from(signed), people.privateKey),
    );
    expect(await judge({ subject })).toBe(signature);
  });
});

describe("a signature by somebody else", () => {
  test("under the issuer's name and key id", async () => {
    const forger = createFakeIssuer(people.name, people.jwk.kid);
    expect(await judge({ subject: forger.issue({ sub: "alice" }) })).toBe(signature);
  });

  test("by another issuer that is trusted for itself", async () => {
    const subject = agents.issue({ iss: people.name, sub: "alice" }, { kid: people.jwk.kid });
    expect(await judge({ subject })).toBe(signature);
  });

  test("with one bit of the payload changed", async () => {
    const [head, payload = "", tail] = subjectToken().split(".");
    const changed = base64url(Buffer.from(payload, "base64url").toString().replace("alice", "malice"));
    expect(await judge({ subject: [head, changed, tail].join(".") })).toBe(signature);
  });

  test("of an issuer without a profile", async () => {
    const stranger = createFakeIssuer("https://stranger.example");
    expect(await judge({ subject: stranger.issue({ sub: "alice" }) })).toMatch(/issuer that has no profile/);
    expect(await judge({ subject: subjectToken({ iss: undefined }) })).toMatch(/issuer that has no profile/);
    expect(await judge({ subject: subjectToken({ iss: `${people.name}/` }) })).toMatch(/issuer that has no profile/);
    expect(await judge({ subject: subjectToken({ iss: [people.name] }) })).toMatch(/issuer that has no profile/);
  });
});

describe("P10, P11: one spelling of one token", () => {
  const good = subjectToken();
  const [head = "", payload = "", tail = ""] = good.split(".");
  const last = tail.at(-1) ?? "";
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const sibling = alphabet[alphabet.indexOf(last) ^ 1] ?? "";

  test("the sibling of the last character has the same bytes", () => {
    expect(Buffer.from(tail.slice(0, -1) + sibling, "base64url")).toEqual(Buffer.from(tail, "base64url"));
  });

  test.each<[string, string]>([
    ["the last character's sibling", `${head}.${payload}.${tail.slice(0, -1)}${sibling}`],
    ["padding", `${good}=`],
    ["a space behind", `${good} `],
    ["a line break behind", `${good}\n`],
    ["a space within", `${head}. ${payload}.${tail}`],
    ["plus for minus", `${head}.${payload}.+${tail.slice(1)}`],
    ["an empty part", `${head}..${tail}`],
    ["no signature", `${head}.${payload}.`],
    ["two parts", `${head}.${payload}`],
    ["four parts", `${good}.${tail}`],
    ["five parts, as a JWE has", `${head}.${tail}.${tail}.${payload}.${tail}`],
    ["nothing", ""],
    ["JSON serialisation", JSON.stringify({ payload, protected: head, signature: tail })],
    ["a lone surrogate", `${good}\ud800`],
  ])("%s", async (_name, subject) => {
    expect(await judge({ subject })).toBe(malformed);
  });
});

describe("P11, P12, P13: JSON that readers understand differently", () => {
  const body = (text: string) => `{"iss":"${people.name}","sub":"alice","aud":"${here}","iat":${testTime},${text}}`;

  test.each<[string, string]>([
    ["a duplicate member", body(`"exp":${testTime + 60},"sub":"bob"`)],
    ["a duplicate by escape", body(String.raw`"exp":${testTime + 60},"su\u0062":"bob"`)],
    ["__proto__", body(`"exp":${testTime + 60},"__proto__":{"admin":true}`)],
    ["exp 1e400", body(`"exp":1e400`)],
    ["a byte order mark", `\ufeff${body(`"exp":${testTime + 60}`)}`],
    ["something behind", `${body(`"exp":${testTime + 60}`)}{}`],
    ["no object", `[${body(`"exp":${testTime + 60}`)}]`],
    ["no JSON", "alice"],
  ])("%s in the payload", async (_name, payload) => {
    expect(await judge({ subject: people.issue(payload) })).toBe(malformed);
  });

  test.each<[string, string]>([
    ["a duplicate member", `{"alg":"ES256","alg":"none","typ":"at+jwt"}`],
    ["no alg", `{"typ":"at+jwt"}`],
    ["alg that is no text", `{"alg":["ES256"],"typ":"at+jwt"}`],
    ["typ that is no text", `{"alg":"ES256","typ":null}`],
    ["no object", `"ES256"`],
  ])("%s in the header", async (_name, header) => {
    expect(await judge({ subject: people.issue({ sub: "alice" }, header) })).toBe(malformed);
  });
});

describe("P16, P17, P22: a header names no keys and no extensions", () => {
  test.each<[string, object]>([
    ["jku", { jku: "http://169.254.169.254/keys" }],
    ["x5u", { x5u: "https://evil.example/cert" }],
    ["jwk", { jwk: { ...people.jwk } }],
    ["x5c", { x5c: ["MIIB"] }],
    ["crit", { crit: ["exp"], exp: 1 }],
    ["b64", { b64: false }],
    ["zip", { zip: "DEF" }],
    ["enc", { enc: "A128GCM" }],
    ["cty", { cty: "JWT" }],
    ["kid of 10 KiB", { kid: "k".repeat(10_240) }],
    ["kid that is empty", { kid: "" }],
    ["kid that is a number", { kid: 7 }],
    ["kid that is a list", { kid: [people.jwk.kid] }],
  ])("%s", async (_name, header) => {
    expect(await judge({ subject: subjectToken({}, { ...header }) })).toBe(malformed);
  });

  test.each(["../../etc/passwd", "__proto__", "constructor", "key-of-https://agents.example", "%00"])(
    "kid %j finds no key",
    async (kid) => {
      expect(await judge({ subject: subjectToken({}, { kid }) })).toBe(signature);
    },
  );

  test("a thumbprint of a certificate is passed over", async () => {
    expect(await judge({ subject: subjectToken({}, { x5t: "abc", "x5t#S256": "def" }) })).toHaveProperty("subject");
  });

  test("no kid is enough only where one key is", async () => {
    const second = createFakeIssuer(people.name, "second");
    const subject = subjectToken({}, { kid: undefined });
    const keysOf = (...issuers: { jwk: object }[]) => ({
      keys: { kind: "static" as const, jwks: { keys: issuers.map(({ jwk }) => ({ ...jwk })) } },
    });
    expect(await judge({ subject }, [profileOf(people, keysOf(people)), profileOf(agents)])).toHaveProperty("subject");
    expect(await judge({ subject }, [profileOf(people, keysOf(people, second)), profileOf(agents)])).toBe(signature);
  });
});

describe("P21, P22: large and deep", () => {
  const nest = (depth: number) => `${'{"act":'.repeat(depth)}{"sub":"a"}${"}".repeat(depth)}`;
  const deep = (depth: number) =>
    people.issue(`{"iss":"${people.name}","aud":"${here}","exp":${testTime + 60},"sub":"alice","act":${nest(depth)}}`);

  test.each<[string, () => string]>([
    ["a megabyte of token", () => subjectToken({ fill: "x".repeat(1_048_576) })],
    ["a megabyte that is no token", () => "a".repeat(1_048_576)],
    ["a megabyte of dots", () => ".".repeat(1_048_576)],
    ["10,000 levels of act", () => deep(10_000)],
    ["1,000 levels of act", () => deep(1000)],
    ["10,001 members", () => subjectToken({ fill: Array.from({ length: 10_001 }, () => 0) })],
  ])("%s, as subject and as actor", async (_name, make) => {
    const token = make();
    const startedAt = performance.now();
    expect(await judge({ subject: token })).toBe(malformed);
    expect(await judge({ actor: token })).toBe(malformed.replace("subject", "actor"));
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  test("16 KiB is the most", async () => {
    const sized = (fill: number) => subjectToken({ fill: "x".repeat(fill) });
    const room = Math.floor(((16_384 - sized(0).length) * 3) / 4);
    expect(sized(room).length).toBeLessThanOrEqual(16_384);
    expect(await judge({ subject: sized(room) })).toHaveProperty("subject");
    expect(sized(room + 3).length).toBeGreaterThan(16_384);
    expect(await judge({ subject: sized(room + 3) })).toBe(malformed);
  });

  test("nine inner actors are one too many", async () => {
    const act = (depth: number): JsonObject =>
      depth === 0 ? { sub: "first" } : { sub: `a${depth}`, act: act(depth - 1) };
    const withActs = (count: number) => subjectToken({ act: act(count - 1) });
    expect(await judge({ subject: withActs(9) })).toMatch(/^chain_too_deep/);
    expect(await judge({ subject: withActs(8) })).toMatchObject({ inner: { length: 8 } });
  });
});

test("the actor's token and ours are held to the same", async () => {
  const pairs: readonly [string, string][] = [
    [actorToken({}, { alg: "none" }), actorToken({}, { jku: "https://evil.example" })],
    [roleToken({}, {}, { alg: "none" }), roleToken({}, {}, { jwk: { ...people.jwk } })],
  ];
  for (const [unsigned, pointing] of pairs) {
    expect(await judge({ actor: unsigned })).toMatch(/^evidence_untrusted/);
    expect(await judge({ subject: pointing })).toMatch(/^evidence_untrusted/);
  }
});
