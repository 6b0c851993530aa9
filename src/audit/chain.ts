/** Where the chain stands. Immutable, so that a write that failed is undone by keeping the value from before it. */
import type { AuditKey } from "./audit-key.ts";
import type { ChainPosition, RenderedLine } from "./chained-line.ts";
import { renderLine } from "./chained-line.ts";
import {
  type AuditHead,
  type CheckpointReason,
  type FileHeader,
  renderCheckpoint,
  renderFileHeader,
} from "./checkpoint.ts";

export interface ChainState {
  readonly position: ChainPosition;
  /** The newest checkpoint. */
  readonly head: AuditHead | undefined;
  /** Lines that may still come before the next checkpoint, as the last one promised. */
  readonly checkpointDue: number;
}

export interface ChainTerms {
  readonly writer: string;
  readonly key: AuditKey;
  readonly checkpointEvery: number;
}

/** Lines that continue a chain and are not written yet. */
export class ChainDraft {
  readonly #terms: ChainTerms;
  #state: ChainState;
  #text = "";

  constructor(terms: ChainTerms, state: ChainState) {
    this.#terms = terms;
    this.#state = state;
  }

  get text(): string {
    return this.#text;
  }

  get state(): ChainState {
    return this.#state;
  }

  /** With the checkpoint that is due behind it. */
  addRecord(json: string, time: number): void {
    if (this.#state.checkpointDue <= 0) this.addCheckpoint("interval", time);
    this.#add(renderLine(this.#terms.writer, this.#state.position, json));
    if (this.#state.checkpointDue <= 0) this.addCheckpoint("interval", time);
  }

  addFileHeader(header: Omit<FileHeader, "nextWithin">): void {
    // What is left of the promise before it; a new file does not renew it.
    const { position, checkpointDue } = this.#state;
    const nextWithin = position.sequence === 0 ? this.#terms.checkpointEvery : checkpointDue;
    this.#add(renderFileHeader(this.#terms.writer, position, { ...header, nextWithin }));
    this.#state = { ...this.#state, checkpointDue: nextWithin - 1 };
  }

  addCheckpoint(reason: CheckpointReason, time: number): void {
    const { writer, key, checkpointEvery } = this.#terms;
    const line = renderCheckpoint(writer, this.#state.position, { reason, time, nextWithin: checkpointEvery }, key);
    this.#add(line);
    const head = { writer, sequence: line.sequence, hash: line.hash, time };
    this.#state = { position: this.#state.position, head, checkpointDue: checkpointEvery };
  }

  #add(line: RenderedLine): void {
    this.#text += line.text;
    const { head, checkpointDue } = this.#state;
    this.#state = {
      position: { sequence: line.sequence, hash: line.hash },
      head,
      checkpointDue: checkpointDue - 1,
    };
  }
}
