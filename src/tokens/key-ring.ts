/**
 * The keys of a running sidecar: the last good set, who signs now, and what is wrong with the newest files.
 * A broken set changes nothing but the state.
 */
import type { EventRecord } from "../domain/record.ts";
import type { Announcer } from "../ports/announcer.ts";
import type { Clock } from "../ports/clock.ts";
import type { PublicJwk, PublishedKeys } from "../ports/published-keys.ts";
import { ensureDevelopmentKey } from "./development-keys.ts";
import { asTokenRoomError } from "./key-material.ts";
import { KeySchedule, type ScheduledKey } from "./key-schedule.ts";
import { loadKeySet, watchedFolder } from "./key-set.ts";
import { type KeyProblem, type KeyState, renderKeyState } from "./key-state.ts";
import type { SigningKey } from "./signing-key.ts";
import type { TokenOptions } from "./token-options.ts";
import { TokenRoomError } from "./token-room-error.ts";

interface World {
  readonly clock: Clock;
  readonly announcer: Announcer;
}

/** Who signs from one instant to the next. */
interface Reign {
  readonly active: ScheduledKey | undefined;
  readonly from: number;
  readonly until: number;
}

export class KeyRing implements PublishedKeys {
  readonly #options: TokenOptions;
  readonly #world: World;
  #schedule: KeySchedule;
  #reign: Reign = { active: undefined, from: 0, until: 0 };
  #told = { published: new Set<string>(), active: "" };
  #digest: string | undefined;
  #problem: KeyProblem | undefined;
  #isExposed = false;
  #loading: Promise<void> = Promise.resolve();

  constructor(options: TokenOptions, world: World) {
    this.#options = options;
    this.#world = world;
    this.#schedule = KeySchedule.empty(options);
  }

  /** The key that signs at `now`, epoch seconds. On the hot path: two comparisons until the next change. */
  signingKey(now: number): SigningKey | undefined {
    const { from, until } = this.#reign;
    if (now < from || now >= until) this.#enter(now);
    return this.#reign.active?.key;
  }

  publicKeys(now: number): readonly PublicJwk[] {
    return this.#schedule.published(now).map(({ key }) => key.publicJwk);
  }

  state(): KeyState {
    const now = this.#world.clock.read().epochSeconds;
    return renderKeyState(this.#schedule, now, { problem: this.#problem, isExposed: this.#isExposed });
  }

  /** Reads the files again, after any reading that is under way. Never rejects: what is wrong stands in the state. */
  load(): Promise<void> {
    this.#loading = this.#loading.then(() => this.#loadOnce());
    return this.#loading;
  }

  /** When no reading is under way. */
  idle(): Promise<void> {
    return this.#loading;
  }

  async #loadOnce(): Promise<void> {
    const { keySet } = this.#options;
    try {
      // Only a start makes a key: one that is gone later is a problem to tell, not to paper over.
      if (keySet.kind === "development" && this.#digest === undefined) {
        await ensureDevelopmentKey(keySet.folder, this.#options.algorithm, this.#world.clock.read().epochSeconds);
      }
      const known = this.#problem === undefined ? this.#digest : undefined;
      const set = await loadKeySet(this.#options, known);
      const now = this.#world.clock.read().epochSeconds;
      if (set !== undefined) {
        const schedule = this.#schedule.replacedBy(set.keys, now);
        const wouldStopSigning = this.#schedule.active(now) !== undefined && schedule.active(now) === undefined;
        if (wouldStopSigning) throw new TokenRoomError("keys_all_in_future");
        this.#schedule = schedule;
        this.#digest = set.digest;
        this.#isExposed = set.isExposed;
        this.#problem = undefined;
      }
      this.#enter(now);
    } catch (cause) {
      const now = this.#world.clock.read().epochSeconds;
      const { code, message } = asTokenRoomError(cause, watchedFolder(keySet));
      const since = this.#problem?.code === code ? this.#problem.since : now;
      this.#problem = { code, detail: message, since };
      this.#enter(now);
    }
  }

  #enter(now: number): void {
    const active = this.#schedule.active(now);
    this.#reign = { active, from: active?.signsFrom ?? now, until: this.#schedule.nextStart(now) };
    this.#tellChanges(now);
  }

  #tellChanges(now: number): void {
    const published = this.#schedule.published(now);
    const kids = new Set<string>(published.map(({ key }) => key.kid));
    for (const { key, signsFrom } of published) {
      const when = isFinite(signsFrom) ? { signs_from: signsFrom } : {};
      if (!this.#told.published.has(key.kid)) this.#tell("key_published", now, { kid: key.kid, ...when });
    }
    const active = this.#reign.active?.key.kid ?? "";
    if (active !== "" && active !== this.#told.active) this.#tell("key_activated", now, { kid: active });
    for (const kid of this.#told.published) if (!kids.has(kid)) this.#tell("key_retired", now, { kid });
    this.#told = { published: kids, active };
  }

  #tell(event: EventRecord["event"], time: number, detail: EventRecord["detail"]): void {
    this.#world.announcer.announce({ type: "event", event, time, detail });
  }
}
