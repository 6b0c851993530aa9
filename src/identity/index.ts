/** Who is asking: one verifier per kind of evidence. A new kind is one file and one line here. */
import type { EvidenceVerifier } from "../ports/evidence-verifier.ts";
import { createGatewayClaimsVerifier } from "./gateway-claims.ts";
import type { EvidenceOptions } from "./options.ts";

type Verifiers = {
  [Kind in EvidenceOptions["kind"]]: (options: Extract<EvidenceOptions, { kind: Kind }>) => EvidenceVerifier;
};

export const evidenceVerifiers: Verifiers = {
  "gateway-claims": createGatewayClaimsVerifier,
};

export type { EvidenceOptions, GatewayClaimsOptions } from "./options.ts";
export { createClientAuthenticator } from "./clients/client-authenticator.ts";
export { ClientError } from "./clients/client-error.ts";
export type { ClientAuthentication, ClientOptions, ClientsOptions } from "./clients/options.ts";
