/**
 * What goes on record: facts and names, never a token, a key, a raw claim or free text of a caller.
 * The decision log adds its own chaining members around these.
 */
import type { Action, DoorName, Phase, Resource } from "./decision-request.ts";
import type { Outcome } from "./decision.ts";
import { type Asked, permissionsAsked } from "./asked.ts";
import type { JsonObject } from "./json.ts";
import type { ChainId, DecisionId, GrantId, KeyId, TokenId } from "./identifiers.ts";
import type { PolicyReference } from "./grant.ts";
import type { Hop, VouchedBy } from "./delegation-chain.ts";
import type { DenialCode, Reason } from "./refusal.ts";

export interface RecordedParty {
  readonly id?: string;
  readonly issuer: string;
  readonly type?: string;
  readonly departments?: readonly string[];
  readonly roles?: readonly string[];
  readonly capabilities?: readonly string[];
}

/** What was granted: with the rest of the record, every claim that is about to be signed. */
export interface RecordedGrant {
  readonly grant_id: GrantId;
  readonly txn: ChainId;
  readonly sub: string;
  readonly act: string;
  readonly client_id: string;
  readonly audience: string;
  readonly role: string;
  /** False: the target sees the permissions alone. */
  readonly is_role_named: boolean;
  readonly permissions: readonly string[];
  readonly authorization_details?: readonly JsonObject[];
  readonly lineage: readonly GrantId[];
  readonly depth: number;
  readonly max_depth: number;
  /** Who may act next, and where to; absent when the chain ends here. */
  readonly may_act?: readonly { readonly iss: string; readonly sub: string }[];
  readonly audiences?: readonly string[];
  readonly jti: TokenId;
  readonly kid: KeyId;
  readonly iat: number;
  readonly exp: number;
}

/** What a shown role token was used for. */
export interface RecordedUse {
  readonly grant_id: GrantId;
  readonly txn: ChainId;
  readonly sub: string;
  readonly act: string;
  readonly audience: string;
  readonly permissions: readonly string[];
}

export interface RecordedAsked {
  readonly capabilities: readonly string[];
  readonly permissions: readonly string[];
}

export interface DecisionRecord {
  readonly type: "decision";
  readonly decision_id: DecisionId;
  /** Epoch seconds: the decision's one clock reading. */
  readonly time: number;
  readonly door: DoorName;
  readonly listener: string;
  readonly gateway: string;
  /** The OAuth client that proved itself; absent at doors for gateways. */
  readonly client?: RecordedParty;
  /** Undefined while it is not known who asks. */
  readonly phase?: Phase;
  readonly outcome: Outcome;
  readonly code?: DenialCode;
  readonly reasons: readonly Reason[];
  readonly policy?: PolicyReference;
  /** The rule that was asked, where it is not `chaperone/decision`. */
  readonly entrypoint?: string;
  readonly vouched_by?: VouchedBy;
  readonly subject?: RecordedParty;
  readonly actor?: RecordedParty;
  readonly chain?: readonly Hop[];
  readonly asked?: RecordedAsked;
  readonly action?: Pick<Action, "name">;
  readonly resource?: Pick<Resource, "type" | "id">;
  readonly audience?: string;
  /** The call that was held. Its path is left out: people put names and secrets into paths. */
  readonly http?: { readonly method: string; readonly host: string };
  readonly grant?: RecordedGrant;
  readonly used?: RecordedUse;
}

/** The signature failed after the decision was recorded; the same decision id. */
export interface MintFailedRecord {
  readonly type: "mint_failed";
  readonly decision_id: DecisionId;
  readonly time: number;
  readonly code: DenialCode;
}

/** Something that changed what decisions mean: policy, keys, configuration, start and stop. */
export interface EventRecord {
  readonly type: "event";
  readonly event:
    | "started"
    | "stopped"
    | "policy_activated"
    | "policy_refused"
    | "key_activated"
    | "key_published"
    | "key_retired"
    | "issuer_keys_activated"
    | "issuer_keys_failed"
    | "recovered";
  readonly time: number;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

export type AuditRecord = DecisionRecord | MintFailedRecord | EventRecord;

export function recordedAsked(asked: Asked): RecordedAsked {
  return { capabilities: asked.capabilities.toArray(), permissions: permissionsAsked(asked).toArray() };
}
