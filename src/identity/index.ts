/** Who is asking: one verifier per kind of evidence. A new kind is one file and one line here. */
import { Refusal } from "../domain/refusal.ts";
import type { ClientAuthenticator } from "../ports/client-authenticator.ts";
import type { EvidenceVerifier } from "../ports/evidence-verifier.ts";
import type { IssuerKeysStatus } from "../ports/issuer-keys-status.ts";
import type { ReplayGuard } from "../ports/replay-guard.ts";
import { createClientAuthenticator } from "./clients/client-authenticator.ts";
import type { ClientsOptions } from "./clients/options.ts";
import { createGatewayClaimsVerifier } from "./gateway-claims.ts";
import type { FollowingWorld } from "./keys/followed-keys.ts";
import { KeySources } from "./keys/key-sources.ts";
import type { EvidenceOptions, GatewayClaimsOptions, RoleTokenOptions, TokensOptions } from "./options.ts";
import { createRoleTokenVerifier } from "./role-token-evidence.ts";
import { createTokensVerifier } from "./token-evidence.ts";
import type { WorkloadOptions } from "./workloads.ts";

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

export interface IdentityOptions extends ClientsOptions {
  readonly claims: GatewayClaimsOptions;
  /** What peers are able to do; one that is not listed, nothing by capability. */
  readonly workloads: readonly WorkloadOptions[];
  /** Without an issuer tokens prove nobody; with one, ours are shown to be exchanged onward. */
  readonly issuers: TokensOptions["issuers"];
  readonly own: TokensOptions["own"];
  /** Whose role tokens count beside our own, where they are used. */
  readonly roleTokens: Pick<RoleTokenOptions, "issuers" | "leewaySeconds">;
}

export interface IdentityWorld extends FollowingWorld {
  readonly replayGuard: ReplayGuard;
}

export interface IdentityRoom extends IssuerKeysStatus {
  readonly evidence: EvidenceVerifier;
  /** Undefined: no client is configured. */
  readonly clients: ClientAuthenticator | undefined;
  /** Asks every issuer for its keys, now. Never rejects: what is wrong stands in the states. */
  refreshKeys(): Promise<void>;
  close(): Promise<void>;
}

/** Fetches nothing yet. Throws a ProfileError or a ClientError for what cannot be used. */
export function createIdentityRoom(options: IdentityOptions, { replayGuard, ...world }: IdentityWorld): IdentityRoom {
  const { workloads, issuers, own, roleTokens, clients } = options;
  const keys = new KeySources(world);
  const claims = { ...options.claims, workloads };
  const tokens = { kind: "tokens", issuers, own, workloads, openKeys: keys.open } as const;
  const roleToken = { kind: "role-token", own, ...roleTokens, openKeys: keys.open } as const;
  return {
    evidence: createEvidenceVerifier(issuers.length === 0 ? { claims, roleToken } : { claims, tokens, roleToken }),
    clients: clients.length === 0 ? undefined : createClientAuthenticator(options, replayGuard),
    states: () => keys.states(),
    refreshKeys: () => keys.refresh(),
    close: () => keys.close(),
  };
}

export type {
  EvidenceOptions,
  GatewayClaimsOptions,
  DeclaredProfileOptions,
  ProfileOptions,
  RoleTokenOptions,
  TokensOptions,
} from "./options.ts";
export type { WorkloadOptions } from "./workloads.ts";
export { ClientError } from "./clients/client-error.ts";
export { ProfileError } from "./profiles/profile-error.ts";
export { createClientAuthenticator } from "./clients/client-authenticator.ts";
export type { ClientOptions } from "./clients/options.ts";
export { createTokenInspector, type TokenInspector } from "./token-inspector.ts";
