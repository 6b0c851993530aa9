/** A role token shown for one call, as a door on the resource's side would hand it over. */
import { type CallAsked, DecisionRequest } from "../../src/domain/decision-request.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import { parseAudience, parsePermission } from "../../src/domain/identifiers.ts";
import { evidenceVerifiers, type RoleTokenOptions, type TokensOptions } from "../../src/identity/index.ts";
import type { EvidenceVerifier } from "../../src/ports/evidence-verifier.ts";
import { ourselves, roleToken } from "./issuers.ts";
import { flights, known, ownIssuer } from "./path-ports.ts";
import { testOrigin } from "./requests.ts";

export const ownKeys: TokensOptions["own"] = { issuer: ownIssuer, keys: { publicKeys: () => [ourselves.jwk] } };

export const createUseVerifier = (issuers: RoleTokenOptions["issuers"] = []): EvidenceVerifier =>
  evidenceVerifiers["role-token"]({ kind: "role-token", own: ownKeys, issuers, leewaySeconds: 5 });

export const observedCall: CallAsked["call"] = {
  method: "POST",
  host: "flights.example",
  path: "/flights",
  rawPath: "/flights",
  query: {},
  parameters: {},
  body: { form: "absent" },
};

export interface Use extends Partial<CallAsked> {
  readonly token?: string;
  readonly permission?: string;
  /** Whom the gateway stands in front of. */
  readonly audiences?: readonly string[];
}

export function useOf(use: Use = {}): DecisionRequest<"use"> {
  const { token = roleToken(), permission = "flights:book", audiences = [flights], ...asked } = use;
  const evidence = {
    kind: "role_token",
    token: { compact: token, type: "access_token" },
    audiences: audiences.map((audience) => known(parseAudience(audience))),
  } as const;
  return DecisionRequest.hold("use", testOrigin, evidence, {
    permissions: ExactSet.of([known(parsePermission(permission))]),
    action: undefined,
    resource: undefined,
    audience: undefined,
    call: observedCall,
    ...asked,
  });
}
