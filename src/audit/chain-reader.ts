/** Follows a log file by file and line by line, and makes the report of what it saw. */
import type { AuditReport, BlindSpot } from "./audit-report.ts";
import { ChainOrder } from "./chain-order.ts";
import { ChainSeal } from "./chain-seal.ts";
import { type ChainedLine, parseClaimed, parseLine } from "./chained-line.ts";
import { type AuditHead, formatVersion, numberMember } from "./checkpoint.ts";
import { FindingList, type Place } from "./finding-list.ts";
import type { RawLine } from "./line-reader.ts";
import { fileName } from "./log-folder.ts";

export interface VerifyOptions {
  /** A checkpoint that was kept elsewhere. */
  readonly head?: Pick<AuditHead, "writer" | "sequence" | "hash"> | undefined;
  /** Raw, as `parseAuditPublicKey` gives them. With any, a checkpoint of another key is a finding. */
  readonly publicKeys?: readonly string[] | undefined;
}

interface FileAtHand {
  readonly number: number;
  readonly isNewest: boolean;
}

export class ChainReader {
  readonly #options: VerifyOptions;
  readonly #findings = new FindingList();
  readonly #order = new ChainOrder();
  readonly #seal: ChainSeal;
  #file: FileAtHand | undefined;
  #lowestFile: number | undefined;
  /** What the newest header says the lowest file is, and what it was when a checkpoint sealed it. */
  #claimedOldest: number | undefined;
  #oldest = 1;
  #first: ChainedLine | undefined;
  #last: ChainedLine | undefined;
  #files = 0;
  #lines = 0;
  #records = 0;
  #recoveries = 0;
  #halfWrittenBytes = 0;
  #isHeadConfirmed = false;
  #isHeadPlaceTaken = false;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#seal = new ChainSeal(options.publicKeys ?? []);
  }

  /** In ascending order. */
  beginFile(number: number, isNewest: boolean): void {
    const before = this.#file?.number;
    if (before === undefined && number === 1) this.#order.expectBeginning();
    if (before !== undefined && number !== before + 1) this.#reportMissingFiles(before + 1, number - 1);
    this.#lowestFile ??= number;
    this.#file = { number, isNewest };
    this.#files += 1;
  }

  reportUnreadable(why: string): void {
    this.#findings.add("folder_unreadable", this.#place(), why);
  }

  take(raw: RawLine): void {
    if (!raw.isTerminated && this.#file?.isNewest === true) {
      this.#halfWrittenBytes = raw.sizeBytes;
      return;
    }
    this.#lines += 1;
    const line = raw.isTerminated ? parseLine(raw.bytes) : "half_written";
    if (typeof line === "string") {
      const claimed = parseClaimed(raw.bytes);
      this.#findings.add(line, { ...this.#place(), line: raw.number, sequence: claimed?.sequence });
      this.#order.skip(claimed);
      return;
    }
    this.#follow(line, raw);
  }

  #follow(line: ChainedLine, raw: RawLine): void {
    const place: Place = { ...this.#place(), line: raw.number, sequence: line.sequence };
    if ((raw.number === 1) !== (line.type === "file") || !this.#isHeaderRight(line)) {
      this.#findings.add("header_wrong", place);
    }
    const finding = this.#order.follow(line);
    if (finding !== undefined) this.#findings.add(finding.code, place, finding.detail);
    if (finding?.code === "record_repeated" || finding?.code === "record_misplaced") return;
    const unsealed = this.#seal.take(line, raw.bytes, this.#findings.count === 0);
    if (unsealed !== undefined) this.#findings.add(unsealed, place);
    else if (line.type === "checkpoint") this.#oldest = this.#claimedOldest ?? this.#oldest;
    this.#compareHead(line, place);
    this.#count(line);
  }

  #isHeaderRight({ type, members }: ChainedLine): boolean {
    if (type !== "file") return true;
    return members["file"] === this.#file?.number && members["format"] === formatVersion;
  }

  #compareHead(line: ChainedLine, place: Place): void {
    const { head } = this.#options;
    if (head === undefined || line.sequence !== head.sequence || this.#isHeadPlaceTaken) return;
    this.#isHeadPlaceTaken = true;
    this.#isHeadConfirmed = line.hash === head.hash && line.writer === head.writer;
    if (!this.#isHeadConfirmed) this.#findings.add("head_differs", place);
  }

  #count(line: ChainedLine): void {
    const { members } = line;
    this.#first ??= line;
    this.#last = line;
    if (line.type === "file") this.#claimedOldest = numberMember(members, "oldest");
    else if (line.type === "record") this.#records += 1;
    if (members["event"] === "recovered") this.#recoveries += 1;
  }

  #place(): Place {
    return this.#file === undefined ? {} : { file: fileName(this.#file.number) };
  }

  #reportMissingFiles(from: number, to: number): void {
    const names = from === to ? fileName(from) : `${fileName(from)} to ${fileName(to)}`;
    this.#findings.add("file_missing", { file: fileName(from) }, names);
  }

  /** Call once, at the end. */
  report(): AuditReport {
    this.#conclude();
    return {
      isIntact: this.#findings.count === 0,
      files: this.#files,
      lines: this.#lines,
      records: this.#records,
      ...this.#span(),
      halfWrittenBytes: this.#halfWrittenBytes,
      recoveries: this.#recoveries,
      publicKeys: this.#seal.publicKeys,
      isHeadConfirmed: this.#isHeadConfirmed,
      findings: this.#findings.listed,
      findingsNotListed: this.#findings.count - this.#findings.listed.length,
      blindSpots: this.#blindSpots(),
    };
  }

  /** What only the whole can show. */
  #conclude(): void {
    const [oldest, lowest] = [this.#oldest, this.#lowestFile];
    if (lowest !== undefined && lowest > oldest) this.#reportMissingFiles(oldest, lowest - 1);
    if (this.#last === undefined) this.#findings.add("log_empty", this.#place());
    if (this.#options.head !== undefined && !this.#isHeadPlaceTaken) this.#findings.add("head_missing", {});
    const isKeyGiven = (this.#options.publicKeys ?? []).length > 0;
    // With another finding nothing may be sealed because of that one.
    if (isKeyGiven && this.#seal.sealedTo === undefined && this.#findings.count === 0) {
      this.#findings.add("seal_missing", this.#place());
    }
  }

  #span(): Pick<
    AuditReport,
    "writer" | "firstSequence" | "lastSequence" | "sealedTo" | "unsealedLines" | "endsWithStop"
  > {
    const [first, last, sealedTo] = [this.#first, this.#last, this.#seal.sealedTo];
    const unsealedLines =
      first === undefined || last === undefined ? 0 : last.sequence - (sealedTo?.sequence ?? first.sequence - 1);
    return {
      writer: last?.writer,
      firstSequence: first?.sequence,
      lastSequence: last?.sequence,
      sealedTo,
      unsealedLines,
      endsWithStop: last?.type === "checkpoint" && last.members["reason"] === "stop",
    };
  }

  #blindSpots(): readonly BlindSpot[] {
    const { head, publicKeys = [] } = this.#options;
    const last = this.#last?.sequence;
    const spots: readonly (readonly [BlindSpot, boolean])[] = [
      ["tail_unsealed", last !== undefined && last > (this.#seal.sealedTo?.sequence ?? 0)],
      ["end_unknown", !(this.#isHeadConfirmed && head?.sequence === last)],
      ["key_unvouched", publicKeys.length === 0],
      ["key_holder", publicKeys.length > 0],
      ["beginning_deleted", (this.#first?.sequence ?? 1) > 1],
      ["content", true],
    ];
    return spots.filter(([, applies]) => applies).map(([spot]) => spot);
  }
}
