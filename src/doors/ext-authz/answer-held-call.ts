/**
 * From a held call to its answer, the same for every dialect: where it goes, what that asks for, what it shows, what is
 * decided, and what of it goes on. It starts from "no"; a call is let through in two places, each after an allow.
 */
import type { AllowedUse, Allow } from "../../domain/decision.ts";
import {
  type Action,
  type CallAsked,
  DecisionRequest,
  type RequestOrigin,
  type Resource,
} from "../../domain/decision-request.ts";
import { ExactSet } from "../../domain/exact-set.ts";
import type { GatewayName, Permission } from "../../domain/identifiers.ts";
import { emptyObject } from "../../domain/json.ts";
import { Fault } from "../../domain/refusal.ts";
import type { DoorsHouse } from "../house.ts";
import { evidenceHeaders, readIssueEvidence, readUseEvidence } from "./call-evidence.ts";
import { type CallTarget, readTarget } from "./call-target.ts";
import type { AnswerHeldCall, HeldCall, HeldCallAnswer, LetThrough } from "./held-call.ts";
import { readHeldBody } from "./held-body.ts";
import { checkMessageMembers } from "./message-members.ts";
import type { GrpcMessages } from "./protobuf/grpc-messages.ts";
import { credentialHeader } from "./http/held-headers.ts";
import { createOperationTable, type MatchedOperation, type OperationTable } from "./operations.ts";
import type { ExtAuthzOptions, IssueOptions, UseOptions } from "./options.ts";
import { hasOverridingField, secondReadings } from "./overrides.ts";
import { type DoorRefusal, turnAway, turnAwayForApproval } from "./turned-away.ts";

interface Site<Options extends ExtAuthzOptions = ExtAuthzOptions> {
  readonly house: DoorsHouse;
  readonly listener: string;
  readonly options: Options;
  /** What gRPC calls may say; undefined: nobody says. */
  readonly messages?: GrpcMessages | undefined;
}

/** Throws a RangeError for a table of operations that is malformed or ambiguous, or asks for what no message says. */
export function createAnswerHeldCall(site: Site): AnswerHeldCall {
  const { options, messages } = site;
  const table = createOperationTable(options.operations);
  if (messages !== undefined) checkMessageMembers(options.operations, messages);
  return async (call, gateway) => {
    try {
      return await answer(site, table, call, gateway);
    } catch (cause) {
      site.house.observer.faulted(new Fault("internal_fault", `listener ${site.listener} failed`, { cause }));
      return turnAway("internal_fault");
    }
  };
}

async function answer(
  site: Site,
  table: OperationTable,
  call: HeldCall,
  gateway: GatewayName,
): Promise<HeldCallAnswer> {
  const target = readTarget(call);
  if (target === undefined) return refuse(site, "target_malformed");
  const body = readHeldBody(call, site.messages);
  if (hasOverridingField(body)) return refuse(site, "target_malformed");
  const matched = table.find(call, target, body);
  if (matched === undefined) return refuse(site, "operation_unknown");
  const { options, listener } = site;
  const asked = renderAsked(matched, call, target, body);
  const origin = { door: "ext_authz", listener, gateway } as const;
  switch (options.position) {
    case "issue":
      return issue({ ...site, options }, call, origin, asked);
    case "use":
      return use({ ...site, options }, call, origin, asked);
  }
}

function refuse({ house, listener }: Site, code: DoorRefusal): HeldCallAnswer {
  house.observer.turnedAway(listener, code);
  return turnAway(code);
}

function renderAsked(
  matched: MatchedOperation,
  call: HeldCall,
  { host, path, rawPath, query }: CallTarget,
  body: ReturnType<typeof readHeldBody>,
): CallAsked {
  const { operation, parameters } = matched;
  const { asks, audience } = operation;
  return {
    permissions: ExactSet.of<Permission>(asks.kind === "permission" ? [asks.permission] : []),
    action: renderAction(matched),
    resource: renderResource(operation.resource, parameters),
    audience,
    call: { method: call.method, host, path, rawPath, query, parameters, body },
  };
}

/** Where a permission is asked for, it is the name of what is done; policy is told so only to be told its properties. */
function renderAction({ operation: { asks }, properties }: MatchedOperation): Action | undefined {
  if (asks.kind === "action") return { name: asks.name, properties: properties ?? emptyObject };
  return properties && { name: asks.permission, properties };
}

function renderResource(
  resource: MatchedOperation["operation"]["resource"],
  parameters: MatchedOperation["parameters"],
): Resource | undefined {
  if (resource === undefined) return undefined;
  const id = resource.id === undefined ? undefined : parameters[resource.id];
  return { type: resource.type, ...(id === undefined ? {} : { id }), properties: parameters };
}

async function issue(
  site: Site<IssueOptions>,
  call: HeldCall,
  origin: RequestOrigin,
  asked: CallAsked,
): Promise<HeldCallAnswer> {
  const evidence = readIssueEvidence(site.options.evidence, call);
  if (evidence === undefined) return refuse(site, "evidence_missing");
  const decision = await site.house.decide(DecisionRequest.hold("issue", origin, evidence, asked));
  switch (decision.outcome) {
    case "allow":
      return letThroughWithToken(site.options, decision);
    case "deny":
      return turnAway(decision.code, decision.decisionId);
    case "approval_required":
      return turnAwayForApproval(decision.decisionId);
  }
}

async function use(
  site: Site<UseOptions>,
  call: HeldCall,
  origin: RequestOrigin,
  asked: CallAsked,
): Promise<HeldCallAnswer> {
  const evidence = readUseEvidence(site.options, call);
  if (evidence === undefined) return refuse(site, "evidence_missing");
  const decision = await site.house.decideUse(DecisionRequest.hold("use", origin, evidence, asked));
  switch (decision.outcome) {
    case "allow":
      return letThroughAsItIs(decision);
    case "deny":
      return turnAway(decision.code, decision.decisionId);
    case "approval_required":
      return turnAwayForApproval(decision.decisionId);
  }
}

/** A gateway that hands on only some headers lets the others pass unseen, so these are taken off again. */
const neverOn = [credentialHeader, ...secondReadings];

/** The agent never sees the role token, and what it showed stays behind. */
function letThroughWithToken(options: IssueOptions, { decisionId, grant, token, policy }: Allow): LetThrough {
  const { tokenHeader, evidence } = options;
  const left = ["authorization", ...evidenceHeaders(evidence), ...neverOn].filter((name) => name !== tokenHeader);
  return {
    kind: "let_through",
    headersToSet: [{ name: tokenHeader, value: `Bearer ${token}` }],
    headersToRemove: [...new Set(left)],
    metadata: {
      decision_id: decisionId,
      role: grant.role,
      actor: grant.actor.id,
      subject: grant.subject.id,
      ...(policy === undefined ? {} : { revision: policy.revision }),
    },
  };
}

/** The role token goes on, because the resource may verify it itself. */
function letThroughAsItIs({ decisionId, used, policy }: AllowedUse): LetThrough {
  return {
    kind: "let_through",
    headersToSet: [],
    headersToRemove: neverOn,
    metadata: {
      decision_id: decisionId,
      grant_id: used.id,
      actor: used.actor.id,
      subject: used.subject.id,
      ...(policy === undefined ? {} : { revision: policy.revision }),
    },
  };
}
