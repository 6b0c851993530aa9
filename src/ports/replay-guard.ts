import type { Issuer } from "../domain/identifiers.ts";

export interface ReplayGuard {
  /**
   * True the first time that (issuer, id) is shown before `expiresAt`, false ever after; remembered at least that long.
   * Keyed by the id and never by the text of a token, which can be altered without breaking its signature (P10).
   * `issuedAt` before this guard began is refused too: what was seen before a restart is not known. Throws a Fault
   * `ledger_unavailable` when it cannot tell; however much one issuer shows, it goes on telling for the others.
   */
  isFirstUse(use: AssertionUse): boolean | Promise<boolean>;
}

export interface AssertionUse {
  readonly issuer: Issuer;
  /** `jti`. */
  readonly id: string;
  /** Epoch seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}
