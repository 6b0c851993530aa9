/** What a resource server refuses, by pitfall (P…): also tokens that the issuer's own key signed. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { isJsonObject, type Json, type JsonObject } from "../../src/domain/json.ts";
import { type RoleTokenErrorCode, roleTokenErrors, verifyRoleToken } from "../../src/verify/index.ts";
import { createForger, type Forger, signWithHmac } from "../fakes/forger.ts";
import { flights, testTime } from "../fakes/path-ports.ts";

const options = { issuer: "https://chaperone.example", audience: flights, now: testTime + 1 };

async function codeOf(token: unknown, forger: Forger, parts: object = {}): Promise<unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- callers may be JavaScript.
  const shown = token as string;
  return await verifyRoleToken(shown, { ...options, keys: forger.keys, ...parts }).then(
    () => "accepted",
    (cause: unknown) => (cause instanceof Error && "code" in cause ? cause.code : cause),
  );
}

/** The claims with some replaced; undefined takes one out. */
function changed(claims: JsonObject, parts: Readonly<Record<string, Json | undefined>>): JsonObject {
  const merged = Object.entries({ ...claims, ...parts });
  return Object.fromEntries(merged.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

describe("P1, P2, P17: the header", () => {
  const wrong: readonly (readonly [string, (header: JsonObject) => Json])[] = [
    ["no algorithm", (header) => changed(header, { alg: undefined })],
    ...["none", "None", "HS256", "RS256", "ES384", "ES256K", "es256", ""].map(
      (alg) => [`alg ${alg}`, (header: JsonObject) => ({ ...header, alg })] as const,
    ),
    ...["JWT", "at+JWT", "application/at+jwt", "txntoken+jwt", "dpop+jwt", "secevent+jwt", "logout+jwt", ""].map(
      (typ) => [`typ ${typ}`, (header: JsonObject) => ({ ...header, typ })] as const,
    ),
    ["no typ", (header) => changed(header, { typ: undefined })],
    ["no key id", (header) => changed(header, { kid: undefined })],
    ["a key id that is a path", (header) => ({ ...header, kid: "../../etc/passwd" })],
    ["a long key id", (header) => ({ ...header, kid: "k".repeat(10_000) })],
    ...["jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "cty", "enc"].map(
      (name) =>
        [`the member ${name}`, (header: JsonObject) => ({ ...header, [name]: "https://evil.example" })] as const,
    ),
    ["alg twice", (header) => JSON.stringify(header).replace("{", '{"alg":"none",')],
    ["__proto__", (header) => JSON.stringify(header).replace("{", '{"__proto__":{"alg":"ES256"},')],
    ["a list", (header) => [header]],
  ];

  test.each(wrong)("with %s is refused, though the issuer's key signed it", async (_what, change) => {
    const forger = await createForger();
    expect(await codeOf(forger.sign(change(forger.header), forger.claims), forger)).toBe("header_wrong");
  });

  test("P1: an HMAC with the public key as its secret, and no signature at all", async () => {
    const forger = await createForger();
    const secret = JSON.stringify(forger.keys.keys[0]);
    expect(await codeOf(signWithHmac({ ...forger.header, alg: "HS256" }, forger.claims, secret), forger)).toBe(
      "header_wrong",
    );
    expect(await codeOf(signWithHmac(forger.header, forger.claims, secret), forger)).toBe("signature_wrong");
    const [header = "", claims = ""] = forger.token.split(".");
    for (const bare of [`${header}.${claims}.`, `${header}.${claims}`]) {
      expect(await codeOf(bare, forger)).toBe("token_malformed");
    }
  });
});

test("P1, P16: a token of another key, and of the right key id with another key", async () => {
  const forger = await createForger();
  const other = await createForger();
  expect(await codeOf(other.token, forger)).toBe("key_unknown");
  expect(await codeOf(other.sign(forger.header, forger.claims), forger)).toBe("signature_wrong");
  const eddsa = await createForger({}, "EdDSA");
  expect(await codeOf(eddsa.sign({ ...eddsa.header, alg: "ES256" }, eddsa.claims), eddsa)).toBe("key_unknown");
});

test("P11, P22: what is not the one canonical text of a token, and what is too large", async () => {
  const forger = await createForger();
  const { token } = forger;
  const last = token.at(-1) ?? "";
  const alike = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const sibling = alike[alike.indexOf(last) ^ 1] ?? "";
  const shapes = [
    `${token.slice(0, -1)}${sibling}`,
    `${token} `,
    ` ${token}`,
    `${token}\n`,
    `${token}=`,
    `Bearer ${token}`,
    token.replace(".", ".."),
    `${token}.${token}`,
    `${token}.x.y`,
    "",
    ".",
    "..",
    undefined,
    null,
    1,
    {},
    [token],
    "a".repeat(5_000_000),
    `${"a".repeat(16_384)}.b.c`,
  ];
  const started = performance.now();
  for (const shown of shapes) expect(await codeOf(shown, forger)).toBe("token_malformed");
  expect(performance.now() - started).toBeLessThan(2_000);
});

describe("claims that the issuer's key signed and the sidecar never mints", () => {
  const twice = (name: string) => (claims: JsonObject) =>
    JSON.stringify(claims).replace("{", `{${JSON.stringify(name)}:${JSON.stringify(claims[name] ?? "")},`);
  const other = { iss: "https://vault.example/v1/identity", sub: "other" };
  const nested = (depth: number): JsonObject => {
    let act: JsonObject = other;
    for (let level = 1; level < depth; level += 1) act = { iss: other.iss, sub: `a${level}`, act };
    return act;
  };
  const place = (parts: Readonly<Record<string, Json | undefined>>) => (claims: JsonObject) => {
    const { delegation } = claims;
    return { ...claims, delegation: changed(isJsonObject(delegation) ? delegation : {}, parts) };
  };
  const set = (parts: Readonly<Record<string, Json | undefined>>) => (claims: JsonObject) => changed(claims, parts);
  const detail = { type: "chaperone_action", locations: [flights], actions: ["flights:book"], identifier: "t" };
  const limited = (parts: Readonly<Record<string, Json | undefined>>) =>
    set({ scope: "", authorization_details: [changed(detail, parts)] });

  const cases: readonly (readonly [string, RoleTokenErrorCode, (claims: JsonObject) => Json])[] = [
    ["P4 another audience", "audience_wrong", set({ aud: "https://hotels.example/api" })],
    ["P4 a slash more", "audience_wrong", set({ aud: `${flights}/` })],
    ["P4 several audiences", "audience_wrong", set({ aud: [flights, "https://hotels.example/api"] })],
    ["P4 a list of one audience", "audience_wrong", set({ aud: [flights] })],
    ["P4 no audience", "audience_wrong", set({ aud: undefined })],
    ["P28 another issuer", "issuer_wrong", set({ iss: "https://chaperone.example/" })],
    ["no issuer", "issuer_wrong", set({ iss: undefined })],
    ["P13 no end", "claims_malformed", set({ exp: undefined })],
    ["P13 an end as text", "claims_malformed", set({ exp: String(testTime + 60) })],
    ["P13 an end that is null", "claims_malformed", set({ exp: null })],
    ["P13 a fraction", "claims_malformed", set({ exp: testTime + 60.5 })],
    ["P13 a life of 100 years", "lifetime_excessive", set({ exp: testTime + 3_153_600_000 })],
    ["P13 301 seconds", "lifetime_excessive", set({ exp: testTime + 301 })],
    ["P13 a begin long ago", "lifetime_excessive", set({ nbf: testTime - 300 })],
    ["P13 no iat", "claims_malformed", set({ iat: undefined })],
    ["P13 no nbf", "claims_malformed", set({ nbf: undefined })],
    ["P13 a future iat", "token_premature", set({ iat: testTime + 30 })],
    ["P13 a future nbf", "token_premature", set({ nbf: testTime + 30 })],
    ["P13 a past end", "token_expired", set({ exp: testTime })],
    ["P13 1e400", "claims_malformed", (claims) => JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e400')],
    ["P11 sub twice", "claims_malformed", twice("sub")],
    ["P11 scope twice", "claims_malformed", twice("scope")],
    ["P11 exp twice", "claims_malformed", twice("exp")],
    ["P12 __proto__", "claims_malformed", (claims) => JSON.stringify(claims).replace("{", '{"__proto__":{"a":1},')],
    ["P11 no JSON", "claims_malformed", (claims) => `${JSON.stringify(claims)} x`],
    ["P11 a list", "claims_malformed", (claims) => [claims]],
    ["P9 no actor", "chain_malformed", set({ act: undefined })],
    ["P9 an actor that is null", "chain_malformed", set({ act: null })],
    ["P6 an actor without issuer", "chain_malformed", set({ act: { sub: "a" } })],
    ["P6 an actor with more to say", "chain_malformed", set({ act: { ...other, roles: ["admin"] } })],
    ["P21 an actor that the depth does not count", "chain_malformed", set({ act: nested(2) })],
    [
      "P21 nine actors",
      "chain_malformed",
      (claims) => place({ depth: 9, max_depth: 9 })({ ...claims, act: nested(9) }),
    ],
    ["P21 forty actors", "claims_malformed", set({ act: nested(40) })],
    [
      "the same actor twice",
      "chain_malformed",
      (claims) => place({ depth: 2, max_depth: 2 })({ ...claims, act: { ...other, act: other } }),
    ],
    ["no delegation", "chain_malformed", set({ delegation: undefined })],
    ["another version of it", "chain_malformed", place({ v: 2 })],
    ["a depth of none", "chain_malformed", place({ depth: 0 })],
    ["a depth as text", "chain_malformed", place({ depth: "1" })],
    ["a depth beyond its bound", "chain_malformed", place({ max_depth: 0 })],
    ["a bound beyond ours", "chain_malformed", place({ max_depth: 9 })],
    ["no grant", "chain_malformed", place({ grant_id: undefined })],
    ["no lineage", "chain_malformed", place({ lineage: undefined })],
    ["a lineage as text", "chain_malformed", place({ lineage: "g-0" })],
    ["more ancestors than actors", "chain_malformed", place({ lineage: ["g-0"] })],
    ["a member that nobody knows", "chain_malformed", place({ widened: true })],
    ["P27 may_act as text", "chain_malformed", set({ may_act: "anyone" })],
    ["P27 may_act that names nobody", "chain_malformed", set({ may_act: {} })],
    ["P27 a wrong list of next actors", "chain_malformed", place({ may_act: [{}] })],
    ["P29 no scope", "claims_malformed", set({ scope: undefined })],
    ["P29 nothing granted", "claims_malformed", set({ scope: "" })],
    ["P29 a leading space", "claims_malformed", set({ scope: " flights:book" })],
    ["P29 two spaces", "claims_malformed", set({ scope: "flights:book  flights:search" })],
    ["P29 the same twice", "claims_malformed", set({ scope: "flights:book flights:book" })],
    ["P29 a look-alike", "claims_malformed", set({ scope: "flights:bооk" })],
    ["P25 a list", "claims_malformed", set({ scope: ["flights:book"] })],
    ["P25 roles as text", "claims_malformed", set({ roles: "admin" })],
    ["no roles in a list", "claims_malformed", set({ roles: [] })],
    ["the same role twice", "claims_malformed", set({ roles: ["a", "a"] })],
    ["P8 another sub than sub_id", "claims_malformed", set({ sub: "mallory" })],
    ["no sub_id", "claims_malformed", set({ sub_id: undefined })],
    ["no client", "claims_malformed", set({ client_id: undefined })],
    ["no jti", "claims_malformed", set({ jti: undefined })],
    ["no txn", "claims_malformed", set({ txn: undefined })],
    ["no decision", "claims_malformed", set({ decision_id: undefined })],
    ["no policy", "claims_malformed", set({ policy: undefined })],
    ["a key-bound token shown as bearer", "proof_unsupported", set({ cnf: { jkt: "0ZcOCORZNYy" } })],
    ["details of another type", "claims_malformed", limited({ type: "payment" })],
    ["details for elsewhere too", "claims_malformed", limited({ locations: [flights, "https://hotels.example"] })],
    ["details for nowhere", "claims_malformed", limited({ locations: undefined })],
    ["details of nothing", "claims_malformed", limited({ actions: [] })],
    ["details with an unknown member", "claims_malformed", limited({ privileges: ["admin"] })],
    ["details with an unknown constraint", "claims_malformed", limited({ constraints: { when: {} } })],
    ["details that are empty", "claims_malformed", set({ authorization_details: [] })],
    ["details that are an object", "claims_malformed", set({ authorization_details: detail })],
    ["only limited permissions", "permission_limited", limited({})],
    ["only counted permissions", "permission_limited", limited({ limits: { id: "L1", max_calls: 1 } })],
  ];

  test("as minted, and signed anew, are accepted", async () => {
    const forger = await createForger();
    expect(await codeOf(forger.token, forger)).toBe("accepted");
    expect(await codeOf(forger.sign(forger.header, forger.claims), forger)).toBe("accepted");
  });

  test.each(cases)("%s: %s", async (_what, code, change) => {
    const forger = await createForger();
    expect(await codeOf(forger.sign(forger.header, change(forger.claims)), forger)).toBe(code);
  });

  test("every claim but the optional ones is needed", async () => {
    const forger = await createForger();
    const optional = ["roles"];
    const names = Object.keys(forger.claims);
    expect(names.length).toBeGreaterThan(14);
    for (const name of names.filter((one) => !optional.includes(one))) {
      for (const value of [undefined, null, true, 7, "", [], {}]) {
        const shown = forger.sign(forger.header, changed(forger.claims, { [name]: value }));
        expect(await codeOf(shown, forger), `${name} as ${JSON.stringify(value)}`).not.toBe("accepted");
      }
    }
  });
});

test("after any one bit has changed the token is refused", async () => {
  const forger = await createForger();
  const segments = forger.token.split(".").map((segment) => Buffer.from(segment, "base64url"));
  let tried = 0;
  for (const [at, segment] of segments.entries()) {
    for (let byte = 0; byte < segment.length; byte += 5) {
      const forged = segments.map((one) => Buffer.from(one));
      forged[at]?.writeUInt8(segment.readUInt8(byte) ^ (1 << (byte % 8)), byte);
      expect(await codeOf(forged.map((one) => one.toString("base64url")).join("."), forger)).not.toBe("accepted");
      tried += 1;
    }
  }
  expect(tried).toBeGreaterThan(120);
});

test("P21: ten thousand actors are refused at once, by size", async () => {
  const forger = await createForger();
  const act = `${'{"iss":"i","sub":"s","act":'.repeat(10_000)}{}${"}".repeat(10_000)}`;
  const text = JSON.stringify(forger.claims).replace(/"act":\{[^}]*\}/, () => `"act":${act}`);
  expect(await codeOf(forger.sign(forger.header, text), forger)).toBe("token_malformed");
});

test("P33: an error says its code and its text, and nothing of the token", async () => {
  const forger = await createForger();
  const wrong = { ...options, keys: forger.keys, audience: "https://hotels.example" };
  const cause: unknown = await verifyRoleToken(forger.token, wrong).catch((error: unknown) => error);
  expect(cause).toMatchObject({
    name: "RoleTokenError",
    code: "audience_wrong",
    message: roleTokenErrors.audience_wrong,
  });
  expect(JSON.stringify([cause, String(cause)])).not.toMatch(/eyJ|alice|flights/);
});

describe("an option that is wrong stops the programmer, whatever the token", () => {
  test.each<[string, object]>([
    ["no issuer", { issuer: undefined }],
    ["an empty audience", { audience: "" }],
    ["several audiences", { audience: [flights] }],
    ["neither keys nor jwks", { keys: undefined }],
    ["both", { jwks: "https://chaperone.example/jwks" }],
    ["keys that are no set", { keys: { keys: "none" } }],
    ["a time that is none", { now: Number.NaN }],
    ["six seconds of tolerance", { clockToleranceSeconds: 6 }],
    ["less than none", { clockToleranceSeconds: -1 }],
    ["a tolerance that is no number", { clockToleranceSeconds: Number.NaN }],
    ["permissions as text", { requirePermissions: "flights:book" }],
    ["no permission in the list", { requirePermissions: [] }],
    ["a callback that is none", { use: true }],
    ["keys from a plain address elsewhere", { keys: undefined, jwks: "http://chaperone.example/jwks" }],
    ["keys from a file", { keys: undefined, jwks: "file:///keys.json" }],
  ])("%s", async (_what, parts) => {
    const forger = await createForger();
    expect(await codeOf(forger.token, forger, parts)).toBeInstanceOf(TypeError);
  });
});

describe("keys over HTTP", () => {
  async function publish(answer: RequestListener): Promise<{ jwks: string; fetched: () => number }> {
    let count = 0;
    const server = createServer((request, response) => {
      count += 1;
      answer(request, response);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP listener's address is an object.
    const { port } = server.address() as AddressInfo;
    return { jwks: `http://127.0.0.1:${port}/jwks`, fetched: () => count };
  }

  test("are fetched once for many tokens", async () => {
    const forger = await createForger();
    const { jwks, fetched } = await publish((_, response) => void response.end(JSON.stringify(forger.keys)));
    const codes = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(forger.token, forger, { keys: undefined, jwks })),
    );
    expect(new Set(codes)).toEqual(new Set(["accepted"]));
    expect(await codeOf(forger.token, forger, { keys: undefined, jwks })).toBe("accepted");
    expect(fetched()).toBe(1);
  });

  test.each<[string, RequestListener]>([
    ["fails", (_, response) => void response.writeHead(500).end()],
    ["redirects", (_, response) => void response.writeHead(302, { location: "https://evil.example/jwks" }).end()],
    ["answers with no key set", (_, response) => void response.end("<html>")],
    [
      "answers without end",
      (_, response) => {
        const more = (): void => {
          if (response.write("x".repeat(65_536))) setImmediate(more);
          else response.once("drain", more);
        };
        response.once("error", () => undefined);
        more();
      },
    ],
  ])("P18: an issuer that %s gives no keys, and is left alone for a while", async (_what, answer) => {
    const forger = await createForger();
    const { jwks, fetched } = await publish(answer);
    for (let tries = 0; tries < 20; tries += 1) {
      expect(await codeOf(forger.token, forger, { keys: undefined, jwks })).toBe("keys_unavailable");
    }
    expect(fetched()).toBe(1);
  });
});
