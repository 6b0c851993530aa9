/**
 * What a folder holds when a process begins to write to it. What a crash left half-written at the very end is cut,
 * its bytes kept beside the file; anything else that is broken stops the opening (fail closed).
 */
import { hash } from "node:crypto";
import { open, truncate } from "node:fs/promises";
import { join } from "node:path";
import { unavailable } from "./audit-error.ts";
import type { ChainState } from "./chain.ts";
import { beforeFirst, type ChainedLine } from "./chained-line.ts";
import { numberMember } from "./checkpoint.ts";
import { limits } from "./limits.ts";
import { readFirstLine, readLastLine } from "./line-reader.ts";
import { fileName, firstGap, listFileNumbers, partialName } from "./log-folder.ts";
import { type BrokenTail, type ScannedFile, scanFile } from "./scan-file.ts";

/** How the previous process ended, when it did not stop in order. */
export interface Recovery {
  readonly cause: "half_written" | "broken" | "unclean_stop";
  readonly file: string;
  readonly cutBytes: number;
  /** SHA-256 of the bytes that were cut, and the file that keeps them. */
  readonly cutDigest?: string;
  readonly keptAs?: string;
}

export interface RecoveredFolder {
  readonly writer: string | undefined;
  readonly chain: ChainState;
  readonly oldest: number;
  readonly fileNumber: number;
  /** Of whole lines in the newest file; 0: its first line is still to be written. */
  readonly sizeBytes: number;
  readonly lastRecordedTime: number | undefined;
  readonly recovery: Recovery | undefined;
}

/** Nothing recorded yet, or only the beginning of a first line. */
const unwritten = {
  writer: undefined,
  chain: { position: beforeFirst, head: undefined, checkpointDue: 0 },
  oldest: 1,
  lastRecordedTime: undefined,
};

export async function recoverFolder(folder: string): Promise<RecoveredFolder> {
  const numbers = listFileNumbers(folder);
  const gap = firstGap(numbers);
  if (gap !== undefined) throw refuse(fileName(gap), "is missing");
  const newest = numbers.at(-1);
  if (newest === undefined) return { ...unwritten, fileNumber: 1, sizeBytes: 0, recovery: undefined };
  const before = numbers.length > 1 ? await readEnd(folder, newest - 1) : undefined;
  const scanned = await scanFile(folder, newest);
  if ("writer" in scanned) checkLink(scanned, before, newest);
  else if (before === undefined && newest !== 1) throw refuse(fileName(newest - 1), "is missing");
  const cut = scanned.brokenTail === undefined ? undefined : await cutTail(folder, newest, scanned.brokenTail);
  const uncleanStop: Recovery = { cause: "unclean_stop", file: fileName(newest), cutBytes: 0 };
  if ("writer" in scanned) {
    return { ...scanned, fileNumber: newest, recovery: cut ?? (scanned.isStopped ? undefined : uncleanStop) };
  }
  return { ...(before ?? unwritten), fileNumber: newest, sizeBytes: 0, recovery: cut ?? uncleanStop };
}

function refuse(file: string, why: string): Error {
  return unavailable(`${file} ${why}; run \`chaperone audit verify\``);
}

type ChainEnd = Pick<RecoveredFolder, "writer" | "chain" | "oldest" | "lastRecordedTime">;

/** A file that is not the newest ends with the checkpoint of its rotation. */
async function readEnd(folder: string, number: number): Promise<ChainEnd> {
  const path = join(folder, fileName(number));
  const [first, last] = [await readFirstLine(path), await readLastLine(path)];
  if (first === undefined || last?.members["type"] !== "checkpoint") throw refuse(fileName(number), "is broken");
  const { writer, sequence, hash } = last;
  const time = numberMember(last.members, "time") ?? 0;
  return {
    writer,
    chain: { position: { sequence, hash }, head: { writer, sequence, hash, time }, checkpointDue: 0 },
    oldest: numberMember(first.members, "oldest") ?? 1,
    lastRecordedTime: time,
  };
}

function checkLink(scanned: ScannedFile, before: ChainEnd | undefined, newest: number): void {
  const link: Pick<ChainedLine, "previousHash" | "writer"> = scanned;
  const expected = before?.chain.position.hash ?? (newest === 1 ? beforeFirst.hash : link.previousHash);
  if (link.previousHash === expected && (before === undefined || link.writer === before.writer)) return;
  throw refuse(fileName(newest), "does not follow the file before it");
}

/** The bytes are on the disk elsewhere before they are cut here. */
async function cutTail(folder: string, number: number, tail: BrokenTail): Promise<Recovery> {
  const path = join(folder, fileName(number));
  try {
    const bytes = await readFrom(path, tail.offset);
    const digest = hash("sha256", bytes, "hex");
    const keptAs = partialName(number, digest);
    const kept = await open(join(folder, keptAs), "w", 0o600);
    try {
      await kept.writeFile(bytes);
      await kept.sync();
    } finally {
      await kept.close();
    }
    await truncate(path, tail.offset);
    return { cause: tail.cause, file: fileName(number), cutBytes: bytes.length, cutDigest: digest, keptAs };
  } catch (cause) {
    throw unavailable(`the broken end of ${fileName(number)} cannot be set aside`, cause);
  }
}

async function readFrom(path: string, offset: number): Promise<Buffer> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    if (size - offset > limits.lineBytesMax) throw unavailable("it is longer than a line may be");
    const bytes = Buffer.alloc(size - offset);
    await handle.read(bytes, 0, bytes.length, offset);
    return bytes;
  } finally {
    await handle.close();
  }
}
