/**
 * A role token of ours, shown at the resource that it is for: who acts for whom stands in it, and nobody else's token
 * counts here, whatever its issuer is believed for elsewhere.
 */
import type { AnyRequest, RoleTokenEvidence } from "../domain/decision-request.ts";
import type { VerifiedEvidence } from "../domain/delegation-chain.ts";
import { ExactSet } from "../domain/exact-set.ts";
import { emptyObject } from "../domain/json.ts";
import { Refusal } from "../domain/refusal.ts";
import type { EvidenceVerifier } from "../ports/evidence-verifier.ts";
import { onceKnown } from "./once-known.ts";
import type { RoleTokenOptions } from "./options.ts";
import { createProfiles } from "./profiles/index.ts";
import { proveSubject } from "./token-evidence.ts";
import { untrusted } from "./token-problem.ts";
import { TokenVerifier } from "./verify-token.ts";

/** Throws a ProfileError for a leeway that is too large. */
export function createRoleTokenVerifier({ own, leewaySeconds }: RoleTokenOptions): EvidenceVerifier {
  const profiles = createProfiles({ kind: "tokens", issuers: [{ kind: "chaperone", leewaySeconds }], own });
  const tokens = new TokenVerifier(profiles);
  return {
    verify: ({ evidence }: AnyRequest, now: number) =>
      evidence.kind === "role_token" ? verifyShown(evidence, tokens, now) : Refusal.because("evidence_not_accepted"),
  };
}

/** Our own keys are at hand, so nothing is waited for. */
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
    const actor = {
      ...last,
      claims: emptyObject,
      expiresAt: parent.expiresAt,
      scopes: parent.permissions,
      capabilities: ExactSet.of([]),
      type: "ai_agent",
    };
    return { vouchedBy: "signature", subject, actor, inner: proved.inner.slice(0, -1), origin, parent };
  });
}
