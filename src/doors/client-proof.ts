/**
 * How a client shows itself at the token endpoint. Exactly one way counts: two are refused rather than ranked
 * (RFC 6749 §2.3), and a certificate, which every request of a connection carries, counts only where nothing else is shown.
 */
import type { IncomingMessage } from "node:http";
import type { GatewayName } from "../domain/identifiers.ts";
import type { ClientProof } from "../ports/client-authenticator.ts";
import { hasDuplicate } from "./headers.ts";
import { peerNames } from "./mutual-tls.ts";
import { TokenError } from "./token-errors.ts";
import { decodeFormText, type TokenForm } from "./token-form.ts";

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

export interface Introduction {
  readonly request: IncomingMessage;
  readonly form: TokenForm;
  /** Who may vouch for clients: it proved itself by the socket or by its certificate. */
  readonly gateway: GatewayName | undefined;
  /** The one header field in which it does so. */
  readonly clientField: string | undefined;
}

type Shown = ClientProof | TokenError | undefined;

export function parseClientProof(introduction: Introduction): ClientProof | TokenError {
  const shown: readonly Shown[] = [
    parseBasic(introduction),
    parsePost(introduction),
    parseAssertion(introduction),
    parseVouched(introduction),
  ];
  const proofs = shown.filter((proof) => proof !== undefined);
  if (proofs.length > 1) return new TokenError("invalid_request");
  const [proof = parseCertificate(introduction)] = proofs;
  if (proof === undefined) return new TokenError("invalid_client");
  // A `client_id` beside the proof may only repeat it.
  const named = introduction.form.one("client_id");
  const isContradicted = !(proof instanceof TokenError) && named !== undefined && (proof.id ?? named) !== named;
  return isContradicted ? new TokenError("invalid_request") : proof;
}

const basic = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

function parseBasic({ request }: Introduction): Shown {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  if (hasDuplicate(request, "authorization")) return new TokenError("invalid_request");
  const encoded = basic.exec(header)?.[1] ?? "";
  const bytes = Buffer.from(encoded, "base64");
  const text = bytes.toString("latin1");
  const colon = text.indexOf(":");
  // One credential has one spelling: padding bits and bytes beyond ASCII would make two of it.
  if (colon < 1 || bytes.toString("base64") !== encoded || !/^[\x20-\x7e]+$/.test(text)) {
    return new TokenError("invalid_client");
  }
  const id = decodeFormText(text.slice(0, colon));
  const secret = decodeFormText(text.slice(colon + 1));
  if (id === undefined || secret === undefined) return new TokenError("invalid_client");
  return { kind: "secret", method: "client_secret_basic", id, secret };
}

function parsePost({ form }: Introduction): Shown {
  const secret = form.one("client_secret");
  if (secret === undefined) return undefined;
  const id = form.one("client_id");
  return id === undefined
    ? new TokenError("invalid_request")
    : { kind: "secret", method: "client_secret_post", id, secret };
}

function parseAssertion({ form }: Introduction): Shown {
  const compact = form.one("client_assertion");
  const type = form.one("client_assertion_type");
  if (compact === undefined && type === undefined) return undefined;
  if (compact === undefined || type === undefined) return new TokenError("invalid_request");
  return type === assertionType
    ? { kind: "assertion", id: form.one("client_id"), compact }
    : new TokenError("invalid_client");
}

/** Where no field is declared, no header names a client; where one is, only the gateway may send it (P30). */
function parseVouched({ request, gateway, clientField }: Introduction): Shown {
  if (clientField === undefined) return undefined;
  const id = request.headers[clientField.toLowerCase()];
  if (id === undefined) return undefined;
  if (typeof id !== "string" || hasDuplicate(request, clientField.toLowerCase())) {
    return new TokenError("invalid_request");
  }
  return gateway === undefined || id === "" ? new TokenError("invalid_client") : { kind: "vouched", id };
}

function parseCertificate({ request, form }: Introduction): ClientProof | undefined {
  const names = peerNames(request.socket);
  return names.length === 0 ? undefined : { kind: "certificate", id: form.one("client_id"), names };
}
