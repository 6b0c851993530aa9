/**
 * Notices that a bundle's file or folder changed. File events only hasten a look and are never believed: they get
 * lost on network mounts and with replaced folders, and a ConfigMap changes by a link two folders away. What counts is
 * the stamp (real path, inode, size, times), looked at after an event and every few seconds anyway.
 */
import { type FSWatcher, watch } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { policyLimits } from "./policy-limits.ts";
import { stampFolder, stampOf } from "./read-folder.ts";

export interface SourceListener {
  /** The source is not as it was when this was last called, and has stopped changing. Never rejects. */
  changed(): Promise<void>;
  /** It was looked at and is as it was. */
  unchanged(): void;
}

/** Calls `changed` once soon, for what happened before it began; returns what stops it. */
export function watchSource(path: string, listener: SourceListener): () => void {
  const watcher = new SourceWatcher(path, listener);
  watcher.start();
  return () => {
    watcher.stop();
  };
}

class SourceWatcher {
  readonly #path: string;
  readonly #listener: SourceListener;
  #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;
  #isHastened = false;
  #isStopped = false;
  #reported = "";
  #pending = "";

  constructor(path: string, listener: SourceListener) {
    this.#path = path;
    this.#listener = listener;
  }

  start(): void {
    this.#lookIn(0);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  #lookIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#look(), milliseconds).unref();
  }

  async #look(): Promise<void> {
    this.#isHastened = false;
    const { stamp, folders } = await look(this.#path);
    if (this.#isStopped) return;
    this.#listenAt(folders);
    if (stamp !== this.#reported && stamp !== this.#pending) {
      // Still being written, perhaps: it has to look the same twice.
      this.#pending = stamp;
      this.#lookIn(policyLimits.settleMilliseconds);
      return;
    }
    if (stamp === this.#reported) this.#listener.unchanged();
    else {
      this.#reported = stamp;
      await this.#listener.changed();
    }
    this.#lookIn(this.#nextLookMilliseconds());
  }

  /** Soon, when an event came in while the source was being looked at or read. */
  #nextLookMilliseconds(): number {
    return this.#isHastened ? policyLimits.settleMilliseconds : policyLimits.lookMilliseconds;
  }

  /** Events that arrive while one is waited for change nothing, so a busy folder cannot put the look off. */
  #hasten(): void {
    if (this.#isHastened) return;
    this.#isHastened = true;
    this.#lookIn(policyLimits.settleMilliseconds);
  }

  /** Each folder anew: a watcher of one that was replaced still watches the old. */
  #listenAt(folders: readonly string[]): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers = new Map();
    for (const folder of new Set(folders)) {
      try {
        const watcher = watch(folder, { persistent: false }, () => {
          this.#hasten();
        });
        watcher.on("error", () => {
          watcher.close();
        });
        this.#watchers.set(folder, watcher);
      } catch {
        // No such folder, or no watches left: the regular look finds the change.
      }
    }
  }
}

interface Look {
  readonly stamp: string;
  /** Where an event would announce a change. */
  readonly folders: readonly string[];
}

async function look(path: string): Promise<Look> {
  const parent = dirname(path);
  try {
    const real = await realpath(path);
    const stats = await stat(real);
    if (!stats.isDirectory()) return { stamp: `${real} ${stampOf(stats)}`, folders: [parent, dirname(real)] };
    return { stamp: `${real} ${await stampFolder(path)}`, folders: [parent, path] };
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    return { stamp: `cannot be looked at: ${why}`, folders: [parent] };
  }
}
