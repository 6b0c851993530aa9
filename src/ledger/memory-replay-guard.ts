/**
 * Which assertions were used, in this process's memory: bounded, each forgotten after it expired. Nothing is known of
 * what came before the start, so what was issued before it is refused.
 */
import { Fault } from "../domain/refusal.ts";
import type { Clock } from "../ports/clock.ts";
import type { AssertionUse, ReplayGuard } from "../ports/replay-guard.ts";

export interface ReplayGuardOptions {
  readonly clock: Clock;
  /** Of all issuers together; 100 000 are about 20 MB. */
  readonly usesMax?: number;
}

/** Kept beyond `expiresAt`, because a clock may be set back a little and still count as reliable. */
const keptLongerSeconds = 60;

export function createMemoryReplayGuard({ clock, usesMax = 100_000 }: ReplayGuardOptions): ReplayGuard {
  const startedAt = clock.read().epochSeconds;
  const byIssuer = new Map<string, Map<string, number>>();
  let held = 0;
  let sweptAt = startedAt;

  /** At most once in a second: an assertion that finds no room must not cost more than it cost its sender. */
  function sweep(): void {
    const now = clock.read().epochSeconds;
    if (now === sweptAt) return;
    sweptAt = now;
    for (const expiries of byIssuer.values()) held -= forgetExpired(expiries, now - keptLongerSeconds);
  }

  return {
    isFirstUse({ issuer, id, issuedAt, expiresAt }: AssertionUse): boolean {
      // Whole seconds: what was issued within the second of the start may have been used before it.
      if (issuedAt <= startedAt) return false;
      const expiries = byIssuer.get(issuer) ?? new Map<string, number>();
      if (expiries.has(id)) return false;
      // Nobody holds more than is left: whatever one takes, there is room for the others.
      const hasRoom = (): boolean => expiries.size < usesMax - held;
      if (!hasRoom()) sweep();
      if (!hasRoom()) throw new Fault("ledger_unavailable", "no room to remember another assertion of this issuer");
      byIssuer.set(issuer, expiries.set(id, expiresAt));
      held += 1;
      return true;
    },
  };
}

/** How many were forgotten. */
function forgetExpired(expiries: Map<string, number>, before: number): number {
  const held = expiries.size;
  for (const [id, expiresAt] of expiries) {
    if (expiresAt <= before) expiries.delete(id);
  }
  return held - expiries.size;
}
