/**
 * One token by itself, judged by the verifier that decisions are made with: for people who want to know why a token is
 * refused. It proves nobody and decides nothing, because the other token and the client are not there.
 */
import type { ShownToken } from "../domain/evidence.ts";
import type { Actor, VerifiedEvidence } from "../domain/delegation-chain.ts";
import { parseIssuer, parsePartyId } from "../domain/identifiers.ts";
import { Refusal } from "../domain/refusal.ts";
import type { FollowingWorld } from "./keys/followed-keys.ts";
import { KeySources } from "./keys/key-sources.ts";
import { hasNextActor } from "./match-next-actor.ts";
import type { TokensOptions } from "./options.ts";
import { createProfiles } from "./profiles/index.ts";
import { actorOf } from "./actor-of.ts";
import { proveActor, proveSubject } from "./token-evidence.ts";
import { type SignatureJudgement, TokenVerifier } from "./verify-token.ts";

/** `now` is epoch seconds. Everything rejects with a Fault when the token's issuer could not be asked for its keys. */
export interface TokenInspector extends AsyncDisposable {
  /** "untold": no profile of its issuer, or no key of it that fits. */
  signature(compact: string, now: number): Promise<SignatureJudgement>;
  /** As if somebody whom it names acted next; the rules on the chain's shape are still to be asked. */
  subject(token: ShownToken, now: number): Promise<VerifiedEvidence | Refusal>;
  /** As if it acted for somebody who names it; the same rules are still to be asked. */
  actor(token: ShownToken, now: number): Promise<VerifiedEvidence | Refusal>;
}

/** Fetches nothing yet. Throws a ProfileError for a profile that cannot be used. */
export function createTokenInspector(options: TokensOptions, world: FollowingWorld): TokenInspector {
  const keys = new KeySources(world);
  const tokens = new TokenVerifier(createProfiles({ ...options, openKeys: keys.open }));
  return {
    signature: async (compact, now) => tokens.judgeSignature(compact, now),
    actor: async (token, now) => {
      const actor = await proveActor(token, tokens, now);
      if (actor instanceof Refusal) return actor;
      const subject = { ...somebody(), departments: [], roles: [] };
      const origin = { issuer: subject.issuer, source: "decision", value: undefined };
      return { vouchedBy: "signature", subject, actor, inner: [], origin, parent: undefined };
    },
    subject: async (token, now) => {
      const proved = await proveSubject(token, tokens, now);
      if (proved instanceof Refusal) return proved;
      const { subject, inner, origin, parent, nextActors } = proved;
      if (!hasNextActor(nextActors)) return Refusal.because("actor_not_named");
      return { vouchedBy: "signature", subject, actor: somebody(), inner, origin, parent };
    },
    [Symbol.asyncDispose]: () => keys.close(),
  };
}

/** Of an issuer that no profile can be of, so it is in no chain. */
function somebody(): Actor {
  const id = parsePartyId("somebody");
  const issuer = parseIssuer("urn:chaperone:inspector");
  if (id === undefined || issuer === undefined) throw new TypeError("a constant name does not parse");
  return actorOf({ id, issuer });
}
