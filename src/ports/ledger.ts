import type { DelegationChain } from "../domain/delegation-chain.ts";
import type { ChainId } from "../domain/identifiers.ts";

export interface Ledger {
  /** False: execution limits cannot be enforced here, so a verdict that sets one is denied. */
  readonly countsUses: boolean;
  /**
   * Whether anything that the chain rests on has been revoked: a party (issuer and id together) or the chain itself.
   * Throws a Fault `ledger_unavailable` when it cannot tell; it never answers "good" on a guess.
   */
  isRevoked(chain: DelegationChain, chainId: ChainId): boolean | Promise<boolean>;
}
