/** Reads a held call's evidence from the one place that the listener names; what stands anywhere else is nobody's. */
import type { ClaimsEvidence, RoleTokenEvidence, ShownToken, TokensEvidence } from "../../domain/decision-request.ts";
import { isJsonObject, type JsonObject, ownMember } from "../../domain/json.ts";
import { RequestError } from "../../domain/request-error.ts";
import { parseStrictJson } from "../../domain/strict-json.ts";
import type { HeldCall } from "./held-call.ts";
import { extAuthzLimits } from "./limits.ts";
import type { IssueEvidenceOptions, PartyPlace, UseOptions } from "./options.ts";

/** Undefined: it is missing, stands there twice, or is not of the declared form. */
export function readIssueEvidence(
  options: IssueEvidenceOptions,
  call: HeldCall,
): ClaimsEvidence | TokensEvidence | undefined {
  switch (options.kind) {
    case "metadata": {
      const verified = ownMember(call.metadata, options.namespace);
      if (!isJsonObject(verified)) return undefined;
      return readClaims(options, call, (key) => ownMember(verified, key));
    }
    case "payload_headers":
      return readClaims(options, call, (name) => readPayload(readOnly(call, name)));
    case "tokens": {
      const subject = readToken(call, options.subject);
      const actor = readToken(call, options.actor);
      if (subject === undefined || actor === undefined) return undefined;
      return { kind: "tokens", subject, actor, client: undefined, isOnwardAccepted: false };
    }
  }
}

export function readUseEvidence({ tokenHeader, audiences }: UseOptions, call: HeldCall): RoleTokenEvidence | undefined {
  const token = readToken(call, tokenHeader);
  return token && { kind: "role_token", token, audiences };
}

/** The headers that carry evidence, by lower-case name: none of them goes on. */
export function evidenceHeaders(options: IssueEvidenceOptions): readonly string[] {
  switch (options.kind) {
    case "metadata":
      return [];
    case "payload_headers":
      return options.actor === "peer" ? [options.subject] : [options.subject, options.actor.at];
    case "tokens":
      return [options.subject, options.actor];
  }
}

function readClaims(
  { subject: at, actor: place }: { readonly subject: string; readonly actor: PartyPlace },
  { peer }: HeldCall,
  find: (at: string) => unknown,
): ClaimsEvidence | undefined {
  const subject = find(at);
  // A peer is known by its name alone, so it has no capability and asks by permission.
  const actor = place === "peer" ? renderPeer(peer) : find(place.at);
  return isJsonObject(subject) && isJsonObject(actor) ? { kind: "claims", subject, actor } : undefined;
}

function renderPeer(peer: string | undefined): JsonObject | undefined {
  return peer === undefined || peer === "" ? undefined : { sub: peer };
}

/** Exactly one header field with exactly one value. */
function readOnly({ headers }: HeldCall, name: string): string | undefined {
  const [value, ...others] = headers.get(name) ?? [];
  if (value === undefined || others.length > 0 || value === "") return undefined;
  return value.length <= extAuthzLimits.evidenceLengthMax ? value : undefined;
}

const base64url = /^[A-Za-z0-9_-]+={0,2}$/;

/** `jwt_authn` forwards a payload as base64url of the JSON that was signed. */
function readPayload(text: string | undefined): unknown {
  if (text === undefined || !base64url.test(text)) return undefined;
  const claims = parseStrictJson(Buffer.from(text, "base64url"));
  return claims instanceof RequestError ? undefined : claims;
}

const bearer = /^Bearer +([A-Za-z0-9_.~+/=-]+)$/i;

/** `Authorization` has a scheme before the token; a header of one's own may hold the token alone. */
function readToken(call: HeldCall, name: string): ShownToken | undefined {
  const value = readOnly(call, name);
  if (value === undefined) return undefined;
  const compact = bearer.exec(value)?.[1] ?? (name === "authorization" ? undefined : value);
  return compact === undefined ? undefined : { compact, type: "access_token" };
}
