/** Step "check": nothing that the chain rests on has been revoked. */
import type { DelegationChain } from "../domain/delegation-chain.ts";
import type { ChainId } from "../domain/identifiers.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Ledger } from "../ports/ledger.ts";

/** A chain that stood when it was asked; made here and nowhere else. */
export class StandingChain {
  readonly chain: DelegationChain;
  readonly chainId: ChainId;

  private constructor(chain: DelegationChain, chainId: ChainId) {
    this.chain = chain;
    this.chainId = chainId;
  }

  static async check(chain: DelegationChain, chainId: ChainId, ledger: Ledger): Promise<StandingChain | Refusal> {
    const isRevoked = await ledger.isRevoked(chain, chainId);
    return isRevoked ? Refusal.because("revoked") : new StandingChain(chain, chainId);
  }
}

export function checkStanding(
  chain: DelegationChain,
  chainId: ChainId,
  ledger: Ledger,
): Promise<StandingChain | Refusal> {
  return StandingChain.check(chain, chainId, ledger);
}
