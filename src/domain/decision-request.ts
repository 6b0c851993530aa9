/**
 * What a door hands to the path: the members a caller may supply, parsed once.
 * Everything else of the policy input is the sidecar's own and refused from a caller (DESIGN §4).
 */
import type { AuthorizationDetail } from "./authorization-detail.ts";
import type { ClaimsEvidence, RoleTokenEvidence, TokensEvidence } from "./evidence.ts";
import { ExactSet, type PermissionSet } from "./exact-set.ts";
import { type Audience, type GatewayName, type Permission, parseAudience } from "./identifiers.ts";
import { emptyObject, isJsonObject, type Json, type JsonObject, ownMember, unknownMember } from "./json.ts";
import { bounds } from "./bounds.ts";
import { RequestError } from "./request-error.ts";
import type { ObservedCall } from "./observed-call.ts";
import { parseStrictJson } from "./strict-json.ts";

/** The doors that exist; a metric label and an audit field. */
export type DoorName = "authorize" | "token" | "ext_authz" | "ext_authz_opa" | "cli";

/**
 * Where the gateway stands; fixed by the listener's configuration. issue: on the agent's side, a role token is wanted.
 * use: on the resource's side, a role token is shown and nothing is minted.
 */
export type Position = "issue" | "use";

/** issue: a new chain from claims or tokens. delegate: our token onward. use: our token shown for one call. */
export type Phase = "issue" | "delegate" | "use";

/** How the request came in; fixed by the listener's configuration, never read from the request. */
export interface RequestOrigin {
  readonly door: DoorName;
  readonly listener: string;
  readonly gateway: GatewayName;
}

/** What counts as evidence in which position. */
interface Evidence {
  readonly issue: ClaimsEvidence | TokensEvidence;
  readonly use: RoleTokenEvidence;
}

export interface Action {
  readonly name: string;
  readonly properties: JsonObject;
}

export interface Resource {
  readonly type: string;
  readonly id?: string;
  readonly properties: JsonObject;
}

/** What is asked by name: scopes, and the actions of authorization details (DESIGN §4). */
export interface AskedByName {
  readonly permissions: PermissionSet;
  readonly details: readonly AuthorizationDetail[];
}

/** What a gateway holds a call for, by its table of operations. */
export interface CallAsked {
  readonly permissions: PermissionSet;
  readonly action: Action | undefined;
  readonly resource: Resource | undefined;
  readonly audience: Audience | undefined;
  readonly call: ObservedCall;
}

/** `Place` keeps them apart: what is shown for use is never minted from, and what is shown to be issued is never used. */
export class DecisionRequest<Place extends Position = "issue"> {
  readonly position: Place;
  readonly origin: RequestOrigin;
  readonly evidence: Evidence[Place];
  readonly asked: AskedByName;
  readonly action: Action | undefined;
  readonly resource: Resource | undefined;
  readonly audience: Audience | undefined;
  readonly context: JsonObject;
  /** The call that a gateway holds for the answer; undefined at doors that are asked about none. */
  readonly call: ObservedCall | undefined;

  private constructor(position: Place, origin: RequestOrigin, evidence: Evidence[Place], asked: AskedMembers) {
    this.position = position;
    this.origin = origin;
    this.evidence = evidence;
    this.asked = asked.byName;
    this.action = asked.action;
    this.resource = asked.resource;
    this.audience = asked.audience;
    this.context = asked.context;
    this.call = asked.call;
  }

  /** The whole body `{"input": {…}}`, as `POST /v1/authorize` takes it. */
  static parseBody(origin: RequestOrigin, body: Uint8Array): DecisionRequest | RequestError {
    const json = parseStrictJson(body);
    if (json instanceof RequestError) return json;
    if (!isJsonObject(json)) return new RequestError("member_invalid");
    if (unknownMember(json, ["input"]) !== undefined) return new RequestError("member_not_accepted");
    return DecisionRequest.parse(origin, ownMember(json, "input"));
  }

  /** `input` is the body's `{actor, subject, action?, resource?, context?, audience?}`. */
  static parse(origin: RequestOrigin, input: Json | undefined): DecisionRequest | RequestError {
    if (!isJsonObject(input)) return missingOrInvalid(input, "input");
    if (unknownMember(input, acceptedMembers) !== undefined) return new RequestError("member_not_accepted", "input");
    const subject = parseClaims(input, "subject");
    if (subject instanceof RequestError) return subject;
    const actor = parseClaims(input, "actor");
    if (actor instanceof RequestError) return actor;
    const asked = parseAsked(input);
    if (asked instanceof RequestError) return asked;
    return new DecisionRequest(
      "issue",
      origin,
      { kind: "claims", subject, actor: { kind: "claims", claims: actor } },
      asked,
    );
  }

  /** What a token endpoint asks for: one target at most, permissions by name. */
  static exchange(
    origin: RequestOrigin,
    evidence: TokensEvidence,
    asked: AskedByName & { readonly audience: Audience | undefined },
  ): DecisionRequest {
    return new DecisionRequest("issue", origin, evidence, {
      byName: { permissions: asked.permissions, details: asked.details },
      action: undefined,
      resource: undefined,
      audience: asked.audience,
      context: emptyObject,
      call: undefined,
    });
  }

  /** A call that a gateway holds: on the agent's side to be issued a role token for, on the resource's to be used. */
  static hold<Place extends Position>(
    position: Place,
    origin: RequestOrigin,
    evidence: Evidence[Place],
    { permissions, ...asked }: CallAsked,
  ): DecisionRequest<Place> {
    const byName = { permissions, details: [] };
    return new DecisionRequest(position, origin, evidence, { ...asked, byName, context: emptyObject });
  }
}

interface AskedMembers {
  readonly byName: AskedByName;
  readonly action: Action | undefined;
  readonly resource: Resource | undefined;
  readonly audience: Audience | undefined;
  readonly context: JsonObject;
  readonly call: ObservedCall | undefined;
}

/** Of either position: for whoever watches, verifies or judges the same way in both. */
export type AnyRequest = DecisionRequest<Position>;

const acceptedMembers = ["actor", "subject", "action", "resource", "context", "audience"];

function missingOrInvalid(value: Json | undefined, at: string): RequestError {
  return new RequestError(value === undefined ? "member_missing" : "member_invalid", at);
}

function parseClaims(input: JsonObject, party: "subject" | "actor"): JsonObject | RequestError {
  const value = ownMember(input, party);
  if (!isJsonObject(value)) return missingOrInvalid(value, `input.${party}`);
  if (unknownMember(value, ["claims"]) !== undefined) return new RequestError("member_not_accepted", `input.${party}`);
  const claims = ownMember(value, "claims");
  return isJsonObject(claims) ? claims : missingOrInvalid(claims, `input.${party}.claims`);
}

function parseAsked(input: JsonObject): AskedMembers | RequestError {
  const action = parseAction(ownMember(input, "action"));
  if (action instanceof RequestError) return action;
  const resource = parseResource(ownMember(input, "resource"));
  if (resource instanceof RequestError) return resource;
  const context = ownMember(input, "context") ?? undefined;
  if (Object.hasOwn(input, "context") && !isJsonObject(context))
    return new RequestError("member_invalid", "input.context");
  const audience = parseAudience(ownMember(input, "audience"));
  if (Object.hasOwn(input, "audience") && audience === undefined) {
    return new RequestError("member_invalid", "input.audience");
  }
  const byName = { permissions: ExactSet.of<Permission>([]), details: [] };
  const given = isJsonObject(context) ? context : emptyObject;
  return { byName, action, resource, audience, context: given, call: undefined };
}

function parseAction(value: Json | undefined): Action | undefined | RequestError {
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) return new RequestError("member_invalid", "input.action");
  if (unknownMember(value, ["name", "properties"]) !== undefined) {
    return new RequestError("member_not_accepted", "input.action");
  }
  const name = parseText(value, "name", "input.action.name");
  if (name instanceof RequestError) return name;
  if (name === undefined) return new RequestError("member_missing", "input.action.name");
  const properties = parseProperties(value, "input.action.properties");
  return properties instanceof RequestError ? properties : { name, properties };
}

function parseResource(value: Json | undefined): Resource | undefined | RequestError {
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) return new RequestError("member_invalid", "input.resource");
  if (unknownMember(value, ["type", "id", "properties"]) !== undefined) {
    return new RequestError("member_not_accepted", "input.resource");
  }
  const type = parseText(value, "type", "input.resource.type");
  if (type instanceof RequestError) return type;
  if (type === undefined) return new RequestError("member_missing", "input.resource.type");
  const id = parseText(value, "id", "input.resource.id");
  if (id instanceof RequestError) return id;
  const properties = parseProperties(value, "input.resource.properties");
  if (properties instanceof RequestError) return properties;
  return id === undefined ? { type, properties } : { type, id, properties };
}

function parseText(object: JsonObject, name: string, at: string): string | undefined | RequestError {
  const value = ownMember(object, name);
  if (value === undefined) return undefined;
  return typeof value === "string" && value.length > 0 && value.length <= bounds.uriLengthMax && value.isWellFormed()
    ? value
    : new RequestError("member_invalid", at);
}

function parseProperties(object: JsonObject, at: string): JsonObject | RequestError {
  const value = ownMember(object, "properties");
  if (value === undefined) return emptyObject;
  return isJsonObject(value) ? value : new RequestError("member_invalid", at);
}
