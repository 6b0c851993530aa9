/** Reads a held call's evidence from the one place that the listener names; what stands anywhere else is nobody's. */
import type {
  ClaimsEvidence,
  PeerActor,
  RoleTokenEvidence,
  ShownToken,
  TokensEvidence,
} from "../../domain/evidence.ts";
import { isJsonObject, ownMember } from "../../domain/json.ts";
import { RequestError } from "../../domain/request-error.ts";
import { parseStrictJson } from "../../domain/strict-json.ts";
import { parseWorkloadName } from "../../domain/workload-name.ts";
import type { HeldCall } from "./held-call.ts";
import { clientCertificateHeader, readSoleUri } from "./http/client-certificate.ts";
import { extAuthzLimits } from "./limits.ts";
import type { ActorPlace, IssueEvidenceOptions, PeerPlace, UseOptions } from "./options.ts";

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
      return readClaims(options, call, (name) => readPayload(readSole(call, name)));
    case "tokens":
      return readTokens(options, call);
  }
}

export function readUseEvidence({ tokenHeader, audiences }: UseOptions, call: HeldCall): RoleTokenEvidence | undefined {
  const token = readToken(call, tokenHeader);
  return token && { kind: "role_token", token, audiences };
}

/** The headers that carry evidence, by lower-case name: none of them goes on. */
export function evidenceHeaders({ kind, subject, actor }: IssueEvidenceOptions): readonly string[] {
  const shown = actor.kind === "shown" ? [subject, actor.at] : [subject];
  const peer = actor.kind === "peer" && actor.by === "x_forwarded_client_cert" ? [clientCertificateHeader] : [];
  return kind === "metadata" ? peer : [...shown, ...peer];
}

interface PartyPlaces {
  readonly subject: string;
  readonly actor: ActorPlace;
}

function readClaims(
  { subject: at, actor: place }: PartyPlaces,
  call: HeldCall,
  find: (at: string) => unknown,
): ClaimsEvidence | undefined {
  const subject = find(at);
  if (!isJsonObject(subject)) return undefined;
  if (place.kind === "peer") {
    const actor = readPeer(call, place.by);
    return actor && { kind: "claims", subject, actor };
  }
  const claims = find(place.at);
  return isJsonObject(claims) ? { kind: "claims", subject, actor: { kind: "claims", claims } } : undefined;
}

/** A role token of ours is exchanged onward at a token endpoint alone. */
function readTokens({ subject: at, actor: place }: PartyPlaces, call: HeldCall): TokensEvidence | undefined {
  const subject = readToken(call, at);
  if (subject === undefined) return undefined;
  if (place.kind === "peer") {
    const actor = readPeer(call, place.by);
    return actor && { kind: "tokens", subject, actor, isOnwardAccepted: false };
  }
  const token = readToken(call, place.at);
  return (
    token && { kind: "tokens", subject, actor: { kind: "token", token, client: undefined }, isOnwardAccepted: false }
  );
}

function readPeer(call: HeldCall, by: PeerPlace): PeerActor | undefined {
  const name = parseWorkloadName(by === "principal" ? call.peer : readCertificateUri(call));
  return name && { kind: "peer", name };
}

/** Of the one certificate that the gateway itself says it saw. */
function readCertificateUri(call: HeldCall): string | undefined {
  const field = readSole(call, clientCertificateHeader);
  return field === undefined ? undefined : readSoleUri(field);
}

/** Exactly one header field with exactly one value. */
function readSole({ headers }: HeldCall, name: string): string | undefined {
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
  const value = readSole(call, name);
  if (value === undefined) return undefined;
  const compact = bearer.exec(value)?.[1] ?? (name === "authorization" ? undefined : value);
  return compact === undefined ? undefined : { compact, type: "access_token" };
}
