/** What a profile makes of its issuer's tokens, and which profiles are refused at the start. */
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { DeclaredProfileOptions, ProfileOptions } from "../../src/identity/index.ts";
import {
  actorToken,
  agents,
  createFakeIssuer,
  createVerifier,
  here,
  judge,
  ourselves,
  people,
  profileOf,
  subjectToken,
} from "../fakes/issuers.ts";
import { testTime } from "../fakes/path-ports.ts";

describe("what the tokens say", () => {
  test("stands where the profile says, exactly", async () => {
    const subject = subjectToken({ departments: "Human Resources", realm_access: { roles: ["Director"] }, sid: "s-1" });
    const actor = actorToken({ capabilities: "book_flight search", sub_profile: "service" });
    const evidence = await judge({ subject, actor });
    expect(evidence).toMatchObject({
      subject: { departments: ["Human Resources"], roles: ["Director"] },
      actor: { type: "service" },
      origin: { issuer: people.name, source: "sid", value: "s-1" },
      parent: undefined,
    });
    if (typeof evidence === "string") return expect.unreachable(evidence);
    expect(evidence.actor.capabilities.toArray()).toEqual(["book_flight", "search"]);
  });

  test("P24, P25: nothing is read from another spelling, and nothing is split that is no list", async () => {
    const evidence = await judge({ subject: subjectToken({ Departments: "IT", "realm_access.roles": ["Director"] }) });
    expect(evidence).toMatchObject({ subject: { departments: [], roles: [] }, origin: { source: "decision" } });
  });

  test.each<[string, object]>([
    ["roles that hold a number", { realm_access: { roles: [7] } }],
    ["a place that is no object", { realm_access: "admin" }],
    ["departments that are an object", { departments: {} }],
    ["a chain source that is a number", { sid: 7 }],
    ["a chain source that is empty", { sid: "" }],
    ["a scope that is an object", { scope: {} }],
  ])("%s refuse the token", async (_name, claims) => {
    expect(await judge({ subject: subjectToken({ ...claims }) })).toMatch(/^claim_malformed/);
  });

  test.each<[string, object, readonly string[] | undefined]>([
    ["none", {}, undefined],
    ["an empty text", { scope: "" }, undefined],
    ["one that is mapped, among others", { scope: "openid flights" }, ["flights:book", "flights:cancel"]],
    ["a list", { scope: ["flights"] }, ["flights:book", "flights:cancel"]],
    ["one that is not mapped", { scope: "hotels" }, []],
    ["a name that every object has", { scope: "constructor __proto__ toString" }, []],
    ["another case", { scope: "Flights" }, []],
    ["a permission itself", { scope: "flights:book" }, []],
  ])("P29: scopes: %s", async (_name, claims, expected) => {
    const evidence = await judge({ subject: subjectToken({ ...claims }) });
    if (typeof evidence === "string") return expect.unreachable(evidence);
    expect(evidence.subject.scopes?.toArray()).toEqual(expected);
  });
});

test("a generic issuer's tokens are at+jwt, and no ID tokens, unless settings say otherwise", async () => {
  const profiles = [profileOf(people, { kinds: {} }), profileOf(agents)];
  expect(await judge({}, profiles)).toHaveProperty("subject.id", "alice");
  expect(await judge({ subjectType: "id_token" }, profiles)).toMatch(/is not of a kind/);
  expect(await judge({ subject: subjectToken({}, { typ: "JWT" }) }, profiles)).toMatch(/is not of a kind/);
});

describe("a profile that would believe too much", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwks = (...keys: object[]) => ({
    keys: { kind: "static" as const, jwks: { keys: keys.map((key) => ({ ...key })) } },
  });
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });

  test.each<[string, Partial<DeclaredProfileOptions>]>([
    ["algorithms_empty", { algorithms: [] }],
    ["audience_missing", { audiences: [] }],
    ["client_pin_missing", { kinds: { access_token: ["jwt"], jwt: [], id_token: [] } }],
    ["client_pin_missing", { kinds: { access_token: [], jwt: ["absent"], id_token: [] } }],
    ["leeway_out_of_range", { leewaySeconds: 31 }],
    ["leeway_out_of_range", { leewaySeconds: -1 }],
    ["leeway_out_of_range", { leewaySeconds: Number.NaN }],
    ["lifetime_out_of_range", { lifetimeSecondsMax: 86_401 }],
    ["lifetime_out_of_range", { lifetimeSecondsMax: Infinity }],
    ["claim_path_malformed", { roles: { path: [], separator: "none" } }],
    ["claim_path_malformed", { roles: { path: ["a", ""], separator: "none" } }],
    ["permission_malformed", { permissions: { flights: ["two words"] } }],
    ["keys_empty", jwks()],
    ["keys_empty", jwks({ ...people.jwk, use: "enc" })],
    ["keys_empty", jwks({ ...people.jwk, key_ops: ["encrypt"] })],
    ["keys_malformed", jwks({ kty: "oct", k: "c2VjcmV0", kid: "a" })],
    ["keys_malformed", jwks({ ...privateKey.export({ format: "jwk" }), kid: "a" })],
    ["keys_malformed", jwks(people.jwk, { ...agents.jwk, kid: people.jwk.kid })],
    ["keys_malformed", jwks({ ...people.jwk, alg: "RS256" })],
    ["keys_malformed", jwks({ ...people.jwk, x: "AA" })],
    ["keys_malformed", jwks({ ...rsa, alg: "RS256", kid: "small" })],
    ["keys_malformed", jwks(...Array.from({ length: 65 }, (_, at) => ({ ...people.jwk, kid: `k${at}` })))],
    ["keys_unreadable", { keys: { kind: "static", jwks: "/nowhere/keys.json" } }],
    ["keys_unreadable", { keys: { kind: "static", jwks: "/" } }],
  ])("%s: %#", (code, changes) => {
    expect(() => createVerifier([profileOf(people, changes)])).toThrow(expect.objectContaining({ code }));
  });

  test.each<[string, readonly ProfileOptions[]]>([
    ["issuer_reserved", [profileOf(ourselves)]],
    ["issuer_duplicate", [profileOf(people), profileOf(people, { vouchesFor: "actors" })]],
    ["issuer_duplicate", Array.from({ length: 2 }, () => ({ kind: "chaperone" as const, leewaySeconds: 5 }))],
    ["leeway_out_of_range", [{ kind: "chaperone", leewaySeconds: 6 }]],
    ["issuers_too_many", Array.from({ length: 65 }, () => profileOf(people))],
  ])("%s", (code, issuers) => {
    expect(() => createVerifier(issuers)).toThrow(expect.objectContaining({ code }));
  });
});

describe("keys from a file", () => {
  function writeKeys(text: string): DeclaredProfileOptions["keys"] {
    const folder = mkdtempSync(join(tmpdir(), "identity-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "keys.json");
    writeFileSync(path, text);
    return { kind: "static", jwks: path };
  }

  test("are those that verify", async () => {
    const keys = writeKeys(JSON.stringify({ keys: [people.jwk] }));
    expect(await judge({}, [profileOf(people, { keys }), profileOf(agents)])).toHaveProperty("subject.id", "alice");
  });

  test.each<[string, string]>([
    ["no JSON", "keys"],
    ["a member twice", `{"keys":[],"keys":[${JSON.stringify(people.jwk)}]}`],
    ["no list", `{"keys":{}}`],
    ["something else in the list", `{"keys":[7]}`],
    ["more than 64 KiB", `{"keys":[],"fill":"${"x".repeat(65_536)}"}`],
  ])("%s is refused", (_name, text) => {
    const keys = writeKeys(text);
    expect(() => createVerifier([profileOf(people, { keys })])).toThrow(
      expect.objectContaining({ code: "keys_malformed" }),
    );
  });
});

describe("each algorithm verifies with its own kind of key", () => {
  const base64url = (value: string | Buffer): string => Buffer.from(value).toString("base64url");
  const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve });
  const rsaPair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const edwards = generateKeyPairSync("ed25519");
  const pairs = {
    ES256: ec("P-256"),
    ES384: ec("P-384"),
    ES512: ec("P-521"),
    EdDSA: edwards,
    Ed25519: edwards,
    RS256: rsaPair,
    RS384: rsaPair,
    RS512: rsaPair,
    PS256: rsaPair,
    PS384: rsaPair,
    PS512: rsaPair,
  } as const;
  type Name = keyof typeof pairs;
  const names = Object.keys(pairs).filter((name): name is Name => name in pairs);

  function issueWith(algorithm: Name): string {
    const claims = { iss: people.name, sub: "alice", aud: here, iat: testTime, exp: testTime + 60 };
    const whole = { ...claims, may_act: { iss: agents.name, sub: "travel-agent" } };
    const header = { alg: algorithm, typ: "at+jwt", kid: "k" };
    const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(whole))}`;
    const hash = algorithm.startsWith("Ed") ? null : `sha${algorithm.slice(2)}`;
    const padding = algorithm.startsWith("PS") ? 6 : 1;
    const options = algorithm.startsWith("ES") ? { dsaEncoding: "ieee-p1363" as const } : {};
    const rsa = /^[RP]S/.test(algorithm) ? { padding, saltLength: -1 } : {};
    const key = { key: pairs[algorithm].privateKey, ...options, ...rsa };
    return `${signed}.${base64url(sign(hash, Buffer.from(signed), key))}`;
  }

  const accepting = (algorithm: Name, algorithms: readonly Name[] = [algorithm]) => {
    const jwk = { ...pairs[algorithm].publicKey.export({ format: "jwk" }), kid: "k" };
    const keys = { kind: "static" as const, jwks: { keys: [JSON.parse(JSON.stringify(jwk))] } };
    return [profileOf(people, { keys, algorithms }), profileOf(agents)];
  };

  test.each(names)("%s", async (algorithm) => {
    expect(await judge({ subject: issueWith(algorithm) }, accepting(algorithm))).toHaveProperty("subject.id", "alice");
    for (const other of names.filter((name) => pairs[name] !== pairs[algorithm])) {
      expect(await judge({ subject: issueWith(algorithm) }, accepting(other, names))).toMatch(/key of its issuer/);
    }
    for (const other of names.filter((name) => name !== algorithm)) {
      expect(await judge({ subject: issueWith(algorithm) }, accepting(algorithm, [other]))).toMatch(/algorithm/);
    }
  });

  test("an issuer without keys for it has none", async () => {
    const other = createFakeIssuer(people.name, "other");
    expect(await judge({ subject: other.issue({ sub: "alice" }) })).toMatch(/key of its issuer/);
  });
});
