/** Where revocations and uses are kept. A new store is one file and one line here; the contract suite finds it. */
import type { Ledger } from "../ports/ledger.ts";
import type { ReplayGuard } from "../ports/replay-guard.ts";
import { createMemoryReplayGuard, type ReplayGuardOptions } from "./memory-replay-guard.ts";
import { createMemoryLedger, type MemoryLedgerOptions, type Revocations } from "./memory.ts";

export type LedgerOptions = MemoryLedgerOptions;

type Ledgers = {
  [Kind in LedgerOptions["kind"]]: (options: Extract<LedgerOptions, { kind: Kind }>) => Ledger & Revocations;
};

export const ledgers: Ledgers = { memory: createMemoryLedger };

type ReplayGuards = { [Kind in LedgerOptions["kind"]]: (options: ReplayGuardOptions) => ReplayGuard };

/** Where used assertions are remembered: in the same store. */
export const replayGuards: ReplayGuards = { memory: createMemoryReplayGuard };

export type { Revocations } from "./memory.ts";
