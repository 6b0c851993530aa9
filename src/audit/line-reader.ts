/** Reads a file as lines without holding more than a chunk and one line of it. */
import { open } from "node:fs/promises";
import { type ChainedLine, parseLine } from "./chained-line.ts";
import { limits } from "./limits.ts";

export interface RawLine {
  /** Without the newline. */
  readonly bytes: Buffer;
  /** From 1. */
  readonly number: number;
  readonly offset: number;
  /** Without the newline; more than `bytes` holds when the line is above the limit. */
  readonly sizeBytes: number;
  /** False for the bytes behind the last newline. */
  readonly isTerminated: boolean;
}

const newline = 0x0a;

/** Lines come in groups, one per chunk read. A line above the limit comes as its first part, once. */
export async function* readLines(path: string): AsyncGenerator<readonly RawLine[]> {
  const handle = await open(path, "r");
  try {
    const cutter = new LineCutter();
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(limits.readBytes), 0, limits.readBytes);
      if (bytesRead === 0) break;
      yield cutter.take(buffer.subarray(0, bytesRead));
    }
    yield cutter.rest();
  } finally {
    await handle.close();
  }
}

class LineCutter {
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #offset = 0;
  #number = 0;

  take(chunk: Buffer): readonly RawLine[] {
    const lines: RawLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#cut(true));
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  rest(): readonly RawLine[] {
    return this.#keptBytes === 0 ? [] : [this.#cut(false)];
  }

  /** Beyond the limit only the length is counted: such a line is refused whatever it holds. */
  #keep(part: Buffer): void {
    if (this.#keptBytes <= limits.lineBytesMax && part.length > 0) this.#kept.push(part);
    this.#keptBytes += part.length;
  }

  #cut(isTerminated: boolean): RawLine {
    const [first] = this.#kept;
    const bytes = this.#kept.length === 1 && first !== undefined ? first : Buffer.concat(this.#kept);
    this.#number += 1;
    const line = { bytes, number: this.#number, offset: this.#offset, sizeBytes: this.#keptBytes, isTerminated };
    this.#offset += this.#keptBytes + (isTerminated ? 1 : 0);
    this.#kept = [];
    this.#keptBytes = 0;
    return line;
  }
}

/** Undefined unless the file ends with a whole line and its newline. */
export async function readLastLine(path: string): Promise<ChainedLine | undefined> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.min(size, limits.lineBytesMax + 2));
    await handle.read(bytes, 0, bytes.length, size - bytes.length);
    const end = bytes.length - 1;
    if (bytes[end] !== newline) return undefined;
    const parsed = parseLine(bytes.subarray(end === 0 ? 0 : bytes.lastIndexOf(newline, end - 1) + 1, end));
    return typeof parsed === "string" ? undefined : parsed;
  } finally {
    await handle.close();
  }
}
