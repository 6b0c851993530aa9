/**
 * The names of things, each its own type: a capability is not a permission, a decision id is not a grant id.
 * A branded value comes only from its `parse…` function here; nothing is trimmed, folded or repaired.
 */
import { bounds } from "./bounds.ts";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `iss`: compared byte for byte, never normalised as a URL (RFC 8414 §3.3). */
export type Issuer = Branded<"Issuer">;
/** `sub` of a person or a workload; unique only together with its {@link Issuer}. */
export type PartyId = Branded<"PartyId">;
/** `aud`: the one protected resource a token is for. */
export type Audience = Branded<"Audience">;
/** What an actor is able to do, e.g. `book_flight`. */
export type Capability = Branded<"Capability">;
/** What a role allows at one audience, e.g. `flights:book`; an RFC 6749 §3.3 scope token, never a pattern. */
export type Permission = Branded<"Permission">;
export type RoleName = Branded<"RoleName">;
export type DecisionId = Branded<"DecisionId">;
export type GrantId = Branded<"GrantId">;
/** `txn`: made at the first hop, copied verbatim afterwards. */
export type ChainId = Branded<"ChainId">;
/** `jti`. */
export type TokenId = Branded<"TokenId">;
/** `kid`: the RFC 7638 thumbprint of a signing key. */
export type KeyId = Branded<"KeyId">;
/** SHA-256 of a bundle, lower-case hex. */
export type Revision = Branded<"Revision">;
/** The authenticated caller of a door; for unnamed parties also the token's `client_id`. */
export type GatewayName = Branded<"GatewayName">;

/** Identifiers under this prefix are the sidecar's own; a foreign one is refused. */
export const ownPrefix = "urn:chaperone:";

// oxlint-disable-next-line no-control-regex -- control characters are what this refuses.
const printable = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]+$/u;
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const uriLike = /^[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+$/;
const reference = /^[A-Za-z0-9_.:-]+$/;
const sha256Hex = /^[0-9a-f]{64}$/;

function matching<Name extends string>(value: unknown, pattern: RegExp, lengthMax: number): Branded<Name> | undefined {
  return typeof value === "string" && value.length <= lengthMax && pattern.test(value) && value.isWellFormed()
    ? (value as Branded<Name>)
    : undefined;
}

export const parseIssuer = (value: unknown): Issuer | undefined => matching(value, uriLike, bounds.uriLengthMax);
export const parsePartyId = (value: unknown): PartyId | undefined => matching(value, printable, bounds.nameLengthMax);
export const parseAudience = (value: unknown): Audience | undefined => matching(value, uriLike, bounds.uriLengthMax);
export const parseCapability = (value: unknown): Capability | undefined =>
  matching(value, scopeToken, bounds.nameLengthMax);
export const parsePermission = (value: unknown): Permission | undefined =>
  matching(value, scopeToken, bounds.nameLengthMax);
export const parseRoleName = (value: unknown): RoleName | undefined =>
  matching(value, scopeToken, bounds.nameLengthMax);
export const parseDecisionId = (value: unknown): DecisionId | undefined => matching(value, reference, 64);
export const parseGrantId = (value: unknown): GrantId | undefined => matching(value, reference, 64);
export const parseChainId = (value: unknown): ChainId | undefined => matching(value, reference, 64);
export const parseTokenId = (value: unknown): TokenId | undefined => matching(value, reference, 64);
export const parseKeyId = (value: unknown): KeyId | undefined => matching(value, reference, 64);
export const parseRevision = (value: unknown): Revision | undefined => matching(value, sha256Hex, 64);
export const parseGatewayName = (value: unknown): GatewayName | undefined =>
  matching(value, printable, bounds.nameLengthMax);
