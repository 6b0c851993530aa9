/**
 * Evidence that the sidecar verifies itself: a subject's token, and an actor's token or the client that asks. Who acts
 * must be named by the subject's side (P6); a name alone is never enough, and no inner actor counts as one.
 */
import type { AnyRequest, AuthenticatedClient, ShownToken, TokensEvidence } from "../domain/decision-request.ts";
import type { Actor, VerifiedEvidence } from "../domain/delegation-chain.ts";
import { ExactSet } from "../domain/exact-set.ts";
import { emptyObject } from "../domain/json.ts";
import { Refusal } from "../domain/refusal.ts";
import type { EvidenceVerifier } from "../ports/evidence-verifier.ts";
import { isNextActor } from "./match-next-actor.ts";
import { onceKnown } from "./once-known.ts";
import type { TokensOptions } from "./options.ts";
import { createProfiles } from "./profiles/index.ts";
import type { ProvedSubject } from "./profiles/issuer-profile.ts";
import { TokenVerifier } from "./verify-token.ts";

type Proof = VerifiedEvidence | Refusal;

/** Throws a ProfileError for a profile that cannot be used. */
export function createTokensVerifier(options: TokensOptions): EvidenceVerifier {
  const tokens = new TokenVerifier(createProfiles(options));
  return {
    verify: ({ evidence }: AnyRequest, now: number) =>
      evidence.kind === "tokens" ? verifyTokens(evidence, tokens, now) : Refusal.because("evidence_not_accepted"),
  };
}

function verifyTokens(evidence: TokensEvidence, tokens: TokenVerifier, now: number): Proof | Promise<Proof> {
  return onceKnown(proveSubject(evidence.subject, tokens, now), (proved) => {
    if (proved instanceof Refusal) return proved;
    if (proved.parent !== undefined && !evidence.isOnwardAccepted) return Refusal.because("evidence_not_accepted");
    return onceKnown(findActor(evidence, tokens, now), (known) => connect(proved, known, evidence));
  });
}

/** Its own token, or else the client that asks. */
function findActor(
  { actor, client }: TokensEvidence,
  tokens: TokenVerifier,
  now: number,
): Actor | Refusal | Promise<Actor | Refusal> {
  if (actor !== undefined) return proveActor(actor, tokens, now);
  return client === undefined ? Refusal.because("actor_unnamed") : actorOf(client);
}

function connect(proved: ProvedSubject, actor: Actor | Refusal, evidence: TokensEvidence): Proof {
  if (actor instanceof Refusal) return actor;
  const { subject, inner, origin, parent, nextActors } = proved;
  // With signed tokens nobody acts for itself here: that would be a token without delegation (TX-10).
  if (actor.id === subject.id && actor.issuer === subject.issuer) return Refusal.because("chain_cycle");
  const candidate = { actor, client: evidence.client, isClient: evidence.actor === undefined };
  if (!isNextActor(nextActors, candidate)) return Refusal.because("actor_not_named");
  return { vouchedBy: "signature", subject, actor, inner, origin, parent };
}

/** The subject's token by itself. */
export function proveSubject(
  token: ShownToken,
  tokens: TokenVerifier,
  now: number,
): ProvedSubject | Refusal | Promise<ProvedSubject | Refusal> {
  return onceKnown(tokens.verify(token, "subject", now), (shown) =>
    shown instanceof Refusal ? shown : shown.profile.readSubject(shown.claims, shown.expiresAt),
  );
}

/** The actor's token by itself. */
export function proveActor(
  token: ShownToken,
  tokens: TokenVerifier,
  now: number,
): Actor | Refusal | Promise<Actor | Refusal> {
  return onceKnown(tokens.verify(token, "actor", now), (shown) =>
    shown instanceof Refusal ? shown : shown.profile.readActor(shown.claims, shown.expiresAt),
  );
}

/** A client is known by its name; it has no claims, so what it is able to do is what configuration says of it. */
export function actorOf({ id, issuer, capabilities = ExactSet.of([]) }: AuthenticatedClient): Actor {
  return {
    id,
    issuer,
    claims: emptyObject,
    expiresAt: undefined,
    scopes: undefined,
    capabilities,
    type: "ai_agent",
  };
}
