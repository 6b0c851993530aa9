/** What is known of a decision while it is being made, and how that goes on record whichever way it ends. */
import { renderDetail } from "../domain/authorization-detail.ts";
import type { Asked } from "../domain/asked.ts";
import type { CallQuestion } from "../domain/call-question.ts";
import type { Deny, Outcome, UsedGrant } from "../domain/decision.ts";
import type { AnyRequest } from "../domain/decision-request.ts";
import { type AuthenticatedClient, clientOf } from "../domain/evidence.ts";
import type { Actor, DelegationChain, Subject } from "../domain/delegation-chain.ts";
import type { Grant, PolicyReference } from "../domain/grant.ts";
import type { DecisionId } from "../domain/identifiers.ts";
import {
  type DecisionRecord,
  type MintFailedRecord,
  type RecordedGrant,
  type RecordedParty,
  recordedAsked,
} from "../domain/record.ts";
import { type DenialCode, type FaultCode, faults, type Reason } from "../domain/refusal.ts";
import type { DelegationTerms } from "../domain/verdict.ts";
import type { ClockReading } from "../ports/clock.ts";
import type { PreparedToken } from "../ports/token-minter.ts";

/** What a decision must be able to say of itself when it could not be made. */
export interface EndableDraft {
  readonly request: AnyRequest | CallQuestion;
  denyFault(code: FaultCode): Deny;
  renderFault(code: FaultCode): DecisionRecord | MintFailedRecord;
}

export class Draft implements EndableDraft {
  readonly request: AnyRequest;
  readonly decisionId: DecisionId;
  readonly reading: ClockReading;
  policy: PolicyReference | undefined;
  chain: DelegationChain | undefined;
  asked: Asked | undefined;
  isAllowRecorded = false;

  constructor(request: AnyRequest, decisionId: DecisionId, reading: ClockReading) {
    this.request = request;
    this.decisionId = decisionId;
    this.reading = reading;
  }

  deny(code: DenialCode, reasons: readonly Reason[]): Deny {
    return { outcome: "deny", decisionId: this.decisionId, policy: this.policy, code, reasons };
  }

  denyFault(code: FaultCode): Deny {
    return this.deny(code, [faultReason(code)]);
  }

  renderAllow(grant: Grant, token: PreparedToken, reasons: readonly Reason[]): DecisionRecord {
    return {
      ...this.#renderKnown("allow", reasons),
      grant: renderGrant(grant, token),
    };
  }

  renderUse(used: UsedGrant, reasons: readonly Reason[]): DecisionRecord {
    const { id, chainId, subject, actor, audience, permissions } = used;
    const recorded = { grant_id: id, txn: chainId, sub: subject.id, act: actor.id, audience };
    return { ...this.#renderKnown("allow", reasons), used: { ...recorded, permissions: permissions.toArray() } };
  }

  renderUngranted(
    outcome: "deny" | "approval_required",
    reasons: readonly Reason[],
    code?: DenialCode,
  ): DecisionRecord {
    return { ...this.#renderKnown(outcome, reasons), ...(code === undefined ? {} : { code }) };
  }

  renderFault(code: FaultCode): DecisionRecord | MintFailedRecord {
    return this.isAllowRecorded
      ? this.#renderMintFailed(code)
      : this.renderUngranted("deny", [faultReason(code)], code);
  }

  #renderMintFailed(code: FaultCode): MintFailedRecord {
    return { type: "mint_failed", decision_id: this.decisionId, time: this.reading.epochSeconds, code };
  }

  #renderKnown(outcome: Outcome, reasons: readonly Reason[]): DecisionRecord {
    const { request, chain } = this;
    const { action, resource, evidence } = request;
    const client = clientOf(evidence);
    return {
      type: "decision",
      decision_id: this.decisionId,
      time: this.reading.epochSeconds,
      door: request.origin.door,
      listener: request.origin.listener,
      gateway: request.origin.gateway,
      ...(client === undefined ? {} : { client: renderClient(client) }),
      outcome,
      reasons,
      ...(this.policy === undefined ? {} : { policy: this.policy }),
      ...(chain === undefined ? {} : { phase: chain.phase, ...renderChain(chain) }),
      ...(this.asked === undefined ? {} : { asked: recordedAsked(this.asked) }),
      ...(action === undefined ? {} : { action: { name: action.name } }),
      ...(resource === undefined
        ? {}
        : { resource: { type: resource.type, ...(resource.id === undefined ? {} : { id: resource.id }) } }),
      ...(request.call === undefined ? {} : { http: { method: request.call.method, host: request.call.host } }),
      ...(request.audience === undefined ? {} : { audience: request.audience }),
    };
  }
}

function renderGrant(grant: Grant, token: PreparedToken): RecordedGrant {
  const { delegation } = grant;
  return {
    grant_id: grant.id,
    txn: grant.chainId,
    sub: grant.subject.id,
    act: grant.actor.id,
    client_id: grant.clientId,
    audience: grant.audience,
    role: grant.role,
    is_role_named: grant.isRoleNamed,
    permissions: grant.permissions.toArray(),
    ...(grant.details.length === 0
      ? {}
      : { authorization_details: grant.details.map((detail) => renderDetail(detail, grant.audience)) }),
    lineage: grant.lineage,
    depth: grant.depth,
    max_depth: grant.depthMax,
    ...(delegation === undefined ? {} : renderOnward(delegation)),
    jti: token.jti,
    kid: token.kid,
    iat: grant.issuedAt,
    exp: grant.expiresAt,
  };
}

function renderOnward({ mayAct, audiences }: DelegationTerms): Pick<RecordedGrant, "may_act" | "audiences"> {
  return { may_act: mayAct.map(({ issuer, id }) => ({ iss: issuer, sub: id })), audiences };
}

function renderChain(chain: DelegationChain): Pick<DecisionRecord, "vouched_by" | "subject" | "actor" | "chain"> {
  const { subject, actor } = chain;
  return {
    vouched_by: chain.vouchedBy,
    subject: { ...renderParty(subject), departments: subject.departments, roles: subject.roles },
    actor: { ...renderParty(actor), type: actor.type, capabilities: actor.capabilities.toArray() },
    ...(chain.inner.length === 0 ? {} : { chain: chain.inner }),
  };
}

function renderClient({ id, issuer }: AuthenticatedClient): RecordedParty {
  return { id, issuer };
}

function renderParty(party: Subject | Actor): RecordedParty {
  return { ...(party.id === undefined ? {} : { id: party.id }), issuer: party.issuer };
}

export function faultReason(code: FaultCode): Reason {
  return { code, message: faults[code] };
}
