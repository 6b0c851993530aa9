/** Where revocations and uses are kept. A new store is one file and one line here; the contract suite finds it. */
import type { Ledger } from "../ports/ledger.ts";
import { createMemoryLedger, type MemoryLedgerOptions, type Revocations } from "./memory.ts";

export type LedgerOptions = MemoryLedgerOptions;

type Ledgers = {
  [Kind in LedgerOptions["kind"]]: (options: Extract<LedgerOptions, { kind: Kind }>) => Ledger & Revocations;
};

export const ledgers: Ledgers = { memory: createMemoryLedger };

export type { Revocations } from "./memory.ts";
