/**
 * Which assertions were used, in this process's memory: bounded, each forgotten after it expired. Nothing is known of
 * what came before the start, so what was issued before it is refused.
 */
import { Fault } from "../domain/refusal.ts";
import type { Clock } from "../ports/clock.ts";
import type { AssertionUse, ReplayGuard } from "../ports/replay-guard.ts";

export interface ReplayGuardOptions {
  readonly clock: Clock;
  /** More are refused until some expire; 100 000 are about 20 MB. */
  readonly usesMax?: number;
}

/** Kept beyond `expiresAt`, because a clock may be set back a little and still count as reliable. */
const keptLongerSeconds = 60;

export function createMemoryReplayGuard({ clock, usesMax = 100_000 }: ReplayGuardOptions): ReplayGuard {
  const startedAt = clock.read().epochSeconds;
  const expiries = new Map<string, number>();
  return {
    isFirstUse({ issuer, id, issuedAt, expiresAt }: AssertionUse): boolean {
      // Whole seconds: what was issued within the second of the start may have been used before it.
      if (issuedAt <= startedAt) return false;
      const key = JSON.stringify([issuer, id]);
      if (expiries.has(key)) return false;
      if (expiries.size >= usesMax) forgetExpired(expiries, clock.read().epochSeconds - keptLongerSeconds);
      if (expiries.size >= usesMax) throw new Fault("ledger_unavailable", "no room to remember another assertion");
      expiries.set(key, expiresAt);
      return true;
    },
  };
}

function forgetExpired(expiries: Map<string, number>, before: number): void {
  for (const [key, expiresAt] of expiries) {
    if (expiresAt <= before) expiries.delete(key);
  }
}
