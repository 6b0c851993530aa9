/** A role token as a resource server meets it: judged by two independent libraries, and refused for everything else. */
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JWTVerifyOptions, jwtVerify } from "jose";
import { allowInsecureRequests, type AuthorizationServer, clockSkew, validateJwtAccessToken } from "oauth4webapi";
import { describe, expect, onTestFinished, test } from "vitest";
import { ExactSet } from "../../src/domain/exact-set.ts";
import { parseAudience, parseIssuer, parsePartyId, parsePermission } from "../../src/domain/identifiers.ts";
import { Fault } from "../../src/domain/refusal.ts";
import type { TokenRoom } from "../../src/tokens/index.ts";
import { grantOf } from "../fakes/grants.ts";
import { flights, known, testTime } from "../fakes/path-ports.ts";
import { createTokenWorld, defaultOptions, developmentOptions, mint, openRoom } from "../fakes/token-world.ts";

const keysOf = (room: TokenRoom, now: number) =>
  createLocalJWKSet({ keys: room.keys.publicKeys(now).map((key) => ({ ...key })) });
const expected = {
  issuer: defaultOptions.issuer,
  audience: flights,
  typ: "at+jwt",
  algorithms: ["ES256"],
  currentDate: new Date(testTime * 1000),
  requiredClaims: ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"],
} satisfies JWTVerifyOptions;

async function openAtTestTime(): Promise<{ room: TokenRoom; token: string }> {
  const room = await openRoom(await developmentOptions());
  return { room, token: await mint(room, testTime, { expiresAt: testTime + 60 }) };
}

describe("jose", () => {
  test("verifies the token with the published keys, and reads the grant in it", async () => {
    const { room, token } = await openAtTestTime();
    const { payload, protectedHeader } = await jwtVerify(token, keysOf(room, testTime), expected);
    expect(protectedHeader).toEqual({ typ: "at+jwt", alg: "ES256", kid: room.state().active?.kid });
    const { jti, ...claims } = payload;
    expect(jti).toMatch(/^t-[A-Za-z0-9_-]{22}$/);
    expect(claims).toEqual({
      iss: "http://localhost:8181",
      aud: flights,
      sub: "alice",
      sub_id: { format: "iss_sub", iss: "https://vault.example/v1/identity", sub: "alice" },
      client_id: "travel-agent",
      act: { iss: "https://vault.example/v1/identity", sub: "travel-agent", sub_profile: "ai_agent" },
      iat: testTime,
      nbf: testTime,
      exp: testTime + 60,
      txn: "c-1",
      scope: "flights:book flights:search",
      roles: ["flight-booker"],
      delegation: { v: 1, grant_id: "g-1", lineage: [], depth: 1, max_depth: 1 },
      policy: { id: "chaperone", revision: "a".repeat(64) },
      decision_id: "d-1",
    });
  });

  test.each<[string, JWTVerifyOptions]>([
    ["another audience", { audience: "https://hotels.example/api" }],
    ["the audience with a slash more", { audience: `${flights}/` }],
    ["another issuer", { issuer: "http://localhost:8182" }],
    ["a generic typ", { typ: "JWT" }],
    ["the typ of a transaction token", { typ: "txntoken+jwt" }],
    ["another algorithm", { algorithms: ["EdDSA", "RS256", "HS256"] }],
    ["the second at which it ends", { currentDate: new Date((testTime + 60) * 1000) }],
    ["the second before it begins", { currentDate: new Date((testTime - 1) * 1000) }],
  ])("refuses it for %s", async (_what, other) => {
    const { room, token } = await openAtTestTime();
    await expect(jwtVerify(token, keysOf(room, testTime), { ...expected, ...other })).rejects.toThrow();
  });

  test("refuses it after any one bit of it has changed", async () => {
    const { room, token } = await openAtTestTime();
    const keys = keysOf(room, testTime);
    const segments = token.split(".").map((segment) => Buffer.from(segment, "base64url"));
    let tried = 0;
    for (const [at, segment] of segments.entries()) {
      for (let byte = 0; byte < segment.length; byte += 3) {
        const changed = segments.map((one) => Buffer.from(one));
        changed[at]?.writeUInt8(segment.readUInt8(byte) ^ (1 << (byte % 8)), byte);
        const forged = changed.map((one) => one.toString("base64url")).join(".");
        await expect(jwtVerify(forged, keys, expected), `segment ${at}, byte ${byte}`).rejects.toThrow();
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(250);
  });

  test("refuses a token of another sidecar's development key", async () => {
    const { token } = await openAtTestTime();
    const { room: other } = await openAtTestTime();
    await expect(jwtVerify(token, keysOf(other, testTime), expected)).rejects.toThrow(/no applicable key/);
  });

  test("refuses forgeries that need no key: none, and HMAC with the public key", async () => {
    const { room, token } = await openAtTestTime();
    const [, payload] = token.split(".");
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const [published] = room.keys.publicKeys(testTime);
    for (const alg of ["none", "noNE", "HS256"]) {
      const input = `${encode({ typ: "at+jwt", alg, kid: published?.kid })}.${payload}`;
      const mac =
        alg === "HS256" ? createHmac("sha256", JSON.stringify(published)).update(input).digest("base64url") : "";
      await expect(jwtVerify(`${input}.${mac}`, keysOf(room, testTime), expected), alg).rejects.toThrow();
    }
  });

  test("verifies an EdDSA token, and not as ES256", async () => {
    const room = await openRoom(await developmentOptions({ algorithm: "EdDSA" }));
    const token = await mint(room, testTime);
    const eddsa = { ...expected, algorithms: ["EdDSA"] };
    await expect(jwtVerify(token, keysOf(room, testTime), eddsa)).resolves.toBeDefined();
    await expect(jwtVerify(token, keysOf(room, testTime), expected)).rejects.toThrow();
  });
});

describe("oauth4webapi, with the JWKS over HTTP", () => {
  async function publish(): Promise<{ room: TokenRoom; token: string; server: AuthorizationServer }> {
    const now = Math.floor(Date.now() / 1000);
    const room = await openRoom(await developmentOptions(), createTokenWorld(now));
    const listener = createServer((_request, response) => {
      response.setHeader("content-type", "application/jwk-set+json");
      response.end(JSON.stringify({ keys: room.keys.publicKeys(now) }));
    });
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void listener.close());
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP listener's address is an object.
    const { port } = listener.address() as AddressInfo;
    const server = { issuer: room.issuer, jwks_uri: `http://127.0.0.1:${port}/jwks` };
    return { room, token: await mint(room, now, { expiresAt: now + 60 }), server };
  }
  const show = (token: string): Request => new Request(flights, { headers: { authorization: `Bearer ${token}` } });
  const options = { [allowInsecureRequests]: true, signingAlgorithms: ["ES256"] };

  test("accepts it as an RFC 9068 access token", async () => {
    const { token, server } = await publish();
    const claims = await validateJwtAccessToken(server, show(token), flights, options);
    expect(claims).toMatchObject({ sub: "alice", client_id: "travel-agent", scope: "flights:book flights:search" });
  });

  test("refuses it for another audience, issuer, algorithm, and after its end", async () => {
    const { token, server } = await publish();
    const other = { ...server, issuer: "http://localhost:9999" };
    await expect(validateJwtAccessToken(server, show(token), "https://hotels.example", options)).rejects.toThrow();
    await expect(validateJwtAccessToken(other, show(token), flights, options)).rejects.toThrow();
    const onlyEdDSA = { ...options, signingAlgorithms: ["EdDSA"] };
    await expect(validateJwtAccessToken(server, show(token), flights, onlyEdDSA)).rejects.toThrow();
    const minuteLater = { ...options, [clockSkew]: 100 };
    await expect(validateJwtAccessToken(server, show(token), flights, minuteLater)).rejects.toThrow();
  });
});

describe("what the token says", () => {
  const read = async (parts: Parameters<typeof grantOf>[0]) =>
    decodeJwt(await mint(await openRoom(await developmentOptions()), testTime, parts));
  const party = (name: string) => ({
    id: known(parsePartyId(name)),
    issuer: known(parseIssuer("https://idp.example")),
  });

  test("nests the actors: the current one outermost, the first one innermost", async () => {
    const { act } = await read({ inner: [party("first"), party("second")], depth: 3, depthMax: 3 });
    const iss = "https://idp.example";
    expect(act).toEqual({
      iss: "https://vault.example/v1/identity",
      sub: "travel-agent",
      sub_profile: "ai_agent",
      act: { iss, sub: "second", act: { iss, sub: "first" } },
    });
  });

  test("names no role that the target may not read", async () => {
    expect(await read({ isRoleNamed: false })).not.toHaveProperty("roles");
  });

  test("leaves out authorization_details while there are none", async () => {
    expect(await read({})).not.toHaveProperty("authorization_details");
  });

  test("names the one next actor in may_act, as RFC 8693 has it", async () => {
    const next = party("sub-agent");
    const audiences = [known(parseAudience("https://hotels.example"))];
    const claims = await read({ depthMax: 2, delegation: { mayAct: [next], audiences, depthMax: 2 } });
    expect(claims["may_act"]).toEqual({ iss: next.issuer, sub: next.id });
    expect(claims["delegation"]).toMatchObject({ depth: 1, max_depth: 2, audiences });
  });

  test("keeps several next actors out of may_act, which is one object, and lists them as its own", async () => {
    const mayAct = [party("one"), party("two")];
    const claims = await read({ depthMax: 2, delegation: { mayAct, audiences: [], depthMax: 2 } });
    expect(claims).not.toHaveProperty("may_act");
    const iss = "https://idp.example";
    expect(claims["delegation"]).toMatchObject({
      audiences: [],
      may_act: [
        { iss, sub: "one" },
        { iss, sub: "two" },
      ],
    });
  });

  test("names nobody as next in a chain that ends here", async () => {
    const claims = await read({});
    expect(claims).not.toHaveProperty("may_act");
    expect(claims["delegation"]).not.toHaveProperty("audiences");
  });

  test("carries no other header member", async () => {
    const { token } = await openAtTestTime();
    expect(Object.keys(decodeProtectedHeader(token))).toEqual(["typ", "alg", "kid"]);
  });
});

describe("a grant that no token may carry is not minted", () => {
  test.each([
    ["an end before its beginning", { expiresAt: testTime - 1 }],
    ["no life at all", { expiresAt: testTime }],
    ["a life beyond 300 seconds", { expiresAt: testTime + 301 }],
    ["an end that never comes", { expiresAt: Infinity }],
    ["a fraction of a second", { expiresAt: testTime + 0.5 }],
    ["a depth that is not its chain's", { depth: 2, depthMax: 2 }],
    ["a depth beyond its own bound", { depth: 1, depthMax: 0 }],
    ["a bound beyond ours", { depthMax: 9 }],
    ["no permission", { permissions: ExactSet.of<never>([]) }],
  ])("%s", async (_what, parts) => {
    const { room } = await openAtTestTime();
    expect(() => room.minter.prepare(grantOf(parts))).toThrow(Fault);
    expect(() => room.minter.prepare(grantOf(parts))).toThrow(/mint_failed/);
  });

  test("more permissions than a header carries", async () => {
    const { room } = await openAtTestTime();
    const names = Array.from({ length: 256 }, (_, index) => known(parsePermission(`${index}:${"x".repeat(200)}`)));
    expect(() => room.minter.prepare(grantOf({ permissions: ExactSet.of(names) }))).toThrow(/too large/);
  });
});
