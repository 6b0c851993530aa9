/**
 * Notices that key files changed: the file system tells of most changes at once, and a slow poll finds the rest
 * (a mount that swaps links above the folder, a file system that tells nothing).
 */
import { type FSWatcher, watch } from "node:fs";
import { tokenBounds } from "./token-bounds.ts";

export class KeyFollower {
  readonly #folder: string;
  readonly #onChange: () => void;
  readonly #poll: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;
  #settling: NodeJS.Timeout | undefined;

  /** `onChange` may be called when nothing changed. Keeps no process alive. */
  constructor(folder: string, onChange: () => void, pollMilliseconds: number = tokenBounds.pollMilliseconds) {
    this.#folder = folder;
    this.#onChange = onChange;
    this.#arm();
    this.#poll = setInterval(() => {
      // The folder may be another one of the same name by now.
      this.#disarm();
      this.#arm();
      onChange();
    }, pollMilliseconds).unref();
  }

  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
    this.#disarm();
  }

  /** The folder may be missing; the poll arms again. */
  #arm(): void {
    try {
      this.#watcher = watch(this.#folder, { persistent: false }, () => this.#settle());
      this.#watcher.on("error", () => this.#disarm());
    } catch {
      this.#disarm();
    }
  }

  #disarm(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #settle(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.#onChange();
    }, tokenBounds.settleMilliseconds).unref();
  }
}
