/**
 * Keeps one bundle active and replaces it by a better one only. Whatever goes wrong with a new bundle changes nothing
 * but the state; a decision that began keeps its snapshot to the end.
 */
import type { PolicyReference } from "../domain/grant.ts";
import { Fault } from "../domain/refusal.ts";
import type { Announcer } from "../ports/announcer.ts";
import type { Clock } from "../ports/clock.ts";
import type { CallPolicyEngine, CallPolicySnapshot, PolicyEngine, PolicySnapshot } from "../ports/policy-engine.ts";
import type { PolicyRejection, PolicyState, PolicyStatus } from "../ports/policy-status.ts";
import { activateBundle, type Candidate, ModuleCache, type Trial } from "./activate-bundle.ts";
import { activateCallPolicy } from "./activate-call-policy.ts";
import { BundleRejected } from "./bundle-rejected.ts";
import { type ReadBundle, readBundle } from "./bundle-source.ts";
import type { CallPolicyOptions, PolicyOptions } from "./options.ts";
import { watchSource } from "./watch-source.ts";

interface BundleRoom<Snapshot> extends PolicyStatus {
  /** The active bundle, as {@link PolicyEngine.snapshot} and {@link CallPolicyEngine.snapshot} promise. */
  snapshot(now: number): Snapshot;
  /** Looks at the source again; resolves when that is done, whatever came of it. Never rejects. */
  reload(): Promise<void>;
  /** Stops following the source; the active bundle keeps answering. */
  close(): Promise<void>;
}

export type PolicyRoom = BundleRoom<PolicySnapshot> & PolicyEngine;
export type CallPolicyRoom = BundleRoom<CallPolicySnapshot> & CallPolicyEngine;

export interface PolicyWorld {
  readonly clock: Clock;
  readonly announcer: Announcer;
}

/** Opens also when nothing can be activated: then `snapshot` throws `policy_not_ready` and `state` says why. */
export function createPolicyRoom(options: PolicyOptions, world: PolicyWorld): Promise<PolicyRoom> {
  return openRoom(options, world, activateBundle);
}

/** The same for another's Envoy authorization policy. */
export function createCallPolicyRoom(options: CallPolicyOptions, world: PolicyWorld): Promise<CallPolicyRoom> {
  return openRoom(options, world, (candidate, trial) => activateCallPolicy(candidate, trial, options.entrypoint));
}

type Activate<Active> = (candidate: Candidate, trial: Trial) => Promise<Active>;
interface Reference {
  readonly reference: PolicyReference;
}

async function openRoom<Active extends Reference>(
  options: PolicyOptions,
  world: PolicyWorld,
  activate: Activate<Active>,
): Promise<Room<Active>> {
  const room = new Room(options, world, activate);
  await room.reload();
  if (options.watch) room.follow();
  return room;
}

class Room<Active extends Reference> implements BundleRoom<Active> {
  readonly #options: PolicyOptions;
  readonly #world: PolicyWorld;
  readonly #tryBundle: Activate<Active>;
  readonly #modules = new ModuleCache();
  #active: Active | undefined;
  #activatedAt: number | undefined;
  /** Epoch seconds at which the active bundle was last seen to be what the source holds. */
  #confirmedAt = 0;
  #rejection: PolicyRejection | undefined;
  #rejectedRevision: string | undefined;
  #running: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;
  #stopFollowing: (() => void) | undefined;
  #isClosed = false;

  constructor(options: PolicyOptions, world: PolicyWorld, tryBundle: Activate<Active>) {
    this.#options = options;
    this.#world = world;
    this.#tryBundle = tryBundle;
  }

  snapshot(now: number): Active {
    if (this.#active === undefined) throw new Fault("policy_not_ready", this.#rejection?.code ?? "no bundle yet");
    const { maxAgeSeconds } = this.#options;
    if (maxAgeSeconds !== undefined && now - this.#confirmedAt > maxAgeSeconds) {
      throw new Fault("policy_stale", `not confirmed for more than ${maxAgeSeconds} s`);
    }
    return this.#active;
  }

  state(): PolicyState {
    return { active: this.#active?.reference, activatedAt: this.#activatedAt, rejection: this.#rejection };
  }

  /** One at a time, and one more waits at most: it will see whatever the callers after it want seen. */
  reload(): Promise<void> {
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = undefined;
      this.#running = this.#load();
      return this.#running;
    });
    return this.#waiting;
  }

  follow(): void {
    this.#stopFollowing = watchSource(this.#options.path, {
      changed: () => this.reload(),
      unchanged: () => {
        this.#confirmOrRetry();
      },
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopFollowing?.();
    await (this.#waiting ?? this.#running);
  }

  async #load(): Promise<void> {
    let bundle: ReadBundle | undefined;
    try {
      bundle = await readBundle(this.#options.path);
      if (bundle.revision === this.#active?.reference.revision) {
        this.#rejection = undefined;
        this.#rejectedRevision = undefined;
        this.#confirmedAt = this.#now();
        return;
      }
      await this.#activate(bundle);
    } catch (cause) {
      this.#refuse(cause, bundle?.revision);
    }
  }

  async #activate(bundle: ReadBundle): Promise<void> {
    const { id, signature, deadlineMilliseconds } = this.#options;
    const entries = await bundle.entries();
    const { revision } = bundle;
    const trial = { signature, deadlineMilliseconds, now: this.#now(), modules: this.#modules };
    const active = await this.#tryBundle({ id, revision, entries }, trial);
    if (this.#isClosed) return;
    const now = this.#now();
    this.#world.announcer.announce({ type: "event", event: "policy_activated", time: now, detail: { id, revision } });
    this.#active = active;
    this.#activatedAt = now;
    this.#confirmedAt = now;
    this.#rejection = undefined;
    this.#rejectedRevision = undefined;
  }

  /** The one catch: what is not a rejection is one too, or a broken bundle could end the process. */
  #refuse(cause: unknown, revision: string | undefined): void {
    if (this.#isClosed) return;
    const { code, detail } =
      cause instanceof BundleRejected
        ? cause
        : { code: "bundle_unreadable" as const, detail: cause instanceof Error ? cause.name : "an unknown error" };
    const time = this.#now();
    const isNews =
      this.#rejection?.code !== code || this.#rejection.detail !== detail || revision !== this.#rejectedRevision;
    this.#rejection = { code, detail, at: time };
    this.#rejectedRevision = revision;
    if (!isNews) return;
    const { id } = this.#options;
    const facts = { id, code, detail, ...(revision === undefined ? {} : { revision }) };
    this.#world.announcer.announce({ type: "event", event: "policy_refused", time, detail: facts });
  }

  /**
   * The source looks as it did when it was last read. While nothing is active, what was refused is tried again: it may
   * have been refused for lack of time on a starved machine. Beside an active bundle it would only hold that up.
   */
  #confirmOrRetry(): void {
    if (this.#active === undefined) void this.reload();
    else if (this.#rejection === undefined) this.#confirmedAt = this.#now();
  }

  #now(): number {
    return this.#world.clock.read().epochSeconds;
  }
}
