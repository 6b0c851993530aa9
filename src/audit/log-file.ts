/** One file of the log, appended to all or nothing. */
import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, unlinkSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { join } from "node:path";
import { unavailable } from "./audit-error.ts";
import { limits } from "./limits.ts";
import { fileName } from "./log-folder.ts";

const syncData = promisify(fdatasync);

export class LogFile {
  readonly number: number;
  readonly #path: string;
  readonly #descriptor: number;
  #sizeBytes: number;
  /** False from a write that did not go through until the file is cut back to whole lines. */
  #isTailWhole = true;

  private constructor(folder: string, number: number, sizeBytes: number) {
    this.number = number;
    this.#path = join(folder, fileName(number));
    this.#sizeBytes = sizeBytes;
    this.#descriptor = openSync(this.#path, "a", 0o600);
    if (fstatSync(this.#descriptor).size === sizeBytes) return;
    closeSync(this.#descriptor);
    throw unavailable(`${fileName(number)} does not end where it should`);
  }

  /** `sizeBytes` is where its last whole line ends. */
  static open(folder: string, number: number, sizeBytes: number): LogFile {
    return new LogFile(folder, number, sizeBytes);
  }

  /** An empty one that an earlier attempt left behind is taken; one with content is not. */
  static create(folder: string, number: number): LogFile {
    if (number > limits.filesMax) throw unavailable("there are as many files as can be named");
    return new LogFile(folder, number, 0);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** After a throw the file ends where it did before, at the latest when the next append begins. */
  append(text: string): void {
    this.healTail();
    const bytes = Buffer.byteLength(text);
    this.#isTailWhole = false;
    const written = this.#write(text);
    if (written !== bytes) {
      this.cutBack(this.#sizeBytes);
      throw unavailable(`short write to ${fileName(this.number)}`);
    }
    this.#isTailWhole = true;
    this.#sizeBytes += bytes;
  }

  #write(text: string): number {
    try {
      return writeSync(this.#descriptor, text);
    } catch (cause) {
      this.cutBack(this.#sizeBytes);
      throw unavailable(`write to ${fileName(this.number)}`, cause);
    }
  }

  /** A disk that refuses this too is asked again before the next write; nothing is ever appended behind a torn line. */
  cutBack(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
    this.#isTailWhole = false;
    try {
      this.healTail();
    } catch {
      // The next append asks again and is refused as long as this is.
    }
  }

  /** Throws while what a failed write left behind cannot be cut off. */
  healTail(): void {
    if (this.#isTailWhole) return;
    try {
      ftruncateSync(this.#descriptor, this.#sizeBytes);
    } catch (cause) {
      throw unavailable(`cut ${fileName(this.number)} back to whole lines`, cause);
    }
    this.#isTailWhole = true;
  }

  async sync(): Promise<void> {
    await syncData(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** For a file that was created in vain; one that cannot be removed stays behind empty. */
  discard(): void {
    try {
      this.cutBack(0);
      unlinkSync(this.#path);
    } finally {
      this.close();
    }
  }
}
