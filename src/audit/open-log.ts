/** The opened log: the room's face over the journal and the way records are committed to it. */
import type { AuditRecord } from "../domain/record.ts";
import { unavailable } from "./audit-error.ts";
import type { AuditRoom, AuditState } from "./audit-room.ts";
import type { AuditHead } from "./checkpoint.ts";
import type { Commit } from "./commit.ts";
import type { FolderLock } from "./folder-lock.ts";
import type { Journal } from "./journal.ts";
import type { RecoveredFolder } from "./recover-folder.ts";

export interface OpenLogParts {
  readonly folder: string;
  readonly publicKey: string;
  readonly journal: Journal;
  readonly commit: Commit;
  readonly found: RecoveredFolder;
  readonly lock: FolderLock;
}

export class OpenLog implements AuditRoom {
  readonly #parts: OpenLogParts;
  #closing: Promise<void> | undefined;

  constructor(parts: OpenLogParts) {
    this.#parts = parts;
  }

  get lastRecordedTime(): number | undefined {
    return this.#parts.found.lastRecordedTime;
  }

  record(entry: AuditRecord): void | Promise<void> {
    if (this.#closing !== undefined) throw unavailable("the decision log is closed");
    return this.#parts.commit.record(entry);
  }

  head(): AuditHead | undefined {
    return this.#parts.journal.chain.head;
  }

  state(): AuditState {
    const { folder, publicKey, journal, found } = this.#parts;
    return {
      writer: journal.writer,
      folder,
      file: journal.fileName,
      sequence: journal.chain.position.sequence,
      head: journal.chain.head,
      publicKey,
      failing: journal.failing,
      rotationFailing: journal.rotationFailing,
      recovered: found.recoveries,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { commit, journal, lock } = this.#parts;
    try {
      await commit.stop();
    } catch (cause) {
      throw unavailable("the decision log cannot be sealed", cause);
    } finally {
      await journal.close();
      lock.release();
    }
  }
}
