/** Why a token is not believed: one refusal code, and constant texts that quote nothing of the token. */
import { Refusal } from "../domain/refusal.ts";

/** What the token is shown for. */
export type TokenUse = "subject" | "actor";

const problems = {
  malformed: "is no compact JWS of the accepted size and header",
  issuer: "is of an issuer that has no profile",
  use: "is of an issuer that does not vouch for this party",
  kind: "is not of a kind that its issuer's profile accepts as what it is shown as",
  algorithm: "is signed with an algorithm that its issuer's profile does not accept",
  signature: "is not signed with a key of its issuer",
  audience: "is not for an audience that its issuer's profile accepts",
  client: "was not issued to a client that its issuer's profile accepts",
  binding: "is bound to a key, and nothing here proves that its holder has it",
  pin: "does not say of itself what its issuer's profile pins",
  fetched: "keeps some claims elsewhere, and nothing is fetched",
  party: "is of another kind of party than it is shown for, or does not tell",
  lifetime: "lives longer than its issuer's profile accepts",
  delegated: "already carries `act`, and an actor acts for itself",
} as const;

export type TokenProblem = keyof typeof problems;

export function untrusted(use: TokenUse, problem: TokenProblem): Refusal {
  return Refusal.because("evidence_untrusted", [
    { code: "evidence_untrusted", message: `The ${use} token ${problems[problem]}.` },
  ]);
}
