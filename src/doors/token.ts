/**
 * The token door: OAuth clients exchange tokens for a role token (RFC 8693, RFC 7523). It reads a form, has the client
 * prove itself, and asks the same `decide` as every door.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { renderDetail } from "../domain/authorization-detail.ts";
import type { Allow, Decision } from "../domain/decision.ts";
import type { AuthenticatedClient } from "../domain/evidence.ts";
import { type GatewayName, parseGatewayName } from "../domain/identifiers.ts";
import { RequestError } from "../domain/request-error.ts";
import { statusOf, writeJson } from "./answers.ts";
import { isPlain, readBody } from "./body.ts";
import { parseClientProof } from "./client-proof.ts";
import type { Door, DoorSite } from "./door.ts";
import { TokenError, type TokenErrorCode, tokenErrorOf, tokenErrors } from "./token-errors.ts";
import { isFormType, TokenForm } from "./token-form.ts";
import { parseTokenRequest, type TokenRequest } from "./token-request.ts";
import { wellKnown } from "./well-known.ts";

export const tokenDoor: Door = {
  admits: "client",
  routes: (site) => [
    {
      admits: "client",
      path: wellKnown(site.house.issuer).tokenPath,
      methods: ["POST"],
      answer: async (request, response, gateway) => {
        const form = await readForm(site, request, response);
        if (form === undefined) return;
        const asked = form instanceof TokenError ? form : await parse(site, { request, form, gateway });
        if (asked instanceof TokenError) return refuse(site, response, asked.code);
        writeDecision(response, asked, await site.house.decide(asked.decisionRequest));
      },
    },
  ],
};

/** Undefined: the caller hung up, or has been answered. */
async function readForm(
  site: DoorSite,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<TokenForm | TokenError | undefined> {
  if (!isFormType(request) || !isPlain(request)) return refuseBody(site, response, "media_type_unsupported");
  const body = await readBody(request, response, site.limits.discardBytesMax);
  if (body instanceof RequestError) return refuseBody(site, response, "body_too_large");
  return body === undefined ? undefined : (TokenForm.parse(body) ?? new TokenError("invalid_request"));
}

/** Counted like every refusal of a listener, told like an OAuth error; RFC 6749 §5.2 has 400 for the media type too. */
function refuseBody(
  site: DoorSite,
  response: ServerResponse,
  code: "media_type_unsupported" | "body_too_large",
): undefined {
  site.answers.note(response, code);
  const isTooLarge = code === "body_too_large";
  writeError(response, "invalid_request", isTooLarge ? { status: statusOf[code], extra: ["Connection", "close"] } : {});
  return undefined;
}

/** Nothing was decided, so only the listener's count tells of one who guesses secrets. */
function refuse({ answers }: DoorSite, response: ServerResponse, code: TokenErrorCode): void {
  answers.count(code === "invalid_client" ? "credential_required" : "member_invalid");
  writeError(response, code);
}

interface Shown {
  readonly request: IncomingMessage;
  readonly form: TokenForm;
  readonly gateway: GatewayName | undefined;
}

async function parse({ house, listener, clientField }: DoorSite, shown: Shown): Promise<TokenRequest | TokenError> {
  const { gateway, form } = shown;
  const proof = parseClientProof({ ...shown, clientField });
  if (proof instanceof TokenError) return proof;
  const client = await house.clients?.authenticate(proof, house.clock.read().epochSeconds);
  if (client === undefined) return new TokenError("invalid_client");
  return parseTokenRequest(form, client, { door: "token", listener, gateway: gateway ?? callerName(client) });
}

/** Where no gateway stands between, the client itself is the caller on record. */
function callerName({ id }: AuthenticatedClient): GatewayName {
  const name = parseGatewayName(id);
  if (name === undefined) throw new TypeError("a client's identifier does not parse as a caller's name");
  return name;
}

function writeDecision(response: ServerResponse, { grantType, issuedType }: TokenRequest, decision: Decision): void {
  const extra = { decisionId: decision.decisionId };
  switch (decision.outcome) {
    case "allow":
      return writeJson(response, 200, renderAllow(decision, issuedType));
    case "deny":
      return writeError(response, tokenErrorOf(grantType, decision), extra);
    case "approval_required":
      return writeError(response, tokenErrorOf(grantType, undefined), extra);
  }
}

/** RFC 8693 §2.2.1. `scope` is what the token's is, and left out only when every permission has strings attached. */
function renderAllow({ grant, token }: Allow, issuedType: string | undefined): object {
  const { permissions, details, audience, issuedAt, expiresAt } = grant;
  return {
    access_token: token,
    ...(issuedType === undefined ? {} : { issued_token_type: issuedType }),
    token_type: "Bearer",
    expires_in: expiresAt - issuedAt,
    ...(permissions.size === 0 ? {} : { scope: permissions.toArray().join(" ") }),
    ...(details.length === 0 ? {} : { authorization_details: details.map((detail) => renderDetail(detail, audience)) }),
  };
}

interface ErrorParts {
  readonly decisionId?: string;
  readonly status?: number;
  readonly extra?: readonly string[];
}

function writeError(response: ServerResponse, code: TokenErrorCode, parts: ErrorParts = {}): void {
  const { decisionId, status = code === "invalid_client" ? 401 : 400, extra = challenge(response, code) } = parts;
  writeJson(
    response,
    status,
    {
      error: code,
      error_description: tokenErrors[code],
      ...(decisionId === undefined ? {} : { decision_id: decisionId }),
    },
    extra,
  );
}

/** RFC 6749 §5.2: a client that used the Authorization field is told the scheme; others would take it for a challenge. */
function challenge({ req }: ServerResponse, code: TokenErrorCode): readonly string[] {
  return code === "invalid_client" && req.headers.authorization !== undefined
    ? ["WWW-Authenticate", 'Basic realm="token"']
    : [];
}
