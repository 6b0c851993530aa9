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
  /** Epoch seconds at which this process first published it; -Infinity when the file was believed. */
  readonly publishedAt: number;
  /** Epoch seconds; never before the key was published long enough. Infinity once it has left the file. */
  readonly signsFrom: number;
  /** Epoch seconds; Infinity while no key follows it. */
  readonly publishedUntil: number;
}

export class KeySchedule {
  readonly #terms: ScheduleTerms;
  /** The keys of the file, by `activate_at`, which is unique within a set. */
  readonly #current: readonly ScheduledKey[];
  /** Keys that left the file while tokens of theirs may be alive. */
  readonly #withdrawn: readonly ScheduledKey[];

  private constructor(terms: ScheduleTerms, current: readonly ScheduledKey[], withdrawn: readonly ScheduledKey[]) {
    this.#terms = terms;
    this.#current = current;
    this.#withdrawn = withdrawn;
  }

  static empty(terms: ScheduleTerms): KeySchedule {
    return new KeySchedule(terms, [], []);
  }

  /** The schedule from `now` on, when the file holds exactly `keys`. */
  replacedBy(keys: readonly SigningKey[], now: number): KeySchedule {
    const known = new Map(this.published(now).map((one) => [one.key.kid, one.publishedAt]));
    const timed = keys.map((key) => this.#start(key, known.get(key.kid) ?? now));
    const mayOneSign = timed.some(({ key, signsFrom }) => known.has(key.kid) && signsFrom <= now);
    const believed = mayOneSign ? timed : keys.map((key) => this.#start(key, -Infinity));
    const current = believed.toSorted((left, right) => left.key.activateAt - right.key.activateAt);
    const kids = new Set(keys.map(({ kid }) => kid));
    const withdrawn = this.published(now).filter(({ key }) => !kids.has(key.kid));
    return new KeySchedule(
      this.#terms,
      current.map((one, index) => this.#endAfter(one, current.slice(index + 1))),
      withdrawn.filter((one) => this.#mayHaveSigned(one, now)).map((one) => this.#withdraw(one, now)),
    );
  }

  active(now: number): ScheduledKey | undefined {
    return this.#current.findLast(({ signsFrom }) => signsFrom <= now);
  }

  /** Every key that verifiers need, or soon will: what signs, what will sign, and what signed lately. */
  published(now: number): readonly ScheduledKey[] {
    return [...this.#withdrawn, ...this.#current].filter(({ publishedUntil }) => publishedUntil > now);
  }

  /** The next instant at which another key may sign, given that no file changes. */
  nextStart(now: number): number {
    return Math.min(...this.#current.map(({ signsFrom }) => signsFrom).filter((start) => start > now));
  }

  #start(key: SigningKey, publishedAt: number): Omit<ScheduledKey, "publishedUntil"> {
    return { key, publishedAt, signsFrom: Math.max(key.activateAt, publishedAt + publishLeadSeconds(this.#terms)) };
  }

  #endAfter(one: Omit<ScheduledKey, "publishedUntil">, newer: readonly { readonly signsFrom: number }[]): ScheduledKey {
    const followedAt = Math.min(...newer.map(({ signsFrom }) => signsFrom));
    return { ...one, publishedUntil: followedAt + retentionSeconds(this.#terms) };
  }

  #mayHaveSigned(one: ScheduledKey, now: number): boolean {
    return one.signsFrom <= now || this.#withdrawn.includes(one);
  }

  #withdraw(one: ScheduledKey, now: number): ScheduledKey {
    const publishedUntil = Math.min(one.publishedUntil, now + retentionSeconds(this.#terms));
    return { ...one, signsFrom: Infinity, publishedUntil };
  }
}
