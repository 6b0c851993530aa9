/**
 * How a "no" is told through a gateway: one table from closed code to status and the one word that the gateway's own
 * caller may know. Why exactly is for the gateway and the record.
 */
import type { DenialCode } from "../../domain/refusal.ts";
import type { RequestErrorCode } from "../../domain/request-error.ts";
import type { TurnedAway } from "./held-call.ts";

type Told = Pick<TurnedAway, "status" | "title">;

const denied: Told = { status: 403, title: "denied" };
/** Missing or dead: with other evidence it might be a yes (RFC 6750 §3.1). */
const evidence: Told = { status: 401, title: "evidence" };
const limit: Told = { status: 429, title: "limit" };
const malformed: Told = { status: 403, title: "malformed" };
/** Not a 5xx: a gateway may be told to let those through. */
const unavailable: Told = { status: 403, title: "unavailable" };
const approval: Told = { status: 403, title: "approval_required" };

const byDenial = {
  claim_malformed: evidence,
  claims_conflict: evidence,
  claims_expired: evidence,
  claims_not_yet_valid: evidence,
  issuer_not_vouched: evidence,
  evidence_not_accepted: evidence,
  evidence_untrusted: evidence,
  actor_not_named: denied,
  token_evidence_required: evidence,
  party_reserved: denied,
  actor_unnamed: denied,
  unnamed_parties_denied: denied,
  chain_too_deep: denied,
  chain_cycle: denied,
  nothing_asked: denied,
  capability_missing: denied,
  revoked: evidence,
  policy_denied: denied,
  inner_actor_decisive: denied,
  role_unknown: denied,
  audience_mismatch: denied,
  permission_not_covered: denied,
  asked_not_granted: denied,
  ceiling_exceeded: denied,
  constraint_unenforceable: denied,
  parent_exceeded: denied,
  parent_mismatch: denied,
  lifetime_exhausted: evidence,
  limit_unenforceable: denied,
  obligation_unenforceable: denied,
  policy_fault: unavailable,
  policy_deadline: unavailable,
  policy_stale: unavailable,
  policy_not_ready: unavailable,
  clock_unreliable: unavailable,
  issuer_keys_unavailable: unavailable,
  ledger_unavailable: unavailable,
  audit_unavailable: unavailable,
  signing_unavailable: unavailable,
  mint_failed: unavailable,
  internal_fault: unavailable,
} as const satisfies Record<DenialCode, Told>;

/** Before anything was decided. */
const byDoor = {
  target_malformed: malformed,
  operation_unknown: denied,
  evidence_missing: evidence,
  credential_required: denied,
  busy: limit,
} as const;

export type DoorRefusal = keyof typeof byDoor;

export function turnAway(code: DenialCode | DoorRefusal, decisionId?: string): TurnedAway {
  const told: Told = { ...byDenial, ...byDoor }[code];
  return { kind: "turned_away", ...told, code, decisionId };
}

export function turnAwayForApproval(decisionId: string): TurnedAway {
  return { kind: "turned_away", ...approval, code: "approval_required", decisionId };
}

/** What could not be read is no call, whatever was wrong with it. */
export function turnAwayUnread(code: RequestErrorCode): TurnedAway {
  return { kind: "turned_away", ...malformed, code, decisionId: undefined };
}
