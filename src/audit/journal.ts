/**
 * The chain on disk: every append is whole or leaves nothing, files are rotated, checkpoints come when they are due.
 * Synchronous, because a record that is written when the call returns needs no bookkeeping about who waits for it.
 */
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import type { EventRecord } from "../domain/record.ts";
import type { Clock } from "../ports/clock.ts";
import { causeOf } from "./audit-error.ts";
import { ChainDraft, type ChainState, type ChainTerms } from "./chain.ts";
import type { CheckpointReason } from "./checkpoint.ts";
import { fileName, listFileNumbers } from "./log-folder.ts";
import { LogFile } from "./log-file.ts";
import { syncFolder } from "./sync-folder.ts";

export interface JournalTerms extends ChainTerms {
  readonly folder: string;
  readonly rotateBytes: number;
  readonly filesKeptMax?: number | undefined;
  readonly clock: Clock;
}

/** Why records are refused at the moment. */
export interface Failing {
  /** Epoch seconds. */
  readonly since: number;
  readonly why: string;
  readonly refusedRecords: number;
}

/** Where an opened folder continues. */
export interface JournalStart {
  readonly chain: ChainState;
  readonly file: LogFile;
  readonly oldest: number;
  readonly pendingEvents: readonly EventRecord[];
}

export interface JournalMark {
  readonly chain: ChainState;
  readonly sizeBytes: number;
  readonly failing: Failing | undefined;
  readonly pendingEvents: readonly EventRecord[];
}

export class Journal {
  readonly #terms: JournalTerms;
  #chain: ChainState;
  #file: LogFile;
  #failing: Failing | undefined;
  #rotationFailing: string | undefined;
  /** Epoch seconds before which a failed rotation is not tried again. */
  #rotateAgainAt = 0;
  /** Files below it were deleted by this log; carried in the chain, so that nobody else's deletion passes for ours. */
  #oldest: number;
  /** Rotated files whose last bytes are not known to be on the disk yet. */
  readonly #retiring = new Set<LogFile>();
  #isFolderSynced = false;
  #settling: Promise<void> = Promise.resolve();
  /** Events of the log's own that go ahead of the next record. */
  #pendingEvents: readonly EventRecord[];

  constructor(terms: JournalTerms, start: JournalStart) {
    this.#terms = terms;
    this.#chain = start.chain;
    this.#file = start.file;
    this.#oldest = start.oldest;
    this.#pendingEvents = start.pendingEvents;
  }

  get writer(): string {
    return this.#terms.writer;
  }

  get chain(): ChainState {
    return this.#chain;
  }

  get fileName(): string {
    return fileName(this.#file.number);
  }

  get failing(): Failing | undefined {
    return this.#failing;
  }

  get rotationFailing(): string | undefined {
    return this.#rotationFailing;
  }

  /** All of them or none; throws a Fault when none. */
  append(records: readonly string[]): void {
    const time = this.#terms.clock.read().epochSeconds;
    const events = this.#eventsFirst(time);
    const draft = new ChainDraft(this.#terms, this.#chain);
    for (const event of events) draft.addRecord(JSON.stringify(event), time);
    for (const record of records) draft.addRecord(record, time);
    this.#write(draft, records.length, time);
    this.#pendingEvents = [];
  }

  /** Puts pending events on record now; what fails goes ahead of the next record instead. */
  tryToCatchUp(): void {
    try {
      this.append([]);
    } catch {
      // Kept as failing; the next append tells of it.
    }
  }

  seal(reason: CheckpointReason): void {
    const time = this.#terms.clock.read().epochSeconds;
    const draft = new ChainDraft(this.#terms, this.#chain);
    for (const event of this.#eventsFirst(time)) draft.addRecord(JSON.stringify(event), time);
    draft.addCheckpoint(reason, time);
    this.#write(draft, 0, time);
    this.#pendingEvents = [];
  }

  #eventsFirst(time: number): readonly EventRecord[] {
    if (this.#failing === undefined) return this.#pendingEvents;
    const { since, why, refusedRecords } = this.#failing;
    const detail = { cause: "write_failed", since, why, refused_records: refusedRecords };
    return [...this.#pendingEvents, { type: "event", event: "recovered", time, detail }];
  }

  #write(draft: ChainDraft, records: number, time: number): void {
    try {
      this.#file.append(draft.text);
    } catch (cause) {
      this.refused(records, time, cause);
      throw cause;
    }
    this.#chain = draft.state;
    this.#failing = undefined;
  }

  /** Counts what could not be put on record; the chain tells of it as soon as it can. */
  refused(records: number, time: number, cause: unknown): void {
    const { since, refusedRecords } = this.#failing ?? { since: time, refusedRecords: 0 };
    this.#failing = { since, why: causeOf(cause), refusedRecords: refusedRecords + records };
  }

  /** Never throws: a rotation that fails loses nothing, the file at hand goes on growing until one succeeds. */
  rotateWhenFull(): boolean {
    if (this.#file.sizeBytes < this.#terms.rotateBytes) return false;
    const time = this.#terms.clock.read().epochSeconds;
    if (time < this.#rotateAgainAt) return false;
    try {
      this.#rotate(time);
      this.#rotationFailing = undefined;
      return true;
    } catch (cause) {
      this.#rotationFailing = causeOf(cause);
      this.#rotateAgainAt = time + 1;
      return false;
    }
  }

  #rotate(time: number): void {
    const { folder, filesKeptMax } = this.#terms;
    // Torn bytes would stay for ever in a file that is never written again.
    this.#file.healTail();
    // The old file is sealed before the next one exists: a crash in between leaves only a file too many, or none.
    if (this.#chain.head?.sequence !== this.#chain.position.sequence) this.seal("rotation");
    const next = LogFile.create(folder, this.#file.number + 1);
    const oldest = filesKeptMax === undefined ? this.#oldest : Math.max(this.#oldest, next.number - filesKeptMax + 1);
    try {
      const draft = new ChainDraft(this.#terms, this.#chain);
      draft.addFileHeader({ number: next.number, oldest, time });
      // What tells that files were deleted is sealed before they are, or anybody could say it of files that they took away.
      if (oldest > this.#oldest) draft.addCheckpoint("rotation", time);
      next.append(draft.text);
      this.#chain = draft.state;
    } catch (cause) {
      next.discard();
      throw cause;
    }
    this.#retiring.add(this.#file);
    this.#file = next;
    this.#oldest = oldest;
    this.#isFolderSynced = false;
    for (const number of listFileNumbers(folder)) {
      if (number < oldest) unlinkSync(join(folder, fileName(number)));
    }
  }

  mark(): JournalMark {
    return {
      chain: this.#chain,
      sizeBytes: this.#file.sizeBytes,
      failing: this.#failing,
      pendingEvents: this.#pendingEvents,
    };
  }

  /** Takes back what was appended since the mark: it did not reach the disk, and its callers are told so. */
  retract(mark: JournalMark): void {
    this.#chain = mark.chain;
    this.#failing = mark.failing;
    this.#pendingEvents = mark.pendingEvents;
    this.#file.cutBack(mark.sizeBytes);
  }

  /** Rejects when something that was appended may not be on the disk. */
  async sync(): Promise<void> {
    await this.settleRotation();
    await this.#file.sync();
  }

  /** The files before this one, and this one's name, reach the disk. Rejects when they may not have; ask again then. */
  settleRotation(): Promise<void> {
    const settled = this.#settling.then(() => this.#settle());
    this.#settling = settled.catch(() => undefined);
    return settled;
  }

  async #settle(): Promise<void> {
    for (const file of this.#retiring) {
      await file.sync();
      this.#retiring.delete(file);
      file.close();
    }
    if (this.#isFolderSynced) return;
    await syncFolder(this.#terms.folder);
    this.#isFolderSynced = true;
  }

  /** Gives up on rotated files that do not reach the disk, where nobody was promised that they do. */
  releaseRetired(): void {
    for (const file of this.#retiring) file.close();
    this.#retiring.clear();
  }

  async close(): Promise<void> {
    await this.#settling;
    this.releaseRetired();
    this.#file.close();
  }
}
