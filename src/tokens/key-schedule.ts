/**
 * Which key signs and which keys are published at an instant: a pure function of the key set, of when each key was
 * first published, and of `now`. Nothing here needs a timer.
 *
 * The newest key (by `activate_at`) whose time has come signs. A key that joins a running set is published at once
 * and signs no sooner than every cached JWKS has been fetched anew, even when its `activate_at` is already past.
 * When none of the keys that were published may sign (the first set, or one that replaces all), the file is believed.
 * A key that was followed stays published until the last token that it can have signed, here or at a replica that
 * saw the file later, is dead.
 */
import type { SigningKey } from "./signing-key.ts";
import { tokenBounds } from "./token-bounds.ts";

export interface ScheduleTerms {
  readonly jwksCacheSeconds: number;
  readonly clockLeewaySeconds: number;
}

/** From publishing a key to its first signature. */
export function publishLeadSeconds({ jwksCacheSeconds }: Pick<ScheduleTerms, "jwksCacheSeconds">): number {
  return jwksCacheSeconds + tokenBounds.publishMarginSeconds;
}

/** From a key's last signature to the end of its publication. */
export function retentionSeconds(terms: ScheduleTerms): number {
  return tokenBounds.lifetimeSecondsMax + terms.clockLeewaySeconds + publishLeadSeconds(terms);
}

export interface ScheduledKey {
  readonly key: SigningKey;
  /** Epoch seconds; never before the key was published long enough. */
  readonly signsFrom: number;
  /** Epoch seconds; Infinity while no key follows it. */
  readonly publishedUntil: number;
}

interface Entry {
  readonly key: SigningKey;
  readonly publishedAt: number;
  /** When it left the file; from then on it signs no more. */
  readonly withdrawnAt: number;
}

export class KeySchedule {
  readonly #terms: ScheduleTerms;
  /** By `activate_at`, which is unique within a set. */
  readonly #current: readonly ScheduledKey[];
  readonly #withdrawn: readonly ScheduledKey[];
  readonly #entries: readonly Entry[];

  private constructor(entries: readonly Entry[], terms: ScheduleTerms) {
    this.#terms = terms;
    this.#entries = entries;
    const current = entries.filter(({ withdrawnAt }) => withdrawnAt === Infinity);
    current.sort((left, right) => left.key.activateAt - right.key.activateAt);
    const starts = current.map((entry) => startOf(entry, terms));
    this.#current = current.map((entry, index) => ({
      key: entry.key,
      signsFrom: startOf(entry, terms),
      publishedUntil: Math.min(...starts.slice(index + 1)) + retentionSeconds(terms),
    }));
    this.#withdrawn = entries
      .filter(({ withdrawnAt }) => withdrawnAt !== Infinity)
      .map((entry) => ({
        key: entry.key,
        signsFrom: Infinity,
        publishedUntil: entry.withdrawnAt + retentionSeconds(terms),
      }));
  }

  static empty(terms: ScheduleTerms): KeySchedule {
    return new KeySchedule([], terms);
  }

  /** The schedule from `now` on, when the file holds exactly `keys`. */
  replacedBy(keys: readonly SigningKey[], now: number): KeySchedule {
    const kept = new Map(this.#entries.map((entry) => [entry.key.kid, entry]));
    const current = keys.map((key): Entry => {
      const known = kept.get(key.kid);
      return { key, publishedAt: known?.publishedAt ?? now, withdrawnAt: Infinity };
    });
    const mayOneSign = current.some((entry) => kept.has(entry.key.kid) && startOf(entry, this.#terms) <= now);
    const believed = mayOneSign ? current : current.map((entry) => ({ ...entry, publishedAt: -Infinity }));
    const inFile = new Set(keys.map(({ kid }) => kid));
    const withdrawn = this.#entries
      .filter(({ key }) => !inFile.has(key.kid) && this.#hasSigned(key, now))
      .map((entry) => ({ ...entry, withdrawnAt: Math.min(entry.withdrawnAt, now) }));
    return new KeySchedule([...believed, ...withdrawn], this.#terms);
  }

  active(now: number): ScheduledKey | undefined {
    return this.#current.findLast(({ signsFrom }) => signsFrom <= now);
  }

  /** Every key that verifiers need, or soon will: what signs, what will sign, and what signed lately. */
  published(now: number): readonly ScheduledKey[] {
    return [...this.#withdrawn, ...this.#current].filter(({ publishedUntil }) => publishedUntil > now);
  }

  /** The next instant at which another key signs, given that no file changes. */
  nextStart(now: number): number {
    return Math.min(...this.#current.map(({ signsFrom }) => signsFrom).filter((start) => start > now));
  }

  #hasSigned(key: SigningKey, now: number): boolean {
    const scheduled = [...this.#withdrawn, ...this.#current].find((one) => one.key.kid === key.kid);
    if (scheduled === undefined || scheduled.publishedUntil <= now) return false;
    return scheduled.signsFrom <= now || this.#withdrawn.includes(scheduled);
  }
}

function startOf({ key, publishedAt }: Entry, terms: ScheduleTerms): number {
  return Math.max(key.activateAt, publishedAt + publishLeadSeconds(terms));
}
