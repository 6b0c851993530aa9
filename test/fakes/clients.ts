/** Clients of a token endpoint, one of each kind, authenticated by the real room. */
import { type CryptoKey, exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import { parsePartyId } from "../../src/domain/identifiers.ts";
import { type ClientOptions, createClientAuthenticator } from "../../src/identity/index.ts";
import { replayGuards } from "../../src/ledger/index.ts";
import type { ClientAuthenticator } from "../../src/ports/client-authenticator.ts";
import type { ReplayGuard } from "../../src/ports/replay-guard.ts";
import { known, ownIssuer, testTime } from "./path-ports.ts";

export const clientSecret = "a+secret/of:the%test & of 32 characters";
export const tokenEndpoint = "http://localhost:8181/oauth2/token";
export const certificateName = "URI:spiffe://mesh.example/ns/edge/sa/gateway";

const keyPair = await generateKeyPair("ES256", { extractable: true });
export const clientKey: CryptoKey = keyPair.privateKey;
const publicJwk = await exportJWK(keyPair.publicKey);

export const testClients: readonly ClientOptions[] = [
  { ...party("with-secret"), authentication: { kind: "secret", secret: clientSecret } },
  {
    ...party("with-keys"),
    authentication: {
      kind: "private_key_jwt",
      jwks: { keys: [{ kty: "EC", crv: "P-256", x: known(publicJwk.x), y: known(publicJwk.y), kid: "c1" }] },
    },
  },
  { ...party("with-certificate"), authentication: { kind: "certificate", name: certificateName } },
  { ...party("vouched-for"), authentication: { kind: "vouched" } },
];

function party(id: string): Pick<ClientOptions, "id" | "issuer"> {
  return { id: known(parsePartyId(id)), issuer: ownIssuer };
}

/** Started long before the test's time, unless told otherwise. */
export function createTestGuard(startedAt: number = testTime - 1000): ReplayGuard {
  return replayGuards.memory({ clock: { read: () => ({ epochSeconds: startedAt, isReliable: true }) } });
}

export function createTestClients(guard: ReplayGuard = createTestGuard()): ClientAuthenticator {
  return createClientAuthenticator({ clients: testClients, audiences: [ownIssuer, tokenEndpoint] }, guard);
}

/** What is good, changed as told; a claim that is undefined is left out. */
export interface AssertionChanges {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Partial<JWTHeaderParameters>;
  readonly key?: CryptoKey | Uint8Array;
}

export function signAssertion({ claims, header, key = clientKey }: AssertionChanges = {}): Promise<string> {
  const payload: JWTPayload = {
    iss: "with-keys",
    sub: "with-keys",
    aud: ownIssuer,
    jti: crypto.randomUUID(),
    iat: testTime,
    exp: testTime + 60,
    ...claims,
  };
  return new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid: "c1", ...header }).sign(key);
}
