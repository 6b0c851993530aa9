/**
 * Why a decision is a deny. A refusal is an expected "no" and travels as a value; a fault is "could not tell"
 * and is thrown. Each code is one word everywhere: metric label, audit field, heading in docs/errors.md.
 */

/** A rule said no. The text is for the operator of the gateway; it never quotes what the caller sent. */
export const refusals = {
  claim_malformed: "A claim has a shape or an element that its profile does not accept.",
  claims_conflict: "Two spellings of one claim carry different values.",
  claims_expired: "The claims are past their `exp`.",
  claims_not_yet_valid: "The claims are before their `nbf`.",
  issuer_not_vouched: "The claims name an issuer that this gateway may not vouch for.",
  evidence_not_accepted: "This sidecar is not configured for this kind of evidence.",
  evidence_untrusted: "A token is not one that its issuer's profile vouches for in this use.",
  actor_not_named: "Neither the subject's token nor its issuer's profile names this actor as one that may act.",
  token_evidence_required: "These claims come from a role token; show the token itself.",
  party_reserved: "A party's identifier lies under urn:chaperone:, which is the sidecar's own.",
  actor_unnamed: "The subject is named but the actor is not.",
  unnamed_parties_denied: "This sidecar does not decide for unnamed parties.",
  chain_too_deep: "The delegation chain has more hops than allowed.",
  chain_cycle: "A party appears twice in the delegation chain.",
  nothing_asked: "The request asks for no action, capability or permission.",
  capability_missing: "The action asked for is not among the actor's capabilities.",
  revoked: "A party, grant or chain of this request has been revoked.",
  policy_denied: "The policy denied the request.",
  inner_actor_decisive:
    "The policy allows only because of an inner actor of the chain, which is evidence and not authority.",
  role_unknown: "The policy chose a role that its catalogue does not list.",
  audience_mismatch: "The audience asked for is not the chosen role's, or not one where the shown grant may go.",
  permission_not_covered: "The chosen role does not cover the permissions that are needed.",
  asked_not_granted: "A permission that was asked for is not granted.",
  ceiling_exceeded: "The role token would exceed the ceiling that the policy declared.",
  constraint_unenforceable: "The chosen role is enforced as a whole, so a constraint on a part of it cannot be.",
  parent_exceeded: "What is asked, or would be granted, goes beyond the grant it derives from.",
  parent_mismatch: "The role token's chain and its grant disagree about the depth.",
  lifetime_exhausted: "Nothing is left of the lifetime that all parties allow.",
  limit_unenforceable: "The policy set an execution limit and no counting ledger is configured.",
  obligation_unenforceable: "The policy set an obligation that this door cannot enforce.",
} as const;

/** Something that had to work did not. */
export const faults = {
  policy_fault: "The policy gave no usable verdict.",
  policy_deadline: "The policy took longer than its deadline.",
  policy_stale: "The policy is older than allowed.",
  policy_not_ready: "No policy is active.",
  clock_unreliable: "The clock stepped back; lifetimes cannot be trusted.",
  issuer_keys_unavailable: "The keys of a token's issuer cannot be fetched, so nobody can tell who signed it.",
  ledger_unavailable: "The ledger of revocations and uses cannot be reached.",
  audit_unavailable: "The decision cannot be put on record.",
  signing_unavailable: "No signing key is available.",
  mint_failed: "The token could not be signed.",
  internal_fault: "The sidecar failed in a way that it does not know.",
} as const;

export type RefusalCode = keyof typeof refusals;
export type FaultCode = keyof typeof faults;
/** The closed list of why a decision can be a deny. */
export type DenialCode = RefusalCode | FaultCode;

/** Why, for people and programs: `code` is the policy's own for a policy's reasons, else a {@link DenialCode}. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

export class Refusal {
  readonly code: RefusalCode;
  readonly reasons: readonly Reason[];

  private constructor(code: RefusalCode, reasons: readonly Reason[]) {
    this.code = code;
    this.reasons = reasons;
  }

  /** `reasons` where something closer than the code's text is known: the policy's own, or which token and what of it. */
  static because(code: RefusalCode, reasons?: readonly Reason[]): Refusal {
    return new Refusal(
      code,
      reasons !== undefined && reasons.length > 0 ? reasons : [{ code, message: refusals[code] }],
    );
  }
}

/** `detail` is for operators and goes to the log; it never holds a claim, a token or a key. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly detail: string;

  constructor(code: FaultCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.name = "Fault";
    this.code = code;
    this.detail = detail;
  }
}
