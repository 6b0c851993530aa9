/** Reads the newest file at opening: where the chain stands, and what of its end is broken. */
import { join } from "node:path";
import { unavailable } from "./audit-error.ts";
import type { ChainState } from "./chain.ts";
import { type ChainLink, parseClaimed, parseLink, parseMembers } from "./chained-line.ts";
import type { JsonObject } from "../domain/json.ts";
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
  /** Lines behind the newest checkpoint here, or all. */
  readonly unsealedLines: number;
  /** What the newest checkpoint here promised; undefined: there is none. */
  readonly promisedWithin: number | undefined;
  readonly sizeBytes: number;
  /** Of the newest checkpoint and the last line: times hardly ever fall within a file. */
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

/** Every hash and link is checked, but JSON is read only where the log itself wrote it: a full file opens in a moment. */
class Scan {
  readonly #number: number;
  #first: ChainLink | undefined;
  #last: { readonly link: ChainLink; readonly raw: RawLine } | undefined;
  #head: AuditHead | undefined;
  #due = 0;
  #promisedWithin: number | undefined;
  #oldest = 1;
  #time: number | undefined;
  #broken: { readonly tail: BrokenTail; readonly claimed: number | undefined } | undefined;

  constructor(number: number) {
    this.#number = number;
  }

  take(raw: RawLine): void {
    if (this.#broken !== undefined) throw this.#refuse(raw.number - 1, this.#broken.claimed, "is broken");
    const link = raw.isTerminated ? parseLink(raw.bytes) : "record_malformed";
    if (typeof link === "string") {
      const cause = raw.isTerminated ? "broken" : "half_written";
      this.#broken = { tail: { cause, offset: raw.offset }, claimed: parseClaimed(raw.bytes)?.sequence };
      return;
    }
    if (!this.#isNext(link)) throw this.#refuse(raw.number, link.sequence, "does not follow the one before it");
    this.#first ??= link;
    this.#last = { link, raw };
    this.#due -= 1;
    if (link.type !== "record") this.#noteOwn(link, raw.bytes);
  }

  #isNext(link: ChainLink): boolean {
    const last = this.#last?.link;
    if (last === undefined) return link.type === "file";
    return link.sequence === last.sequence + 1 && link.previousHash === last.hash && link.writer === last.writer;
  }

  #noteOwn(link: ChainLink, bytes: Buffer): void {
    const members = parseMembers(bytes) ?? {};
    this.#noteTime(members);
    const nextWithin = numberMember(members, "next_within") ?? 0;
    if (link.type === "checkpoint") {
      this.#head = checkpointHead({ ...link, members });
      this.#due = nextWithin;
      this.#promisedWithin = nextWithin;
      return;
    }
    if (members["file"] !== this.#number) throw this.#refuse(1, link.sequence, "is the first line of another file");
    this.#oldest = numberMember(members, "oldest") ?? 1;
    this.#due = nextWithin - 1;
  }

  #noteTime(members: JsonObject): void {
    const time = numberMember(members, "time");
    if (time !== undefined) this.#time = Math.max(this.#time ?? time, time);
  }

  #refuse(line: number, sequence: number | undefined, why: string): Error {
    const named = sequence === undefined ? "" : ` (sequence ${sequence})`;
    return unavailable(`${fileName(this.#number)} line ${line}${named} ${why}; run \`chaperone audit verify\``);
  }

  result(): ScannedFile | UnbegunFile {
    const brokenTail = this.#broken?.tail;
    const [first, last] = [this.#first, this.#last];
    if (first === undefined || last === undefined) return { brokenTail };
    const { link, raw } = last;
    const members = parseMembers(raw.bytes) ?? {};
    this.#noteTime(members);
    return {
      writer: link.writer,
      chain: {
        position: { sequence: link.sequence, hash: link.hash },
        head: this.#head,
        checkpointDue: this.#due,
      },
      previousHash: first.previousHash,
      oldest: this.#oldest,
      unsealedLines: link.sequence - (this.#head?.sequence ?? first.sequence - 1),
      promisedWithin: this.#promisedWithin,
      sizeBytes: raw.offset + raw.sizeBytes + 1,
      lastRecordedTime: this.#time,
      isStopped: link.type === "checkpoint" && members["reason"] === "stop",
      brokenTail,
    };
  }
}
