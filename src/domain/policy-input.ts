/** The document that policies read, member for member (DESIGN §4). Its names are the policy authors' contract. */
import { type Asked, permissionsAsked } from "./asked.ts";
import type { AnyRequest, Phase } from "./decision-request.ts";
import type { DelegationChain } from "./delegation-chain.ts";
import type { Json, JsonObject } from "./json.ts";
import type { ObservedCall } from "./observed-call.ts";
import { onwardAudiences, type ParentGrant } from "./parent-grant.ts";

export interface PolicyInput {
  readonly phase: Phase;
  readonly subject: {
    readonly id?: string;
    readonly issuer: string;
    readonly claims: JsonObject;
    readonly departments: readonly string[];
    readonly roles: readonly string[];
  };
  readonly actor: {
    readonly id?: string;
    readonly issuer: string;
    readonly claims: JsonObject;
    readonly capabilities: readonly string[];
    readonly type: string;
  };
  /** Inner actors, root first; evidence only. */
  readonly chain: readonly { readonly id: string; readonly issuer: string }[];
  readonly asked: { readonly capabilities: readonly string[]; readonly permissions: readonly string[] };
  readonly action?: { readonly name: string; readonly properties: JsonObject };
  readonly resource?: { readonly type: string; readonly id?: string; readonly properties: JsonObject };
  readonly audience?: string;
  readonly context: JsonObject;
  /** Epoch seconds: the decision's one clock reading. */
  readonly time: number;
  /** The grant that is exchanged onward; absent in `issue`. */
  readonly parent?: PolicyParent;
  /** The call that a gateway holds for the answer; absent where none is. */
  readonly http?: PolicyHttp;
  /** Its body; `form` says whether `value` is there. */
  readonly body?: { readonly form: string; readonly value?: Json };
}

export type PolicyHttp = {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly raw_path: string;
  readonly query: Readonly<Record<string, readonly string[]>>;
  readonly parameters: Readonly<Record<string, string>>;
};

export type PolicyParent = {
  readonly id: string;
  readonly audience: string;
  readonly audiences: readonly string[];
  readonly permissions: readonly string[];
  readonly depth: number;
  readonly max_depth: number;
  readonly expires_at: number;
};

export function renderPolicyInput(
  request: AnyRequest,
  chain: DelegationChain,
  asked: Asked,
  time: number,
): PolicyInput {
  const { subject, actor } = chain;
  return {
    phase: chain.phase,
    subject: {
      ...(subject.id === undefined ? {} : { id: subject.id }),
      issuer: subject.issuer,
      claims: subject.claims,
      departments: subject.departments,
      roles: subject.roles,
    },
    actor: {
      ...(actor.id === undefined ? {} : { id: actor.id }),
      issuer: actor.issuer,
      claims: actor.claims,
      capabilities: actor.capabilities.toArray(),
      type: actor.type,
    },
    chain: chain.inner,
    asked: { capabilities: asked.capabilities.toArray(), permissions: permissionsAsked(asked).toArray() },
    ...(request.action === undefined ? {} : { action: request.action }),
    ...(request.resource === undefined ? {} : { resource: request.resource }),
    ...(request.audience === undefined ? {} : { audience: request.audience }),
    context: request.context,
    time,
    ...(chain.parent === undefined ? {} : { parent: renderParent(chain.parent) }),
    ...(request.call === undefined ? {} : renderCall(request.call)),
  };
}

/** What a policy sees of a call that a gateway holds. */
export function renderCall(call: ObservedCall): Required<Pick<PolicyInput, "http" | "body">> {
  const { method, host, path, rawPath, query, parameters, body } = call;
  return { http: { method, host, path, raw_path: rawPath, query, parameters }, body };
}

function renderParent(parent: ParentGrant): PolicyParent {
  const permissions = [parent.permissions, ...parent.details.map((detail) => detail.permissions)];
  return {
    id: parent.id,
    audience: parent.audience,
    audiences: onwardAudiences(parent),
    permissions: [...new Set(permissions.flatMap((set) => set.toArray()))].sort(),
    depth: parent.depth,
    max_depth: parent.depthMax,
    expires_at: parent.expiresAt,
  };
}
