/**
 * Evidence that the sidecar verifies itself: a subject's token, and an actor's token, the client that asks or the peer
 * of the gateway. Who acts must be named by the subject's side (P6), and no inner actor counts as one.
 */
import type { AnyRequest } from "../domain/decision-request.ts";
import { clientOf, type ShownToken, type TokensEvidence } from "../domain/evidence.ts";
import type { Actor, VerifiedEvidence } from "../domain/delegation-chain.ts";
import { Refusal } from "../domain/refusal.ts";
import type { EvidenceVerifier } from "../ports/evidence-verifier.ts";
import { actorOf } from "./actor-of.ts";
import { isNextActor } from "./match-next-actor.ts";
import { onceKnown } from "./once-known.ts";
import type { TokensOptions } from "./options.ts";
import { createProfiles } from "./profiles/index.ts";
import type { ProvedSubject } from "./profiles/issuer-profile.ts";
import { TokenVerifier } from "./verify-token.ts";
import { createWorkloads, type FindWorkload, hasSecondIssuer } from "./workloads.ts";

type Proof = VerifiedEvidence | Refusal;

/** Throws a ProfileError for a profile that cannot be used. */
export function createTokensVerifier(options: TokensOptions): EvidenceVerifier {
  const world = {
    tokens: new TokenVerifier(createProfiles(options)),
    findWorkload: createWorkloads(options.workloads),
  };
  return {
    verify: ({ evidence }: AnyRequest, now: number) =>
      evidence.kind === "tokens" ? verifyTokens(evidence, world, now) : Refusal.because("evidence_not_accepted"),
  };
}

interface KnownParties {
  readonly tokens: TokenVerifier;
  readonly findWorkload: FindWorkload;
}

function verifyTokens(evidence: TokensEvidence, world: KnownParties, now: number): Proof | Promise<Proof> {
  return onceKnown(proveSubject(evidence.subject, world.tokens, now), (proved) => {
    if (proved instanceof Refusal) return proved;
    if (proved.parent !== undefined && !evidence.isOnwardAccepted) return Refusal.because("evidence_not_accepted");
    return onceKnown(findActor(evidence.actor, world, now), (known) => connect(proved, known, evidence));
  });
}

function findActor(
  actor: TokensEvidence["actor"],
  { tokens, findWorkload }: KnownParties,
  now: number,
): Actor | Refusal | Promise<Actor | Refusal> {
  switch (actor.kind) {
    case "token":
      return proveActor(actor.token, tokens, now);
    case "client":
      return actorOf(actor.client);
    case "peer":
      return findWorkload(actor.name);
  }
}

function connect(proved: ProvedSubject, actor: Actor | Refusal, evidence: TokensEvidence): Proof {
  if (actor instanceof Refusal) return actor;
  const { subject, inner, origin, parent, nextActors } = proved;
  const { kind } = evidence.actor;
  // With signed tokens nobody acts for itself here: that would be a token without delegation (TX-10).
  if (actor.issuer === subject.issuer && actor.id === subject.id) return Refusal.because("chain_cycle");
  if (kind === "peer" && hasSecondIssuer(actor, [subject, ...inner])) return Refusal.because("chain_cycle");
  const candidate = { actor, client: clientOf(evidence), isClient: kind === "client" };
  if (!isNextActor(nextActors, candidate)) return Refusal.because("actor_not_named");
  const vouchedBy = restsOnGateway(evidence.actor) ? "gateway" : "signature";
  return { vouchedBy, subject, actor, inner, origin, parent };
}

/** The actor is who it is because the gateway says so, whatever the subject's token proves. */
function restsOnGateway(actor: TokensEvidence["actor"]): boolean {
  switch (actor.kind) {
    case "token":
      return false;
    case "client":
      return actor.client.isVouchedFor === true;
    case "peer":
      return true;
  }
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
