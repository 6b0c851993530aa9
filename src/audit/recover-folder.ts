/**
 * What a folder holds when a process begins to write to it. What a crash left half-written at the very end is cut,
 * its bytes kept beside the file; anything else that is broken stops the opening (fail closed).
 */
import { hash } from "node:crypto";
import { open, truncate, unlink } from "node:fs/promises";
import { join } from "node:path";
import { unavailable } from "./audit-error.ts";
import type { ChainState } from "./chain.ts";
import { beforeFirst, type ChainedLine } from "./chained-line.ts";
import { checkpointHead, numberMember } from "./checkpoint.ts";
import { limits } from "./limits.ts";
import { readLastLine } from "./line-reader.ts";
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
  readonly recoveries: readonly Recovery[];
}

const unwritten = {
  writer: undefined,
  chain: { position: beforeFirst, head: undefined, checkpointDue: 0 },
  oldest: 1,
  fileNumber: 1,
  sizeBytes: 0,
  lastRecordedTime: undefined,
};

/** `checkpointEvery`: how many lines are taken over unsealed when no checkpoint promised another number. */
export async function recoverFolder(folder: string, checkpointEvery: number): Promise<RecoveredFolder> {
  const numbers = listFileNumbers(folder);
  const gap = firstGap(numbers);
  if (gap !== undefined) throw refuse(fileName(gap), "is missing");
  const newest = numbers.at(-1);
  if (newest === undefined) return { ...unwritten, recoveries: [] };
  const scanned = await scanFile(folder, newest);
  const cut = scanned.brokenTail === undefined ? [] : [await cutTail(folder, newest, scanned.brokenTail)];
  if (!("writer" in scanned)) return dropUnbegun(folder, checkpointEvery, newest, cut);
  const before = numbers.length > 1 ? await readLastLine(join(folder, fileName(newest - 1))) : undefined;
  if (numbers.length > 1 || newest === 1) checkLink(scanned, before, newest);
  checkUnsealed(scanned, before, { newest, checkpointEvery });
  const recoveries = cut.length > 0 || scanned.isStopped ? cut : [uncleanStop(newest)];
  const head = scanned.chain.head ?? (before === undefined ? undefined : checkpointHead(before));
  // The next checkpoint may come earlier than was promised, never later than this process is told.
  const checkpointDue = Math.min(scanned.chain.checkpointDue, checkpointEvery);
  return { ...scanned, chain: { ...scanned.chain, head, checkpointDue }, fileNumber: newest, recoveries };
}

/** A process died while it began this file: without it the one before is the newest again. */
async function dropUnbegun(
  folder: string,
  checkpointEvery: number,
  number: number,
  cut: readonly Recovery[],
): Promise<RecoveredFolder> {
  const numbers = listFileNumbers(folder);
  if (numbers.length === 1 && number !== 1) throw refuse(fileName(number - 1), "is missing");
  await unlink(join(folder, fileName(number)));
  const found = await recoverFolder(folder, checkpointEvery);
  const torn = [...cut, ...found.recoveries].filter(({ cutBytes }) => cutBytes > 0);
  return { ...found, recoveries: torn.length > 0 ? torn : [uncleanStop(number)] };
}

function uncleanStop(number: number): Recovery {
  return { cause: "unclean_stop", file: fileName(number), cutBytes: 0 };
}

function refuse(file: string, why: string): Error {
  return unavailable(`${file} ${why}; run \`chaperone audit verify\``);
}

function checkLink(scanned: ScannedFile, before: ChainedLine | undefined, newest: number): void {
  const expected = newest === 1 ? beforeFirst.hash : before?.hash;
  const isSameWriter = newest === 1 || before?.writer === scanned.writer;
  if (scanned.previousHash === expected && isSameWriter) return;
  throw refuse(fileName(newest), "does not follow the file before it");
}

/**
 * This process will seal with its own key what it takes over, so that may be no more than a crash leaves unsealed. A
 * header's promise does not count, because nothing seals a header that no checkpoint follows.
 */
function checkUnsealed(
  { unsealedLines, promisedWithin }: ScannedFile,
  before: ChainedLine | undefined,
  { newest, checkpointEvery }: { readonly newest: number; readonly checkpointEvery: number },
): void {
  if (before !== undefined && before.type !== "checkpoint") throw refuse(fileName(newest - 1), "ends unsealed");
  const promised = promisedWithin ?? (before === undefined ? 0 : numberMember(before.members, "next_within")) ?? 0;
  if (unsealedLines <= Math.max(checkpointEvery, promised)) return;
  const why = `holds ${unsealedLines} lines without a checkpoint (was audit.checkpoint_every larger when it was written?)`;
  throw refuse(fileName(newest), why);
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
