/**
 * An issuer's keys as the issuer publishes them now. They are asked for again before they get old, and at once when a
 * token names one that is not there, but seldom (P18, P19). While the issuer does not answer, or not rightly, what it
 * said last counts for a stated time; after that nobody can tell, which is a fault and not the token's.
 */
import type { KeyObject } from "node:crypto";
import { Fault } from "../../domain/refusal.ts";
import type { Announcer } from "../../ports/announcer.ts";
import type { Clock } from "../../ports/clock.ts";
import type { IssuerKeysFailure, IssuerKeysState } from "../../ports/issuer-keys-status.ts";
import { identityLimits as limits } from "../limits.ts";
import type { FetchedKeySet, KeySetSource } from "./fetch-key-set.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { KeyFetchError } from "./key-fetch-error.ts";
import { findKey } from "./key-set.ts";
import type { PublicKey } from "./public-key.ts";
import type { SignatureAlgorithm } from "./signature-algorithm.ts";

export interface FollowingOptions {
  /** How long keys count without being asked for again; the issuer's `max-age` may shorten it. */
  readonly refreshSeconds: number;
  /** How long they count while the issuer does not answer, from when it was last asked with success. */
  readonly staleSeconds: number;
}

export interface FollowingWorld {
  readonly clock: Clock;
  readonly announcer: Announcer;
}

/** The newest good answer. */
interface KeySet {
  readonly keys: readonly PublicKey[];
  /** Epoch seconds. */
  readonly confirmedAt: number;
}

const fetchSeconds = limits.keyFetchMilliseconds / 1000;

export class FollowedKeys implements IssuerKeys {
  readonly #issuer: string;
  readonly #source: KeySetSource;
  readonly #options: FollowingOptions;
  readonly #world: FollowingWorld;
  readonly #closing = new AbortController();
  #set: KeySet | undefined;
  #failure: IssuerKeysFailure | undefined;
  #failures = 0;
  #askedAt = -Infinity;
  /** Later than this the background is late, and a decision waits rather than rest on keys that nobody looked after. */
  #overdueAt = -Infinity;
  #flight: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Asks nothing before it is told to, or needs to. */
  constructor(issuer: string, source: KeySetSource, options: FollowingOptions, world: FollowingWorld) {
    this.#issuer = issuer;
    this.#source = source;
    this.#options = options;
    this.#world = world;
  }

  find(
    keyId: string | undefined,
    algorithm: SignatureAlgorithm,
    now: number,
  ): KeyObject | undefined | Promise<KeyObject | undefined> {
    const key = this.#look(keyId, algorithm, now);
    const isOverdue = now > this.#overdueAt;
    if (key !== undefined && !isOverdue) return key;
    return isOverdue || this.#mayAsk(now)
      ? this.refresh().then(() => this.#answer(keyId, algorithm, now))
      : this.#answer(keyId, algorithm, now);
  }

  /** One at a time, whoever asks. Never rejects: what is wrong stands in the state. */
  refresh(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    this.#flight ??= this.#ask().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  state(): IssuerKeysState {
    const { keys, confirmedAt } = this.#set ?? { keys: undefined, confirmedAt: undefined };
    return {
      issuer: this.#issuer,
      location: this.#source.location,
      keys: keys?.length,
      confirmedAt,
      usableUntil: confirmedAt === undefined ? undefined : confirmedAt + this.#options.staleSeconds,
      failure: this.#failure,
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#flight;
  }

  #look(keyId: string | undefined, algorithm: SignatureAlgorithm, now: number): KeyObject | undefined {
    return this.#isUsable(this.#set, now) ? findKey(this.#set.keys, keyId, algorithm) : undefined;
  }

  #isUsable(set: KeySet | undefined, now: number): set is KeySet {
    return set !== undefined && now < set.confirmedAt + this.#options.staleSeconds;
  }

  /** An answer on its way is waited for. After a failure it is the timer's to try again, so that nobody can hasten it. */
  #mayAsk(now: number): boolean {
    if (this.#flight !== undefined) return true;
    return this.#failure === undefined && now - this.#askedAt >= limits.keyCooldownSeconds;
  }

  #answer(keyId: string | undefined, algorithm: SignatureAlgorithm, now: number): KeyObject | undefined {
    const key = this.#look(keyId, algorithm, now);
    if (key !== undefined) return key;
    if (this.#failure === undefined && this.#isUsable(this.#set, now)) return undefined;
    throw new Fault("issuer_keys_unavailable", `${this.#issuer}: ${this.#failure?.code ?? "not asked"}`);
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    const askedAt = this.#now();
    this.#askedAt = askedAt;
    let nextSeconds: number;
    try {
      const fetched = await this.#fetch();
      if (this.#closing.signal.aborted) return;
      this.#accept(fetched, askedAt);
      nextSeconds = this.#refreshAfter(fetched);
    } catch (cause) {
      if (this.#closing.signal.aborted) return;
      this.#fail(cause);
      nextSeconds = Math.min(limits.keyRetrySecondsMax, 2 ** (this.#failures - 1));
    }
    this.#overdueAt = this.#now() + nextSeconds + fetchSeconds;
    this.#timer = setTimeout(() => void this.refresh(), nextSeconds * 1000).unref();
  }

  /** Ends in time also when what it waits for does not: a question that is never answered would be the last one. */
  async #fetch(): Promise<FetchedKeySet> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), limits.keyFetchMilliseconds);
    const signal = AbortSignal.any([limit.signal, this.#closing.signal]);
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => reject(new KeyFetchError("timed_out")));
    try {
      return await Promise.race([givenUp, this.#source.fetch(signal)]);
    } finally {
      clearTimeout(timer);
      // What waits for a signal that also follows a long-lived one is held for as long as that one lives.
      limit.abort();
    }
  }

  #refreshAfter({ maxAgeSeconds }: FetchedKeySet): number {
    const { refreshSeconds } = this.#options;
    return Math.max(limits.keyRefreshSecondsMin, Math.min(maxAgeSeconds ?? refreshSeconds, refreshSeconds));
  }

  #accept({ keys: found }: FetchedKeySet, confirmedAt: number): void {
    const before = this.#set?.keys ?? [];
    // A key that stays is the same object, so tokens that were verified with it stay verified.
    const keys = found.map((key) => before.find((one) => isSame(one, key)) ?? key);
    const added = keys.filter((key) => !before.includes(key)).length;
    const removed = before.filter((key) => !keys.includes(key)).length;
    const isNews = this.#set === undefined || this.#failure !== undefined || added > 0 || removed > 0;
    this.#set = { keys, confirmedAt };
    this.#failure = undefined;
    this.#failures = 0;
    if (!isNews) return;
    const detail = { issuer: this.#issuer, keys: keys.length, added, removed };
    this.#world.announcer.announce({ type: "event", event: "issuer_keys_activated", time: this.#now(), detail });
  }

  #fail(cause: unknown): void {
    const { code, detail } = cause instanceof KeyFetchError ? cause : new KeyFetchError("unreachable", nameOf(cause));
    const isNews = this.#failure?.code !== code || this.#failure.detail !== detail;
    const at = this.#now();
    this.#failures += 1;
    this.#failure = { code, detail, at };
    if (!isNews) return;
    const facts = { issuer: this.#issuer, code, ...(detail === undefined ? {} : { detail }) };
    this.#world.announcer.announce({ type: "event", event: "issuer_keys_failed", time: at, detail: facts });
  }

  #now(): number {
    return this.#world.clock.read().epochSeconds;
  }
}

function nameOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.name : undefined;
}

function isSame(left: PublicKey, right: PublicKey): boolean {
  return left.keyId === right.keyId && left.algorithm === right.algorithm && left.key.equals(right.key);
}
