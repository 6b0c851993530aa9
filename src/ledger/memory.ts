/**
 * Revocations in this process's memory. Honest about what it is: gone at a restart, unknown to other replicas,
 * and it counts no uses.
 */
import type { DelegationChain } from "../domain/delegation-chain.ts";
import type { ChainId, Issuer, PartyId } from "../domain/identifiers.ts";
import type { Ledger } from "../ports/ledger.ts";

export interface Revocations {
  revokeParty(issuer: Issuer, id: PartyId): void;
  revokeChain(chainId: ChainId): void;
}

export interface MemoryLedgerOptions {
  readonly kind: "memory";
}

export function createMemoryLedger(_options: MemoryLedgerOptions): Ledger & Revocations {
  const parties = new Set<string>();
  const chains = new Set<ChainId>();
  return {
    countsUses: false,
    isRevoked(chain: DelegationChain, chainId: ChainId): boolean {
      if (parties.size === 0 && chains.size === 0) return false;
      const links = [chain.subject, chain.actor, ...chain.inner];
      return chains.has(chainId) || links.some(({ issuer, id }) => id !== undefined && parties.has(keyOf(issuer, id)));
    },
    revokeParty(issuer: Issuer, id: PartyId): void {
      parties.add(keyOf(issuer, id));
    },
    revokeChain(chainId: ChainId): void {
      chains.add(chainId);
    },
  };
}

/** Issuer and id together, unambiguously: parties of different issuers never collide. */
function keyOf(issuer: Issuer, id: PartyId): string {
  return JSON.stringify([issuer, id]);
}
