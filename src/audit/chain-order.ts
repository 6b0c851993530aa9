/** Whether each line continues the one before it. After a finding it goes on from what the line says. */
import type { FindingCode } from "./audit-report.ts";
import { beforeFirst, type ChainedLine, type ClaimedLine } from "./chained-line.ts";
import { limits } from "./limits.ts";

export interface OrderFinding {
  readonly code: FindingCode;
  readonly detail?: string;
}

interface Expected {
  readonly sequence: number;
  /** Undefined: the line before could not be read, so it cannot be told. */
  readonly hash: string | undefined;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

export class ChainOrder {
  #writer: string | undefined;
  #expected: Expected | undefined;
  /** An unreadable line stands in between; it may be a record's place or something put there. */
  #isBehindUnreadable = false;
  readonly #missing: Range[] = [];

  /** The very first file must begin at the beginning. */
  expectBeginning(): void {
    this.#expected = { sequence: 1, hash: beforeFirst.hash };
  }

  /** Undefined: the line is the next one. */
  follow(line: ChainedLine): OrderFinding | undefined {
    const writer = this.#writer ?? line.writer;
    this.#writer = line.writer;
    if (writer !== line.writer) return this.#goOn(line, { code: "writer_changed" });
    const expected = this.#expectedFor(line.sequence) ?? { sequence: line.sequence, hash: undefined };
    this.#isBehindUnreadable = false;
    if (line.sequence < expected.sequence) return this.#behind(line.sequence);
    if (line.sequence > expected.sequence) {
      return this.#goOn(line, this.#gap({ from: expected.sequence, to: line.sequence - 1 }));
    }
    const isNext = expected.hash === undefined || expected.hash === line.previousHash;
    return this.#goOn(line, isNext ? undefined : { code: "chain_broken" });
  }

  /** A line whose bytes are not right keeps its place when it says which that is. */
  skip(claimed: ClaimedLine | undefined): void {
    if (claimed !== undefined && claimed.sequence === this.#expected?.sequence) {
      this.#expected = { sequence: claimed.sequence + 1, hash: claimed.hash };
    } else {
      this.#isBehindUnreadable = true;
    }
  }

  #expectedFor(sequence: number): Expected | undefined {
    const expected = this.#expected;
    return this.#isBehindUnreadable && expected !== undefined && sequence === expected.sequence + 1
      ? { sequence, hash: undefined }
      : expected;
  }

  #goOn(line: ChainedLine, finding: OrderFinding | undefined): OrderFinding | undefined {
    this.#expected = { sequence: line.sequence + 1, hash: line.hash };
    return finding;
  }

  #gap(range: Range): OrderFinding {
    if (this.#missing.length < limits.findingsListedMax) this.#missing.push(range);
    const { from, to } = range;
    return { code: "record_missing", detail: from === to ? `sequence ${from}` : `sequences ${from} to ${to}` };
  }

  #behind(sequence: number): OrderFinding {
    const isMissed = this.#missing.some(({ from, to }) => sequence >= from && sequence <= to);
    return { code: isMissed ? "record_misplaced" : "record_repeated" };
  }
}
