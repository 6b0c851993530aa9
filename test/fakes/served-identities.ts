/** Two identity providers and a client with real keys, as files that a served sidecar is configured with. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";

export const peopleIssuer = "https://people.example";
/** Of the parties that the shipped policy lets act next. */
export const agentsIssuer = "https://idp.example";
export const here = "http://localhost:8181";
export const clientKeyId = "client-key";

type Claims = Readonly<Record<string, unknown>>;

export interface ServedIdentities {
  readonly clientKey: CryptoKey;
  /** Claims stand as given; `undefined` takes one out. */
  person(claims: Claims): Promise<string>;
  agent(claims: Claims): Promise<string>;
}

/** Writes `people.jwks.json`, `agents.jwks.json` and `gateway.jwks.json` into the folder; tokens are for `audience`. */
export async function makeIdentities(folder: string, audience: string = here): Promise<ServedIdentities> {
  const [people, agents, client] = await Promise.all([
    makeKey(join(folder, "people.jwks.json"), "people-key"),
    makeKey(join(folder, "agents.jwks.json"), "agents-key"),
    makeKey(join(folder, "gateway.jwks.json"), clientKeyId),
  ]);
  return {
    clientKey: client,
    person: (claims) => issue(people, "people-key", { iss: peopleIssuer, aud: audience, ...claims }),
    agent: (claims) => issue(agents, "agents-key", { iss: agentsIssuer, aud: audience, ...claims }),
  };
}

/** The two issuers whose key sets are in the folder, as docs/doors/token.md has them. */
export function issuerSettings(folder: string, audience: string = here): string {
  const verified = (name: string): string =>
    `jwks_file: "${folder}/${name}.jwks.json", algorithms: [ES256], audiences: ["${audience}"]`;
  return `identity:
  issuers:
    - { issuer: "${peopleIssuer}", ${verified("people")}, vouches_for: subjects, departments: { path: [departments] }, roles: { path: [realm, roles] } }
    - { issuer: "${agentsIssuer}", ${verified("agents")}, vouches_for: actors, capabilities: { path: [capabilities], separator: space } }`;
}

async function makeKey(path: string, kid: string): Promise<CryptoKey> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  writeFileSync(path, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" }] }));
  return privateKey;
}

function issue(key: CryptoKey, kid: string, claims: Claims): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iat: now, exp: now + 300, ...claims })
    .setProtectedHeader({ alg: "ES256", kid, typ: "at+jwt" })
    .sign(key);
}

/**
 * What was issued before the start is refused, and a client's clock may run 5 s ahead: so does a test's client, from the
 * next second on.
 */
export async function nextSecond(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1005 - (Date.now() % 1000)));
}
