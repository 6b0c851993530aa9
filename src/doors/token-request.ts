/**
 * From the form to what is asked: one subject, one actor, one target, permissions by name. What a grant type does not
 * know is ignored and never acted on (RFC 6749 §3.2).
 */
import { type AuthorizationDetail, parseAuthorizationDetails } from "../domain/authorization-detail.ts";
import { bounds } from "../domain/bounds.ts";
import { DecisionRequest, type RequestOrigin } from "../domain/decision-request.ts";
import type { AuthenticatedClient, ShownToken, ShownTokenType, TokensEvidence } from "../domain/evidence.ts";
import { ExactSet, type PermissionSet } from "../domain/exact-set.ts";
import { type Audience, parseAudience, parsePermission, type Permission } from "../domain/identifiers.ts";
import { RequestError } from "../domain/request-error.ts";
import { parseStrictJson } from "../domain/strict-json.ts";
import { type GrantType, grantTypes, TokenError } from "./token-errors.ts";
import type { TokenForm } from "./token-form.ts";

/** RFC 8693 §3: the types that are read here, and what each is called in the house. */
const tokenTypes: ReadonlyMap<string, ShownTokenType> = new Map([
  ["urn:ietf:params:oauth:token-type:access_token", "access_token"],
  ["urn:ietf:params:oauth:token-type:jwt", "jwt"],
  ["urn:ietf:params:oauth:token-type:id_token", "id_token"],
]);

const issuedTypes = ["urn:ietf:params:oauth:token-type:access_token", "urn:ietf:params:oauth:token-type:jwt"];

export interface TokenRequest {
  readonly grantType: GrantType;
  /** `issued_token_type` of an answer that allows; RFC 7523 has none. */
  readonly issuedType: string | undefined;
  readonly decisionRequest: DecisionRequest;
}

export function parseTokenRequest(
  form: TokenForm,
  client: AuthenticatedClient,
  origin: RequestOrigin,
): TokenRequest | TokenError {
  const grant = parseGrant(form);
  if (grant instanceof TokenError) return grant;
  const asked = parseAsked(form);
  if (asked instanceof TokenError) return asked;
  const { grantType, issuedType, subject, actor: token } = grant;
  const actor =
    token === undefined ? ({ kind: "client", client } as const) : ({ kind: "token", token, client } as const);
  const evidence: TokensEvidence = { kind: "tokens", subject, actor, isOnwardAccepted: true };
  return { grantType, issuedType, decisionRequest: DecisionRequest.exchange(origin, evidence, asked) };
}

interface ShownGrant {
  readonly grantType: GrantType;
  readonly issuedType: string | undefined;
  readonly subject: ShownToken;
  /** Undefined: the client acts itself. */
  readonly actor: ShownToken | undefined;
}

function parseGrant(form: TokenForm): ShownGrant | TokenError {
  switch (form.one("grant_type")) {
    case undefined:
      return new TokenError("invalid_request");
    case grantTypes.tokenExchange:
      return parseExchange(form);
    case grantTypes.jwtBearer:
      return parseBearer(form);
    default:
      return new TokenError("unsupported_grant_type");
  }
}

/** A subject token alone would be impersonation: no `act`, and the person's full power (TX-10, P9). */
function parseExchange(form: TokenForm): ShownGrant | TokenError {
  const subject = parseShown(form, "subject_token");
  const actor = parseShown(form, "actor_token");
  const issuedType = form.one("requested_token_type") ?? issuedTypes[0];
  if (subject === undefined || actor === undefined || issuedType === undefined || !issuedTypes.includes(issuedType)) {
    return new TokenError("invalid_request");
  }
  return { grantType: grantTypes.tokenExchange, issuedType, subject, actor };
}

/** The authenticated client acts. `requested_token_use` is what Entra's clients send; it names the one use there is. */
function parseBearer(form: TokenForm): ShownGrant | TokenError {
  const compact = form.one("assertion");
  const use = form.one("requested_token_use");
  if (compact === undefined || (use !== undefined && use !== "on_behalf_of")) return new TokenError("invalid_request");
  return {
    grantType: grantTypes.jwtBearer,
    issuedType: undefined,
    subject: { compact, type: "jwt" },
    actor: undefined,
  };
}

/** Undefined unless the token and a type that is served stand there together. */
function parseShown(form: TokenForm, name: "subject_token" | "actor_token"): ShownToken | undefined {
  const compact = form.one(name);
  const type = tokenTypes.get(form.one(`${name}_type`) ?? "");
  return compact === undefined || type === undefined ? undefined : { compact, type };
}

interface AskedMembers {
  readonly permissions: PermissionSet;
  readonly details: readonly AuthorizationDetail[];
  readonly audience: Audience | undefined;
}

function parseAsked(form: TokenForm): AskedMembers | TokenError {
  const permissions = parseScope(form.one("scope"));
  if (permissions instanceof TokenError) return permissions;
  const details = parseDetails(form.one("authorization_details"));
  if (details instanceof TokenError) return details;
  const audience = parseTarget(form, details);
  return audience instanceof TokenError ? audience : { permissions, details, audience };
}

/** RFC 6749 §3.3, to the letter: one space between, none around (P29). */
function parseScope(scope: string | undefined): PermissionSet | TokenError {
  const names = scope?.split(" ") ?? [];
  if (names.length > bounds.setSizeMax) return new TokenError("invalid_scope");
  const permissions: Permission[] = [];
  for (const name of names) {
    const permission = parsePermission(name);
    if (permission === undefined) return new TokenError("invalid_scope");
    permissions.push(permission);
  }
  return ExactSet.of(permissions);
}

function parseDetails(text: string | undefined): readonly AuthorizationDetail[] | TokenError {
  if (text === undefined) return [];
  const json = parseStrictJson(Buffer.from(text));
  const details = json instanceof RequestError ? undefined : parseAuthorizationDetails(json);
  // An empty list asks for nothing; taken for none, it would ask for everything (P29).
  return details === undefined || details.length === 0 ? new TokenError("invalid_authorization_details") : details;
}

/** An absolute URI without fragment (RFC 8707 §2). */
const absoluteUri = /^[a-z][a-z0-9+.-]*:[^#]+$/i;

/** `resource`, `audience` and the `locations` of details together name one target at most; none leaves it to policy. */
function parseTarget(form: TokenForm, details: readonly AuthorizationDetail[]): Audience | undefined | TokenError {
  const resources = form.every("resource");
  if (!resources.every((resource) => absoluteUri.test(resource))) return new TokenError("invalid_target");
  const named = new Set([...resources, ...form.every("audience"), ...details.flatMap(({ locations }) => locations)]);
  const [target] = named;
  if (target === undefined) return undefined;
  const audience = named.size === 1 ? parseAudience(target) : undefined;
  return audience ?? new TokenError("invalid_target");
}
