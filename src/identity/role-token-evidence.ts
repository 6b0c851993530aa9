/**
 * A role token, shown at the resource that it is for: who acts for whom stands in it. It is ours or of a Chaperone that
 * configuration names; nobody else's token counts here, whatever its issuer is believed for elsewhere.
 */
import type { AnyRequest } from "../domain/decision-request.ts";
import type { RoleTokenEvidence } from "../domain/evidence.ts";
import type { VerifiedEvidence } from "../domain/delegation-chain.ts";
import type { Issuer } from "../domain/identifiers.ts";
import { Refusal } from "../domain/refusal.ts";
import type { EvidenceVerifier } from "../ports/evidence-verifier.ts";
import { openStaticKeys } from "./keys/key-sources.ts";
import { createOwnKeys } from "./keys/own-keys.ts";
import { onceKnown } from "./once-known.ts";
import type { RoleTokenOptions } from "./options.ts";
import { createRoleTokenProfile } from "./profiles/chaperone.ts";
import type { IssuerProfile } from "./profiles/issuer-profile.ts";
import { ProfileError } from "./profiles/profile-error.ts";
import { actorOf } from "./actor-of.ts";
import { proveSubject } from "./token-evidence.ts";
import { untrusted } from "./token-problem.ts";
import { TokenVerifier } from "./verify-token.ts";

/** Throws a ProfileError for an issuer that cannot be used, and for two of one name. */
export function createRoleTokenVerifier(options: RoleTokenOptions): EvidenceVerifier {
  const tokens = new TokenVerifier(createRoleTokenProfiles(options));
  return {
    verify: ({ evidence }: AnyRequest, now: number) =>
      evidence.kind === "role_token" ? verifyShown(evidence, tokens, now) : Refusal.because("evidence_not_accepted"),
  };
}

function createRoleTokenProfiles(options: RoleTokenOptions): ReadonlyMap<Issuer, IssuerProfile> {
  const { own, issuers, leewaySeconds, openKeys = openStaticKeys } = options;
  const profiles = new Map([[own.issuer, createRoleTokenProfile(own.issuer, createOwnKeys(own.keys), leewaySeconds)]]);
  for (const { issuer, keys } of issuers) {
    if (issuer === own.issuer) throw new ProfileError("issuer_reserved", issuer);
    if (profiles.has(issuer)) throw new ProfileError("issuer_duplicate", issuer);
    profiles.set(issuer, createRoleTokenProfile(issuer, openKeys(keys, issuer), leewaySeconds));
  }
  return profiles;
}

function verifyShown(
  evidence: RoleTokenEvidence,
  tokens: TokenVerifier,
  now: number,
): VerifiedEvidence | Refusal | Promise<VerifiedEvidence | Refusal> {
  return onceKnown(proveSubject(evidence.token, tokens, now), (proved) => {
    if (proved instanceof Refusal) return proved;
    const { subject, origin, parent } = proved;
    const last = proved.inner.at(-1);
    if (parent === undefined || last === undefined) return Refusal.because("claim_malformed");
    if (!evidence.audiences.includes(parent.audience)) return untrusted("subject", "audience");
    const actor = { ...actorOf(last), expiresAt: parent.expiresAt, scopes: parent.permissions };
    return { vouchedBy: "signature", subject, actor, inner: proved.inner.slice(0, -1), origin, parent };
  });
}
