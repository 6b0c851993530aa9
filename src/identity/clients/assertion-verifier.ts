/**
 * A client's own JWT (RFC 7523 §3, JB-9): about nobody but itself, for nobody but us, short-lived and used once.
 */
import { type Issuer, parseIssuer } from "../../domain/identifiers.ts";
import { isJsonArray, type JsonObject, ownMember } from "../../domain/json.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { AssertionUse, ReplayGuard } from "../../ports/replay-guard.ts";
import type { IssuerKeys } from "../keys/issuer-keys.ts";
import { isSignatureAlgorithm, isSignedWith, type SignatureAlgorithm } from "../keys/signature-algorithm.ts";
import { identityLimits } from "../limits.ts";
import { readNumericDate } from "../read-claims.ts";
import { type ReadToken, readToken } from "../read-token.ts";
import { clientLimits } from "./limits.ts";

/** RFC 8414 `token_endpoint_auth_signing_alg_values_supported`. */
export const assertionAlgorithms: readonly SignatureAlgorithm[] = ["ES256", "EdDSA", "Ed25519", "PS256", "RS256"];

/** rfc7523bis gives assertions a `typ` of their own; an access token's is never one. */
const assertionKinds: readonly string[] = ["absent", "jwt", "client-authentication+jwt"];

export interface AssertionRules {
  readonly audiences: readonly string[];
  readonly replayGuard: ReplayGuard;
  /** The keys of the client with this identifier, when it has any. */
  keysOf(client: Issuer): IssuerKeys | undefined;
}

/** The client that made the assertion, or undefined. It counts once, whatever becomes of the request. */
export async function verifyAssertion(
  compact: string,
  now: number,
  rules: AssertionRules,
): Promise<Issuer | undefined> {
  // Whoever can reach the endpoint can make us read one.
  if (compact.length > identityLimits.tokenBytesMax) return undefined;
  const token = readToken(compact);
  if (token === undefined || !assertionKinds.includes(token.kind)) return undefined;
  const client = parseIssuer(ownMember(token.claims, "iss"));
  if (client === undefined || ownMember(token.claims, "sub") !== client) return undefined;
  const isSigned = await isSignedBy(rules.keysOf(client), token, now);
  if (!isSigned || !isForUs(token.claims, rules.audiences)) return undefined;
  const use = readUse(token.claims, client, now);
  return use !== undefined && (await rules.replayGuard.isFirstUse(use)) ? client : undefined;
}

async function isSignedBy(keys: IssuerKeys | undefined, token: ReadToken, now: number): Promise<boolean> {
  const { algorithm, keyId } = token;
  if (!isSignatureAlgorithm(algorithm) || !assertionAlgorithms.includes(algorithm)) return false;
  const key = await keys?.find(keyId, algorithm, now);
  return key !== undefined && isSignedWith(key, algorithm, token);
}

/** One audience and no other: a server that is named beside us could show it here (P4). */
function isForUs(claims: JsonObject, audiences: readonly string[]): boolean {
  const value = ownMember(claims, "aud");
  const [audience, ...others] = isJsonArray(value) ? value : [value];
  return typeof audience === "string" && others.length === 0 && audiences.includes(audience);
}

function readUse(claims: JsonObject, issuer: Issuer, now: number): AssertionUse | undefined {
  const id = ownMember(claims, "jti");
  const issuedAt = readNumericDate(claims, "iat");
  const expiresAt = readNumericDate(claims, "exp");
  const notBefore = readNumericDate(claims, "nbf");
  if (typeof id !== "string" || id === "" || id.length > clientLimits.assertionIdLengthMax) return undefined;
  if (typeof issuedAt !== "number" || typeof expiresAt !== "number" || notBefore instanceof Refusal) return undefined;
  const soonest = now + clientLimits.clockLeadSecondsMax;
  if (now >= expiresAt || expiresAt > now + clientLimits.assertionSecondsMax) return undefined;
  if (Math.max(issuedAt, notBefore ?? 0) > soonest) return undefined;
  // A client's clock may run ahead, so the assertion can be that much older than it says; a restart must not believe it.
  return { issuer, id, issuedAt: issuedAt - clientLimits.clockLeadSecondsMax, expiresAt };
}
