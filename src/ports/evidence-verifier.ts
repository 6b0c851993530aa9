import type { VerifiedEvidence } from "../domain/delegation-chain.ts";
import type { AnyRequest } from "../domain/decision-request.ts";
import type { Refusal } from "../domain/refusal.ts";

export interface EvidenceVerifier {
  /**
   * Who the evidence proves, or why it proves nobody. `now` is epoch seconds. Nothing is guessed: a claim of the
   * wrong shape refuses all of it. Throws a Fault only when it could not tell (an issuer's keys out of reach).
   */
  verify(request: AnyRequest, now: number): VerifiedEvidence | Refusal | Promise<VerifiedEvidence | Refusal>;
}
