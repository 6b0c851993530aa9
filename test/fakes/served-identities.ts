/** Two identity providers and a client with real keys, as files that a served sidecar is configured with. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export const peopleIssuer = "https://people.example";
/** Of the parties that the shipped policy lets act next. */
export const agentsIssuer = "https://idp.example";
export const here = "http://localhost:8181";
export const clientKeyId = "client-key";

export interface ServedIdentities {
  readonly clientKey: CryptoKey;
  person(claims: JWTPayload): Promise<string>;
  agent(claims: JWTPayload): Promise<string>;
}

/** Writes `people.jwks.json`, `agents.jwks.json` and `gateway.jwks.json` into the folder. */
export async function makeIdentities(folder: string): Promise<ServedIdentities> {
  const [people, agents, client] = await Promise.all([
    makeKey(join(folder, "people.jwks.json"), "people-key"),
    makeKey(join(folder, "agents.jwks.json"), "agents-key"),
    makeKey(join(folder, "gateway.jwks.json"), clientKeyId),
  ]);
  return {
    clientKey: client,
    person: (claims) => issue(people, "people-key", { iss: peopleIssuer, ...claims }),
    agent: (claims) => issue(agents, "agents-key", { iss: agentsIssuer, ...claims }),
  };
}

async function makeKey(path: string, kid: string): Promise<CryptoKey> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  writeFileSync(path, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" }] }));
  return privateKey;
}

function issue(key: CryptoKey, kid: string, claims: JWTPayload): Promise<string> {
  const header = { alg: "ES256", kid, typ: "at+jwt" };
  return new SignJWT({ aud: here, ...claims })
    .setProtectedHeader(header)
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(key);
}
