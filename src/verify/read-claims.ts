/** The claims of a role token whose signature is the issuer's: for us, now, and of the one form that is minted. */
import {
  parseChainId,
  parseDecisionId,
  parseIssuer,
  parsePartyId,
  parseRevision,
  parseRoleName,
  parseTokenId,
} from "../domain/identifiers.ts";
import { bounds } from "../domain/bounds.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember, unknownMember } from "../domain/json.ts";
import { readChain } from "./read-chain.ts";
import { readDetails, readScope } from "./read-permissions.ts";
import { RoleTokenError } from "./role-token-error.ts";
import type { Party, RoleToken, RoleTokenExpectations } from "./role-token.ts";

export function readClaims(claims: JsonObject, expected: RoleTokenExpectations): RoleToken {
  if (ownMember(claims, "iss") !== expected.issuer) throw new RoleTokenError("issuer_wrong");
  if (ownMember(claims, "aud") !== expected.audience) throw new RoleTokenError("audience_wrong");
  const expiresAt = checkTimes(claims, expected);
  if (Object.hasOwn(claims, "cnf")) throw new RoleTokenError("proof_unsupported");
  const subject = readSubject(claims);
  const permissions = readScope(ownMember(claims, "scope"));
  const details = readDetails(ownMember(claims, "authorization_details"), expected.audience);
  if (permissions.length + details.length === 0) throw new RoleTokenError("claims_malformed");
  needed(parsePartyId(ownMember(claims, "client_id")));
  needed(parseTokenId(ownMember(claims, "jti")));
  checkPolicy(ownMember(claims, "policy"));
  return {
    subject,
    ...readChain(claims, subject),
    permissions,
    roles: readRoles(ownMember(claims, "roles")),
    details,
    chainId: needed(parseChainId(ownMember(claims, "txn"))),
    expiresAt,
    decisionId: needed(parseDecisionId(ownMember(claims, "decision_id"))),
  };
}

/** Every comparison is stated as what must hold, so that no odd number slips through. */
function checkTimes(claims: JsonObject, { now, clockToleranceSeconds = 0 }: RoleTokenExpectations): number {
  const at = now ?? Date.now() / 1000;
  const [iat, nbf, exp] = ["iat", "nbf", "exp"].map((name) => ownMember(claims, name));
  if (!isTime(iat) || !isTime(nbf) || !isTime(exp)) throw new RoleTokenError("claims_malformed");
  if (!(at < exp + clockToleranceSeconds)) throw new RoleTokenError("token_expired");
  if (!(Math.max(iat, nbf) <= at + clockToleranceSeconds)) throw new RoleTokenError("token_premature");
  // Both ends are the issuer's own arithmetic, so no tolerance between two clocks belongs here.
  const lifetime = exp - Math.min(iat, nbf);
  if (!(lifetime >= 1 && lifetime <= bounds.lifetimeSecondsMax)) throw new RoleTokenError("lifetime_excessive");
  return exp;
}

function isTime(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** `sub` and `sub_id` name the same person, the latter with the issuer (RFC 9493 §3.2.3). */
function readSubject(claims: JsonObject): Party {
  const id = needed(parsePartyId(ownMember(claims, "sub")));
  const value = ownMember(claims, "sub_id");
  const isOurs = isJsonObject(value) && unknownMember(value, ["format", "iss", "sub"]) === undefined;
  if (!isOurs || value["format"] !== "iss_sub" || value["sub"] !== id) throw new RoleTokenError("claims_malformed");
  return { issuer: needed(parseIssuer(value["iss"])), id };
}

function readRoles(value: Json | undefined): readonly string[] {
  if (value === undefined) return [];
  if (!isJsonArray(value) || value.length === 0 || value.length > bounds.setSizeMax) {
    throw new RoleTokenError("claims_malformed");
  }
  const roles = value.map((name) => needed(parseRoleName(name)));
  if (new Set(roles).size !== roles.length) throw new RoleTokenError("claims_malformed");
  return roles;
}

function checkPolicy(value: Json | undefined): void {
  const isNamed = isJsonObject(value) && typeof value["id"] === "string";
  if (!isNamed || parseRevision(value["revision"]) === undefined) throw new RoleTokenError("claims_malformed");
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new RoleTokenError("claims_malformed");
  return value;
}
