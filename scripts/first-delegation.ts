/**
 * Plays two identity providers and a client for docs/guides/first-delegation.md: keys that stay, and tokens that are new
 * each time. For trying only: real issuers keep their keys elsewhere.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type JWTPayload, SignJWT } from "jose";

const here = "http://localhost:8181";
const folder = join(".chaperone", "guide");

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [people, agents] = [loadIssuer("people"), loadIssuer("agents")];
  await write("alice.jwt", people, {
    iss: "https://people.example",
    sub: "alice",
    departments: ["Operations"],
    realm: { roles: ["Director"] },
    may_act: { iss: "https://idp.example", sub: "travel-planner" },
  });
  const agent = { iss: "https://idp.example" };
  await write("planner.jwt", agents, { ...agent, sub: "travel-planner", capabilities: "book_flight search_flights" });
  await write("searcher.jwt", agents, { ...agent, sub: "flight-search", capabilities: "search_flights" });
  writeClient();
}

interface FakeIssuer {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** Its public half is what Chaperone is configured with. */
function loadIssuer(name: string): FakeIssuer {
  const kid = `${name}-key`;
  const file = `${name}.private.pem`;
  if (existsSync(join(folder, file))) {
    return { kid, privateKey: createPrivateKey(readFileSync(join(folder, file))) };
  }
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  keep(file, privateKey.export({ type: "pkcs8", format: "pem" }));
  keep(`${name}.jwks.json`, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid, alg: "ES256" }] }));
  return { kid, privateKey };
}

async function write(file: string, { kid, privateKey }: FakeIssuer, claims: JWTPayload): Promise<void> {
  const token = await new SignJWT({ aud: here, ...claims })
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid })
    .setIssuedAt()
    .setExpirationTime("10m")
    .sign(privateKey);
  keep(file, token);
}

/** The secret as Chaperone reads it, and as curl does: on a command line others could read it. */
function writeClient(): void {
  const file = join(folder, "gateway.secret");
  if (existsSync(file)) return;
  const secret = randomBytes(32).toString("base64url");
  keep("gateway.secret", secret);
  keep("gateway.curl", `user = "agent-gateway:${secret}"\n`);
}

function keep(file: string, text: string): void {
  writeFileSync(join(folder, file), text, { mode: 0o600 });
  console.log(join(folder, file));
}

await main();
