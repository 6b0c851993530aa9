/** The answer of the path, the same for every door. Only an allow can carry a token. */
import type { DecisionId } from "./identifiers.ts";
import type { Grant, PolicyReference } from "./grant.ts";
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
