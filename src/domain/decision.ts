/** The answer of the path, the same for every door. Only an allow can carry a token. */
import type { Audience, ChainId, DecisionId, GrantId } from "./identifiers.ts";
import type { CallChanges, CallRefusal } from "./call-verdict.ts";
import type { PermissionSet } from "./exact-set.ts";
import type { Grant, NamedParty, PolicyReference } from "./grant.ts";
import type { DenialCode, Reason } from "./refusal.ts";

interface Answered {
  readonly decisionId: DecisionId;
  /** Undefined only when no policy was active. */
  readonly policy: PolicyReference | undefined;
  readonly reasons: readonly Reason[];
}

export interface Allow extends Answered {
  readonly outcome: "allow";
  readonly grant: Grant;
  /** Compact JWS. Never logged, never recorded. */
  readonly token: string;
}

export interface Deny extends Answered {
  readonly outcome: "deny";
  readonly code: DenialCode;
}

export interface ApprovalRequired extends Answered {
  readonly outcome: "approval_required";
}

export type Decision = Allow | Deny | ApprovalRequired;
export type Outcome = Decision["outcome"];

/** A role token may be used for one call. It has no token of its own, so nothing that is answered for a use can be one. */
export interface AllowedUse extends Answered {
  readonly outcome: "allow";
  readonly used: UsedGrant;
}

export type UseDecision = AllowedUse | Deny | ApprovalRequired;

/** Another's policy let a held call go on. There is no chain behind it and no token before it. */
export interface AllowedCall extends Answered {
  readonly outcome: "allow";
  readonly changes: CallChanges;
}

/** `refusal` where the policy itself said no, and how. */
export interface DeniedCall extends Deny {
  readonly refusal?: CallRefusal;
}

export type CallDecision = AllowedCall | DeniedCall;

/** Of any door, for whoever watches. */
export type AnyDecision = Decision | UseDecision | CallDecision;

/** The grant behind the token that was shown, and what of it this call takes. */
export interface UsedGrant {
  readonly id: GrantId;
  readonly chainId: ChainId;
  readonly subject: NamedParty;
  readonly actor: NamedParty;
  readonly audience: Audience;
  readonly permissions: PermissionSet;
}
