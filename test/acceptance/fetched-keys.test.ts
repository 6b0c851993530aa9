/** A real `chaperone serve` whose issuers publish their keys on the web: it starts without them, and follows them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { expect, onTestFinished, test, vi } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { byPath, json, openKeyServer, silent } from "../fakes/key-server.ts";
import { here } from "../fakes/served-identities.ts";
import { makeFolder, operatorCredential, readRecords, serve, type ServedHouse } from "./served-house.ts";

const secret = "a-client-secret-for-tests-0123456789abc";
const accessToken = "urn:ietf:params:oauth:token-type:access_token";

async function createSigner(issuer: string, kid: string) {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" },
    sign: (claims: JWTPayload) =>
      new SignJWT({ iss: issuer, aud: here, ...claims })
        .setProtectedHeader({ alg: "ES256", kid, typ: "at+jwt" })
        .setIssuedAt()
        .setExpirationTime("5m")
        .sign(privateKey),
  };
}

const issuerSettings = (issuer: string, keys: string, use: string): string => `
    - { issuer: "${issuer}", ${keys}, algorithms: [ES256], audiences: ["${here}"], vouches_for: ${use},
        capabilities: { path: [capabilities], separator: space }, departments: { path: [departments] }, roles: { path: [roles] } }`;

function settingsOf(origin: string, folder: string): string {
  const secretFile = join(folder, "secret");
  writeFileSync(secretFile, secret);
  return `  - { name: exchange, address: "127.0.0.1:0", doors: [token], callers: open }
clients: [{ id: agent-gateway, authentication: secret_file, secret_file: ${secretFile} }]
identity:
  issuers:${issuerSettings("https://people.example", `jwks_url: "${origin}/people"`, "subjects")}${issuerSettings(`${origin}/agents`, "discovery: true", "actors")}
`;
}

async function exchange(house: ServedHouse, subject: string, actor: string): Promise<JsonObject> {
  const response = await fetch(`${house.url("exchange")}/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      client_id: "agent-gateway",
      client_secret: secret,
      subject_token: subject,
      subject_token_type: accessToken,
      actor_token: actor,
      actor_token_type: accessToken,
      resource: "https://flights.example/api",
    }),
  });
  const body: unknown = await response.json();
  return isJsonObject(body) ? { status: response.status, ...body } : {};
}

async function readStatus(house: ServedHouse): Promise<JsonObject> {
  const headers = { authorization: `Bearer ${operatorCredential}` };
  const status: unknown = await (await fetch(`${house.url("admin")}/admin/v1/status`, { headers })).json();
  return isJsonObject(status) ? status : {};
}

test("an issuer that does not answer holds up neither the start nor readiness; then its keys are followed", {
  timeout: 60_000,
}, async () => {
  const server = await openKeyServer(silent);
  const folder = makeFolder();
  onTestFinished(() => folder.remove());
  const house = await serve(folder.path, settingsOf(server.origin, folder.path));
  onTestFinished(() => house.kill());
  const codeOf = ({ decision_id: id }: JsonObject): unknown =>
    readRecords(join(folder.path, "state", "audit")).find((record) => record["decision_id"] === id)?.["code"];
  const logged = (event: string) =>
    vi.waitUntil(() => house.lines.filter((line) => line["event"] === event).length >= 2, { timeout: 20_000 });

  const people = await createSigner("https://people.example", "first");
  const agents = await createSigner(`${server.origin}/agents`, "agents");
  const mayAct = { iss: `${server.origin}/agents`, sub: "planner" };
  const claims = { sub: "alice", departments: ["Operations"], roles: ["Director"], may_act: mayAct };
  const actor = await agents.sign({ sub: "planner", capabilities: "book_flight" });

  // It listens while both issuers are silent, and says so where operators look.
  expect((await fetch(`${house.url("probe")}/readyz`)).status).toBe(200);
  await logged("issuer_keys_failed");
  expect(await exchange(house, await people.sign(claims), actor)).toMatchObject({
    status: 400,
    error: "invalid_request",
  });
  const [denied] = readRecords(join(folder.path, "state", "audit")).filter((record) => record["type"] === "decision");
  expect(denied).toMatchObject({ outcome: "deny", code: "issuer_keys_unavailable" });
  const ready = await fetch(`${house.url("probe")}/readyz`);
  expect([ready.status, await ready.json()]).toMatchObject([200, { ready: true, checks: { issuer_keys: false } }]);
  expect(await readStatus(house)).toMatchObject({
    issuer_keys: [
      { issuer: "https://people.example", location: `${server.origin}/people`, failure: { code: "timed_out" } },
      { issuer: `${server.origin}/agents`, failure: { code: "timed_out" } },
    ],
  });

  // It comes back by itself.
  const publish = (keys: readonly object[]) =>
    byPath({
      "/people": json({ keys }),
      "/agents/.well-known/openid-configuration": json({
        issuer: `${server.origin}/agents`,
        jwks_uri: `${server.origin}/certs`,
      }),
      "/certs": json({ keys: [agents.jwk] }),
    });
  server.answer = publish([people.jwk]);
  await logged("issuer_keys_activated");
  const token = await people.sign(claims);
  expect(await exchange(house, token, actor)).toMatchObject({ status: 200, token_type: "Bearer" });
  const metrics = await (await fetch(`${house.url("probe")}/metrics`)).text();
  expect(metrics).toContain('chaperone_issuer_keys_failing{issuer="https://people.example"} 0');

  // What the issuer takes back is refused, here after the operator's signal, by itself after the refresh.
  const next = await createSigner("https://people.example", "next");
  server.answer = publish([next.jwk]);
  house.process.kill("SIGHUP");
  const refused = await vi.waitUntil(
    async () => {
      const answer = await exchange(house, token, actor);
      return answer["status"] === 400 && answer;
    },
    { timeout: 10_000 },
  );
  expect(codeOf(refused)).toBe("evidence_untrusted");
  expect(await exchange(house, await next.sign(claims), actor)).toMatchObject({ status: 200 });

  // A request under way does not hold up the stop.
  server.answer = silent;
  const asked = server.asked.length;
  house.process.kill("SIGHUP");
  await server.reached(asked + 2);
  expect(await house.stop()).toBe(0);
});
