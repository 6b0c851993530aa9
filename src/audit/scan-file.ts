/** Reads the newest file at opening: where the chain stands, and what of its end is broken. */
import { join } from "node:path";
import { unavailable } from "./audit-error.ts";
import type { ChainState } from "./chain.ts";
import { type ChainedLine, parseClaimed, parseLine } from "./chained-line.ts";
import { type AuditHead, checkpointHead, numberMember } from "./checkpoint.ts";
import { type RawLine, readLines } from "./line-reader.ts";
import { fileName } from "./log-folder.ts";

export interface BrokenTail {
  readonly cause: "half_written" | "broken";
  /** Where the last whole line ends. */
  readonly offset: number;
}

export interface ScannedFile {
  readonly writer: string;
  readonly chain: ChainState;
  /** The hash that its first line names as its predecessor's. */
  readonly previousHash: string;
  readonly oldest: number;
  readonly lines: number;
  readonly sizeBytes: number;
  readonly lastRecordedTime: number | undefined;
  readonly isStopped: boolean;
  readonly brokenTail: BrokenTail | undefined;
}

/** A file without one whole line. */
export type UnbegunFile = Pick<ScannedFile, "brokenTail">;

/** Throws a Fault when a line that is not the last one is broken. */
export async function scanFile(folder: string, number: number): Promise<ScannedFile | UnbegunFile> {
  const scan = new Scan(number);
  for await (const group of readLines(join(folder, fileName(number)))) {
    for (const line of group) scan.take(line);
  }
  return scan.result();
}

class Scan {
  readonly #number: number;
  #first: ChainedLine | undefined;
  #last: ChainedLine | undefined;
  #head: AuditHead | undefined;
  #due = 0;
  #oldest = 1;
  #lines = 0;
  #sizeBytes = 0;
  #time: number | undefined;
  #broken: { readonly tail: BrokenTail; readonly claimed: number | undefined } | undefined;

  constructor(number: number) {
    this.#number = number;
  }

  take(raw: RawLine): void {
    if (this.#broken !== undefined) throw this.#refuse(this.#lines + 1, this.#broken.claimed, "is broken");
    const line = raw.isTerminated ? parseLine(raw.bytes) : "record_malformed";
    if (typeof line === "string") {
      const cause = raw.isTerminated ? "broken" : "half_written";
      this.#broken = { tail: { cause, offset: raw.offset }, claimed: parseClaimed(raw.bytes)?.sequence };
      return;
    }
    this.#follow(line, raw);
  }

  #follow(line: ChainedLine, raw: RawLine): void {
    const last = this.#last;
    const isNext =
      last === undefined
        ? line.members["type"] === "file" && line.members["file"] === this.#number
        : line.sequence === last.sequence + 1 && line.previousHash === last.hash && line.writer === last.writer;
    if (!isNext) throw this.#refuse(raw.number, line.sequence, "does not follow the one before it");
    this.#first ??= line;
    this.#last = line;
    this.#lines = raw.number;
    this.#sizeBytes = raw.offset + raw.bytes.length + 1;
    this.#note(line);
  }

  #note(line: ChainedLine): void {
    const { members } = line;
    const time = numberMember(members, "time");
    if (time !== undefined) this.#time = Math.max(this.#time ?? time, time);
    this.#due -= 1;
    const nextWithin = numberMember(members, "next_within");
    if (members["type"] === "file") {
      this.#oldest = numberMember(members, "oldest") ?? 1;
      this.#due = (nextWithin ?? 1) - 1;
    } else if (members["type"] === "checkpoint") {
      this.#head = checkpointHead(line);
      this.#due = nextWithin ?? 0;
    }
  }

  #refuse(line: number, sequence: number | undefined, why: string): Error {
    const named = sequence === undefined ? "" : ` (sequence ${sequence})`;
    return unavailable(`${fileName(this.#number)} line ${line}${named} ${why}; run \`chaperone audit verify\``);
  }

  result(): ScannedFile | UnbegunFile {
    const brokenTail = this.#broken?.tail;
    const first = this.#first;
    const last = this.#last;
    if (first === undefined || last === undefined) return { brokenTail };
    return {
      writer: last.writer,
      chain: {
        position: { sequence: last.sequence, hash: last.hash },
        head: this.#head,
        checkpointDue: this.#due,
      },
      previousHash: first.previousHash,
      oldest: this.#oldest,
      lines: this.#lines,
      sizeBytes: this.#sizeBytes,
      lastRecordedTime: this.#time,
      isStopped: last.members["type"] === "checkpoint" && last.members["reason"] === "stop",
      brokenTail,
    };
  }
}
