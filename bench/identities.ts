/** Two issuers with keys of their own, and the tokens of one person and one agent that are exchanged under load. */
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { exchanged } from "./systems/exchange.ts";

export interface Identities {
  readonly people: TokenIssuer;
  readonly agents: TokenIssuer;
  /** A form that exchanges a subject token and an actor token that nobody has seen before. */
  form(): string;
  /** As many of them, one a line. */
  writeForms(file: string, count: number): Promise<void>;
}

export interface TokenIssuer {
  readonly name: string;
  /** A JWK set file. */
  readonly keys: string;
  /** The same public key. */
  readonly pem: string;
  issue(claims: object): string;
}

/** Longer than any bench, and the longest that Chaperone takes as delivered. */
const lifetimeSeconds = 3600;

export async function createIdentities(folder: string): Promise<Identities> {
  const people = await createIssuer(folder, "people", "https://people.example");
  // Of the parties that the shipped policy lets act next.
  const agents = await createIssuer(folder, "agents", "https://idp.example");
  const form = (): string => renderForm(people, agents);
  return {
    people,
    agents,
    form,
    writeForms: async (file, count) => {
      const stream = createWriteStream(file);
      for (let at = 0; at < count; at++) stream.write(`${form()}\n`);
      stream.end();
      await finished(stream);
    },
  };
}

function renderForm(people: TokenIssuer, agents: TokenIssuer): string {
  const agent = { iss: agents.name, sub: "travel-planner" };
  const person = { sub: "alice", departments: ["Operations"], roles: ["Director"], may_act: agent };
  return new URLSearchParams({
    grant_type: exchanged.grantType,
    subject_token: people.issue(person),
    subject_token_type: exchanged.tokenType,
    actor_token: agents.issue({ sub: agent.sub, capabilities: "book_flight" }),
    actor_token_type: exchanged.tokenType,
    resource: exchanged.audience,
  }).toString();
}

export async function createIssuer(folder: string, keyId: string, name: string): Promise<TokenIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keys = join(folder, `${keyId}.jwks.json`);
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: keyId, alg: "ES256", use: "sig" };
  await writeFile(keys, JSON.stringify({ keys: [jwk] }));
  const header = encode({ alg: "ES256", typ: "at+jwt", kid: keyId });
  return {
    name,
    keys,
    pem: publicKey.export({ format: "pem", type: "spki" }),
    issue: (claims) => {
      const now = Math.floor(Date.now() / 1000);
      const times = { iat: now, exp: now + lifetimeSeconds };
      const payload = encode({ iss: name, aud: exchanged.issuer, jti: randomUUID(), ...times, ...claims });
      const signed = Buffer.from(`${header}.${payload}`);
      const signature = sign("sha256", signed, { key: privateKey, dsaEncoding: "ieee-p1363" });
      return `${header}.${payload}.${signature.toString("base64url")}`;
    },
  };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
