/** Who is asking: one verifier per kind of evidence. A new kind is one file and one line here. */
import { Refusal } from "../domain/refusal.ts";
import type { EvidenceVerifier } from "../ports/evidence-verifier.ts";
import { createGatewayClaimsVerifier } from "./gateway-claims.ts";
import type { EvidenceOptions, GatewayClaimsOptions, RoleTokenOptions, TokensOptions } from "./options.ts";
import { createRoleTokenVerifier } from "./role-token-evidence.ts";
import { createTokensVerifier } from "./token-evidence.ts";

type Verifiers = {
  [Kind in EvidenceOptions["kind"]]: (options: Extract<EvidenceOptions, { kind: Kind }>) => EvidenceVerifier;
};

export const evidenceVerifiers: Verifiers = {
  "gateway-claims": createGatewayClaimsVerifier,
  tokens: createTokensVerifier,
  "role-token": createRoleTokenVerifier,
};

/** Each kind of evidence goes to its own verifier; a kind without options is refused. */
export function createEvidenceVerifier(options: {
  readonly claims?: GatewayClaimsOptions;
  readonly tokens?: TokensOptions;
  readonly roleToken?: RoleTokenOptions;
}): EvidenceVerifier {
  const claims = options.claims && evidenceVerifiers["gateway-claims"](options.claims);
  const tokens = options.tokens && evidenceVerifiers.tokens(options.tokens);
  const roleToken = options.roleToken && evidenceVerifiers["role-token"](options.roleToken);
  return {
    verify(request, now) {
      const verifier = { claims, tokens, role_token: roleToken }[request.evidence.kind];
      return verifier?.verify(request, now) ?? Refusal.because("evidence_not_accepted");
    },
  };
}

export type {
  EvidenceOptions,
  GatewayClaimsOptions,
  OidcProfileOptions,
  ProfileOptions,
  RoleTokenOptions,
  TokensOptions,
} from "./options.ts";
export { createClientAuthenticator } from "./clients/client-authenticator.ts";
export type { ClientOptions } from "./clients/options.ts";
