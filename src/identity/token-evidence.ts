/**
 * Evidence that the sidecar verifies itself: a subject's token, and an actor's token or the client that asks. Who acts
 * must be named by the subject's side (P6); a name alone is never enough, and no inner actor counts as one.
 */
import type { AuthenticatedClient, AnyRequest, TokensEvidence } from "../domain/decision-request.ts";
import type { Actor, VerifiedEvidence } from "../domain/delegation-chain.ts";
import { ExactSet } from "../domain/exact-set.ts";
import { emptyObject } from "../domain/json.ts";
import { Refusal } from "../domain/refusal.ts";
import type { EvidenceVerifier } from "../ports/evidence-verifier.ts";
import { isNextActor } from "./match-next-actor.ts";
import type { TokensOptions } from "./options.ts";
import { createProfiles } from "./profiles/index.ts";
import { TokenVerifier } from "./verify-token.ts";

/** Throws a ProfileError for a profile that cannot be used. */
export function createTokensVerifier(options: TokensOptions): EvidenceVerifier {
  const tokens = new TokenVerifier(createProfiles(options));
  return {
    verify: ({ evidence }: AnyRequest, now: number) =>
      evidence.kind === "tokens" ? verifyTokens(evidence, tokens, now) : Refusal.because("evidence_not_accepted"),
  };
}

function verifyTokens(evidence: TokensEvidence, tokens: TokenVerifier, now: number): VerifiedEvidence | Refusal {
  const shown = tokens.verify(evidence.subject, "subject", now);
  if (shown instanceof Refusal) return shown;
  const proved = shown.profile.readSubject(shown.claims, shown.expiresAt);
  if (proved instanceof Refusal) return proved;
  if (proved.parent !== undefined && !evidence.isOnwardAccepted) return Refusal.because("evidence_not_accepted");
  const actor = verifyActor(evidence, tokens, now);
  if (actor instanceof Refusal) return actor;
  const { subject, inner, origin, parent, nextActors } = proved;
  // With signed tokens nobody acts for itself here: that would be a token without delegation (TX-10).
  if (actor.id === subject.id && actor.issuer === subject.issuer) return Refusal.because("chain_cycle");
  const candidate = { actor, client: evidence.client, isClient: evidence.actor === undefined };
  if (!isNextActor(nextActors, candidate)) return Refusal.because("actor_not_named");
  return { vouchedBy: "signature", subject, actor, inner, origin, parent };
}

function verifyActor({ actor, client }: TokensEvidence, tokens: TokenVerifier, now: number): Actor | Refusal {
  if (actor === undefined) return client === undefined ? Refusal.because("actor_unnamed") : actorOf(client);
  const shown = tokens.verify(actor, "actor", now);
  return shown instanceof Refusal ? shown : shown.profile.readActor(shown.claims, shown.expiresAt);
}

/** A client is known by its name; it has no claims, so it has no capability either and asks by scope. */
function actorOf({ id, issuer }: AuthenticatedClient): Actor {
  return {
    id,
    issuer,
    claims: emptyObject,
    expiresAt: undefined,
    scopes: undefined,
    capabilities: ExactSet.of([]),
    type: "ai_agent",
  };
}
