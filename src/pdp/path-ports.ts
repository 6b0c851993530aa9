import type { ChainRules } from "../domain/delegation-chain.ts";
import type { Clock } from "../ports/clock.ts";
import type { DecisionLog } from "../ports/decision-log.ts";
import type { EvidenceVerifier } from "../ports/evidence-verifier.ts";
import type { IdentifierSource } from "../ports/identifier-source.ts";
import type { Ledger } from "../ports/ledger.ts";
import type { Observer } from "../ports/observer.ts";
import type { PolicyEngine } from "../ports/policy-engine.ts";
import type { TokenMinter } from "../ports/token-minter.ts";

/** What a decision asks of the world, and the rules that configuration fixed at the start. */
export interface PathPorts {
  readonly clock: Clock;
  readonly identifiers: IdentifierSource;
  readonly evidence: EvidenceVerifier;
  readonly ledger: Ledger;
  readonly policy: PolicyEngine;
  readonly minter: TokenMinter;
  readonly log: DecisionLog;
  readonly observer: Observer;
  readonly rules: PathRules;
}

export interface PathRules extends ChainRules {
  /** Upper bound on a role token's life, at most `bounds.lifetimeSecondsMax`. */
  readonly lifetimeSecondsMax: number;
}
