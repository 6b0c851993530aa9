/** The two promises of durability over one journal: written when the call returns, or on the disk when the promise resolves. */
import { escapeHidden } from "../domain/hidden-text.ts";
import type { AuditRecord } from "../domain/record.ts";
import type { Clock } from "../ports/clock.ts";
import { unavailable } from "./audit-error.ts";
import type { Journal } from "./journal.ts";
import { limits } from "./limits.ts";
import { withholdTokens } from "./withhold-tokens.ts";

/** How records reach the journal. */
export interface Commit {
  record(entry: AuditRecord): void | Promise<void>;
  /** Everything that was accepted is written and on the disk, a last checkpoint behind it. */
  stop(): Promise<void>;
}

function renderRecord(entry: AuditRecord): string {
  const text = withholdTokens(JSON.stringify(entry));
  const json = isAscii(text) ? text : escapeHidden(text);
  if (json.length > limits.recordLengthMax) throw unavailable("the record is longer than a record may be");
  return json;
}

/** As nearly every record is, which takes no time to tell: it is JSON, so nothing but DEL could hide in it. */
function isAscii(json: string): boolean {
  return Buffer.byteLength(json) === json.length && !json.includes("\u007f");
}

/** One write(2) per record, done when `record` returns: survives the death of the process, not that of the machine. */
export class ProcessCommit implements Commit {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  record(entry: AuditRecord): void {
    if (this.#journal.rotateWhenFull()) this.#settleInBackground();
    this.#journal.append([renderRecord(entry)]);
  }

  /** The rotated file goes to the disk beside the decisions, so that a power cut can tear the newest file alone. */
  #settleInBackground(): void {
    this.#journal.settleRotation().catch(() => this.#journal.releaseRetired());
  }

  async stop(): Promise<void> {
    this.#journal.seal("stop");
    await this.#journal.sync();
  }
}

interface Waiting {
  readonly json: string;
  readonly resolve: () => void;
  readonly reject: (fault: unknown) => void;
}

/** Group commit: what arrives while the disk is busy goes with the next write and the next fsync, in the order of the calls. */
export class DiskCommit implements Commit {
  readonly #journal: Journal;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  record(entry: AuditRecord): Promise<void> {
    const json = renderRecord(entry);
    if (this.#waiting.length >= limits.queuedRecordsMax) throw unavailable("too many records wait for the disk");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ json, resolve, reject });
    this.#flushing ??= this.#flush();
    return promise;
  }

  async #flush(): Promise<void> {
    // Let the rest of this tick's records arrive first.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, limits.batchRecordsMax);
      try {
        await this.#commit(batch.map(({ json }) => json));
        for (const { resolve } of batch) resolve();
      } catch (fault) {
        for (const { reject } of batch) reject(fault);
      }
    }
    this.#flushing = undefined;
  }

  async #commit(records: readonly string[]): Promise<void> {
    this.#journal.rotateWhenFull();
    const mark = this.#journal.mark();
    this.#journal.append(records);
    try {
      await this.#journal.sync();
    } catch (cause) {
      this.#journal.retract(mark);
      this.#journal.refused(records.length, this.#clock.read().epochSeconds, cause);
      throw unavailable("fsync", cause);
    }
  }

  async stop(): Promise<void> {
    await this.#flushing;
    this.#journal.seal("stop");
    await this.#journal.sync();
  }
}
