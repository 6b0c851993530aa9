/** What every kind of issuers' keys does with one and the same JWK set: taken whole or not at all, and found alike. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/domain/json.ts";
import { Fault } from "../../src/domain/refusal.ts";
import { type KeysOptions, KeySources } from "../../src/identity/keys/key-sources.ts";
import type { IssuerKeys } from "../../src/identity/keys/issuer-keys.ts";
import { parseKeySet } from "../../src/identity/keys/key-set.ts";
import { ProfileError } from "../../src/identity/profiles/profile-error.ts";
import { followingTimes } from "../fakes/identity-rooms.ts";
import { people } from "../fakes/issuers.ts";
import { byPath, json, openKeyServer } from "../fakes/key-server.ts";
import { testTime } from "../fakes/path-ports.ts";
import { createRecordingAnnouncer } from "../fakes/recording-announcer.ts";

type Jwk = { readonly [member: string]: string | readonly string[] };

const edwards = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec: Jwk = { ...people.jwk, kid: "ec" };
const okp: Jwk = { kty: "OKP", crv: "Ed25519", x: edwards.x ?? "", kid: "okp" };
const rsaPublic = rsa.publicKey.export({ format: "jwk" });
const rsaJwk: Jwk = { kty: "RSA", n: rsaPublic.n ?? "", e: rsaPublic.e ?? "", kid: "rsa" };
const rsaPrivate = { ...rsaJwk, d: rsa.privateKey.export({ format: "jwk" }).d ?? "" };

type Open = (keys: readonly Jwk[]) => Promise<IssuerKeys>;

async function openFrom(origin: string, options: KeysOptions): Promise<IssuerKeys> {
  const clock = { read: () => ({ epochSeconds: testTime, isReliable: true }) };
  const sources = new KeySources({ clock, announcer: createRecordingAnnouncer() });
  const keys = sources.open(options, `${origin}/realm`);
  await sources.refresh();
  return keys;
}

/** A record, so that a new kind does not compile until it is tried. */
const kinds: Readonly<Record<KeysOptions["kind"], Open>> = {
  static: (keys) => openFrom("https://people.example", { kind: "static", jwks: { keys } }),
  remote: async (keys) => {
    const { origin } = await openKeyServer(json({ keys }));
    return await openFrom(origin, { kind: "remote", url: `${origin}/keys`, ...followingTimes });
  },
  discovery: async (keys) => {
    const server = await openKeyServer();
    const { origin } = server;
    server.answer = byPath({
      "/realm/.well-known/openid-configuration": json({ issuer: `${origin}/realm`, jwks_uri: `${origin}/keys` }),
      "/keys": json({ keys }),
    });
    return await openFrom(origin, { kind: "discovery", ...followingTimes });
  },
};

describe.each(Object.entries(kinds))("keys that are %s", (_kind, open) => {
  test("that say they are another issuer's are not this one's, and leave their name to the one that is", async () => {
    const foreign = { ...okp, kid: "shared", issuer: "https://login.example/consumers/v2.0" };
    const keys = await open([foreign, { ...ec, kid: "shared" }]);
    expect(keys.find("shared", "EdDSA", testTime)).toBeUndefined();
    expect(keys.find("shared", "ES256", testTime)).toMatchObject({ asymmetricKeyType: "ec" });
  });

  test("are found by name and algorithm together, the same object each time, without a promise", async () => {
    const keys = await open([ec, okp, rsaJwk]);
    const found = keys.find("ec", "ES256", testTime);
    expect(found).toMatchObject({ asymmetricKeyType: "ec" });
    expect(keys.find("ec", "ES256", testTime)).toBe(found);
    expect(keys.find("okp", "EdDSA", testTime)).toMatchObject({ asymmetricKeyType: "ed25519" });
    expect(keys.find("okp", "Ed25519", testTime)).toBe(keys.find("okp", "EdDSA", testTime));
    expect(keys.find("rsa", "PS512", testTime)).toMatchObject({ asymmetricKeyType: "rsa" });
    for (const [name, algorithm] of [
      ["ec", "RS256"],
      ["rsa", "ES256"],
      ["okp", "ES256"],
      ["ec", "ES384"],
      ["EC", "ES256"],
    ] as const) {
      expect(keys.find(name, algorithm, testTime), `${name} ${algorithm}`).toBeUndefined();
    }
  });

  test.each(["", "../../etc/passwd", "__proto__", "constructor", "ec\n", "k".repeat(256)])(
    "P16: hold nothing under %j",
    async (name) => {
      expect((await open([ec])).find(name, "ES256", testTime)).toBeUndefined();
    },
  );

  test("are found without a name only where one alone fits", async () => {
    const keys = await open([ec, rsaJwk]);
    expect(keys.find(undefined, "ES256", testTime)).toBe(keys.find("ec", "ES256", testTime));
    const several = await open([ec, { ...people.jwk, kid: "other" }]);
    expect(several.find(undefined, "ES256", testTime)).toBeUndefined();
  });

  test.each<[string, Jwk]>([
    ["to encrypt with", { ...rsaJwk, kid: "enc", use: "enc" }],
    ["for other operations", { ...rsaJwk, kid: "enc", key_ops: ["wrapKey"] }],
    ["of an algorithm that is not known here", { ...rsaJwk, kid: "enc", alg: "RSA-OAEP" }],
    ["of a kind that is not known here", { kty: "AKP", alg: "ML-DSA-44", pub: "AAAA", kid: "new" }],
    ["of that kind without an algorithm", { kty: "AKP", pub: "AAAA", kid: "new" }],
  ])("are not disturbed by a key %s", async (_name, other) => {
    const keys = await open([other, ec]);
    expect(keys.find("ec", "ES256", testTime)).toBeDefined();
    expect(keys.find(String(other["kid"]), "RS256", testTime)).toBeUndefined();
  });

  test.each<[string, Jwk]>([
    ["symmetric", { kty: "oct", k: "c2VjcmV0c2VjcmV0", kid: "oct" }],
    ["symmetric and empty", { kty: "oct", kid: "oct" }],
    ["private", rsaPrivate],
    ["private and of a kind that is not known here", { kty: "AKP", priv: "AAAA", pub: "AAAA", kid: "new" }],
    ["of the same name", { ...okp, kid: "ec" }],
    ["off its curve", { ...people.jwk, kid: "off", x: people.jwk.y ?? "" }],
    ["of another algorithm than it says", { ...rsaJwk, kid: "wrong", alg: "ES256" }],
    ["without a kind", { x: "AAAA", kid: "none" }],
    ["without a name but with an empty one", { ...okp, kid: "" }],
  ])("P20: are refused whole beside one that is %s", async (_name, other) => {
    const outcome = await open([ec, other]).then(
      (keys) => search(keys),
      (cause: unknown) => (cause instanceof ProfileError ? cause.code : "something else"),
    );
    expect(outcome).toMatch(/^keys_malformed$|: keys_malformed$/);
  });
});

function search(keys: IssuerKeys): KeyObject | string | undefined {
  try {
    const found = keys.find("ec", "ES256", testTime);
    return found instanceof Promise ? "it waits" : found;
  } catch (cause) {
    return cause instanceof Fault ? cause.detail : "not a fault";
  }
}

describe("a key that says whose it is", () => {
  const tenant = "https://login.example/8f5e1c7a/v2.0";
  test.each<[string, Json, number]>([
    ["this issuer's", tenant, 1],
    ["each tenant's", "https://login.example/{tenantid}/v2.0", 1],
    ["another tenant's", "https://login.example/9188040d/v2.0", 0],
    ["each tenant's, elsewhere", "https://login.other/{tenantid}/v2.0", 0],
    ["nobody's", "", 0],
    ["of another type", [tenant], 0],
  ])("%s", (_whose, issuer, count) => {
    expect(parseKeySet({ keys: [{ ...ec, issuer }] }, tenant)).toHaveLength(count);
  });
});
