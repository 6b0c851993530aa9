/**
 * What a token endpoint says when it issues nothing: the OAuth error and a sentence that is the same for everybody.
 * Why exactly stands on record, behind the `decision_id`; the client learns neither policy, claims nor which token failed.
 */
import type { Deny } from "../domain/decision.ts";
import type { DenialCode } from "../domain/refusal.ts";

/** RFC 6749 §5.2, RFC 8693 §2.2.2 (`invalid_target`), RFC 9396 §5. The text is the whole `error_description`. */
export const tokenErrors = {
  invalid_request: "The request cannot be answered with a token.",
  invalid_client: "The client did not prove who it is.",
  invalid_grant: "The assertion cannot be answered with a token.",
  unsupported_grant_type: "This endpoint does not serve that grant type.",
  invalid_scope: "Not all that is asked can be granted.",
  invalid_target: "A token is for exactly one target, and not for that one.",
  invalid_authorization_details: "The authorization details are not of a type and shape that is served here.",
} as const;

export type TokenErrorCode = keyof typeof tokenErrors;

/** Why a request got no further than the door. */
export class TokenError {
  readonly code: TokenErrorCode;

  constructor(code: TokenErrorCode) {
    this.code = code;
  }
}

/** The grants that are served, by the name of the parameter `grant_type`. */
export const grantTypes = {
  tokenExchange: "urn:ietf:params:oauth:grant-type:token-exchange",
  jwtBearer: "urn:ietf:params:oauth:grant-type:jwt-bearer",
} as const;

export type GrantType = (typeof grantTypes)[keyof typeof grantTypes];

/** What a deny is about, as far as a client may know. `refused` hides everything else. */
type About = "refused" | "scope" | "target";

export const aboutOf = {
  claim_malformed: "refused",
  claims_conflict: "refused",
  issuer_not_vouched: "refused",
  claims_expired: "refused",
  claims_not_yet_valid: "refused",
  evidence_not_accepted: "refused",
  evidence_untrusted: "refused",
  actor_not_named: "refused",
  token_evidence_required: "refused",
  party_reserved: "refused",
  actor_unnamed: "refused",
  unnamed_parties_denied: "refused",
  chain_too_deep: "refused",
  chain_cycle: "refused",
  // RFC 6749 §3.3: with no scope in the request and no default to use, the scope is what is wrong.
  nothing_asked: "scope",
  capability_missing: "refused",
  revoked: "refused",
  policy_denied: "refused",
  inner_actor_decisive: "refused",
  role_unknown: "refused",
  audience_mismatch: "target",
  permission_not_covered: "scope",
  asked_not_granted: "scope",
  ceiling_exceeded: "scope",
  constraint_unenforceable: "scope",
  parent_exceeded: "scope",
  parent_mismatch: "refused",
  lifetime_exhausted: "refused",
  limit_unenforceable: "refused",
  obligation_unenforceable: "refused",
  policy_fault: "refused",
  policy_deadline: "refused",
  policy_stale: "refused",
  policy_not_ready: "refused",
  clock_unreliable: "refused",
  issuer_keys_unavailable: "refused",
  ledger_unavailable: "refused",
  audit_unavailable: "refused",
  signing_unavailable: "refused",
  mint_failed: "refused",
  internal_fault: "refused",
} as const satisfies Readonly<Record<DenialCode, About>>;

/** Reasons of the shipped policy that are about scope or target alone; any other beside them hides both. */
export const aboutOfPolicyReason: ReadonlyMap<string, About> = new Map([
  ["permission_not_permitted", "scope"],
  ["role_not_covering", "scope"],
  ["audience_ambiguous", "target"],
]);

/** RFC 8693 §2.2.2 calls bad tokens `invalid_request`; RFC 7523 §3.1 calls them `invalid_grant`. */
const refusedBy: Readonly<Record<GrantType, TokenErrorCode>> = {
  [grantTypes.tokenExchange]: "invalid_request",
  [grantTypes.jwtBearer]: "invalid_grant",
};

/** The error for a decision that allows nothing; `deny` undefined: an approval is required. */
export function tokenErrorOf(grantType: GrantType, deny: Deny | undefined): TokenErrorCode {
  switch (deny === undefined ? "refused" : aboutDeny(deny)) {
    case "refused":
      return refusedBy[grantType];
    case "scope":
      return "invalid_scope";
    case "target":
      return "invalid_target";
  }
}

function aboutDeny({ code, reasons }: Deny): About {
  if (code !== "policy_denied") return aboutOf[code];
  const abouts = new Set(reasons.map((reason) => aboutOfPolicyReason.get(reason.code) ?? "refused"));
  const [only] = abouts;
  return abouts.size === 1 && only !== undefined ? only : "refused";
}
