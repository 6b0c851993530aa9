/** What a token with a good signature must still keep: its times, its audience, its client and its real kind. */
import { bounds } from "../domain/bounds.ts";
import type { ShownTokenType } from "../domain/evidence.ts";
import { isJsonArray, type JsonObject, ownMember } from "../domain/json.ts";
import { Refusal } from "../domain/refusal.ts";
import type { TokenRules } from "./profiles/issuer-profile.ts";
import type { TokenShape } from "./profiles/profile-table.ts";
import { readNumericDate, readString } from "./read-claims.ts";
import { type TokenUse, untrusted } from "./token-problem.ts";

/** `now` is epoch seconds. */
export interface Showing {
  readonly type: ShownTokenType;
  readonly use: TokenUse;
  readonly now: number;
}

/** The token's `exp`, epoch seconds. */
export function checkToken(claims: JsonObject, rules: TokenRules, showing: Showing): number | Refusal {
  const { shape } = rules;
  if (!isOfKind(claims, showing.type, shape)) return untrusted(showing.use, "kind");
  if (!isPinned(claims, showing.type, shape)) return untrusted(showing.use, "pin");
  if (shape.fetched.some((name) => Object.hasOwn(claims, name))) return untrusted(showing.use, "fetched");
  if (!isForAudience(claims, rules)) return untrusted(showing.use, "audience");
  // Bound to a key (RFC 7800), and nothing here proves that key: taken as a bearer token it could be a stolen one (DP-19).
  if (Object.hasOwn(claims, "cnf")) return untrusted(showing.use, "binding");
  const client = readClient(claims);
  if (client instanceof Refusal) return client;
  if (!isFromClient(client, rules, showing)) return untrusted(showing.use, "client");
  return checkTimes(claims, rules, showing);
}

/**
 * Where `typ` says only JWT, the claims tell an ID token from an access token (P2, TX-6): `typ` among them is
 * Keycloak's; `events` makes a security event or a logout of any token.
 */
function isOfKind(claims: JsonObject, type: ShownTokenType, { marks }: TokenShape): boolean {
  const carries = (names: readonly string[]) => names.some((name) => Object.hasOwn(claims, name));
  if (carries(["events"])) return false;
  const kind = ownMember(claims, "typ");
  switch (type) {
    case "access_token":
    case "jwt":
      return (kind === undefined || kind === "Bearer") && !carries(marks.idToken);
    case "id_token":
      return (kind === undefined || kind === "ID") && !carries(marks.accessToken);
  }
}

function isPinned(claims: JsonObject, type: ShownTokenType, { pins }: TokenShape): boolean {
  return pins.every(({ claim, values, types }) => {
    const value = ownMember(claims, claim);
    return !types.includes(type) || (typeof value === "string" && values.includes(value));
  });
}

function isForAudience(claims: JsonObject, { audiences, multipleAudiences, shape }: TokenRules): boolean {
  const value = ownMember(claims, "aud");
  const isByScopes = value === undefined && shape.addressedBy === "aud_or_scopes";
  const named = isByScopes ? readAddressees(claims) : isJsonArray(value) ? value : [value];
  if (named.length === 0 || named.length > bounds.setSizeMax) return false;
  const names = named.filter((name) => typeof name === "string");
  if (names.length < named.length || (names.length > 1 && multipleAudiences === "refuse")) return false;
  return audiences === undefined || names.some((name) => audiences.includes(name));
}

/** Whose scopes they are; names of OpenID Connect's own have no `/` and are nobody's. */
function readAddressees(claims: JsonObject): readonly string[] {
  const scope = ownMember(claims, "scope");
  const names = typeof scope === "string" ? scope.split(" ") : [];
  return [...new Set(names.filter((name) => name.includes("/")).map((name) => name.slice(0, name.lastIndexOf("/"))))];
}

function readClient(claims: JsonObject): string | undefined | Refusal {
  const named = readString(claims, "client_id");
  const authorized = readString(claims, "azp");
  if (named instanceof Refusal) return named;
  if (authorized instanceof Refusal) return authorized;
  if (named !== undefined && authorized !== undefined && named !== authorized) {
    return Refusal.because("claims_conflict");
  }
  return named ?? authorized;
}

/** An ID token need not name its client: it is for it, and the audience is pinned. */
function isFromClient(client: string | undefined, { clients }: TokenRules, { type }: Showing): boolean {
  if (clients.length === 0) return true;
  return client === undefined ? type === "id_token" : clients.includes(client);
}

function checkTimes(claims: JsonObject, rules: TokenRules, { now, use }: Showing): number | Refusal {
  const { leewaySeconds, lifetimeSecondsMax } = rules;
  const expiresAt = readNumericDate(claims, "exp");
  const issuedAt = readNumericDate(claims, "iat");
  const notBefore = readNumericDate(claims, "nbf");
  if (expiresAt instanceof Refusal) return expiresAt;
  if (issuedAt instanceof Refusal) return issuedAt;
  if (notBefore instanceof Refusal) return notBefore;
  if (expiresAt === undefined || issuedAt === undefined) return Refusal.because("claim_malformed");
  if (now >= expiresAt + leewaySeconds) return Refusal.because("claims_expired");
  if (now < Math.max(issuedAt, notBefore ?? 0) - leewaySeconds) return Refusal.because("claims_not_yet_valid");
  return expiresAt - issuedAt > lifetimeSecondsMax ? untrusted(use, "lifetime") : expiresAt;
}
