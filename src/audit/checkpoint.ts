/** The lines that the log writes of its own accord: the first line of each file, and the signed checkpoints. */
import type { JsonObject } from "../domain/json.ts";
import type { AuditKey } from "./audit-key.ts";
import {
  type ChainedLine,
  type ChainPosition,
  type RenderedLine,
  renderLine,
  renderSignedLine,
} from "./chained-line.ts";

/** A checkpoint to keep off the pod: the chain up to here can then not be cut or rewritten unseen. */
export interface AuditHead extends ChainPosition {
  readonly writer: string;
  /** Epoch seconds. */
  readonly time: number;
}

export type CheckpointReason = "interval" | "rotation" | "stop";

export interface Checkpoint {
  readonly reason: CheckpointReason;
  readonly time: number;
  /** The promise that the next one comes within so many lines, so that removing one is seen. */
  readonly nextWithin: number;
}

export function renderCheckpoint(
  writer: string,
  previous: ChainPosition,
  { reason, time, nextWithin }: Checkpoint,
  key: AuditKey,
): RenderedLine {
  const members = { type: "checkpoint", reason, time, next_within: nextWithin, key: key.publicKey };
  return renderSignedLine(writer, previous, JSON.stringify(members), (signed) => key.sign(signed));
}

export interface FileHeader {
  readonly number: number;
  /** Files below it were deleted by the log itself; any other that is missing was taken away. */
  readonly oldest: number;
  readonly time: number;
  readonly nextWithin: number;
}

export const formatVersion = 1;

export function renderFileHeader(writer: string, previous: ChainPosition, header: FileHeader): RenderedLine {
  const { number, oldest, time, nextWithin } = header;
  const members = { type: "file", format: formatVersion, file: number, oldest, time, next_within: nextWithin };
  return renderLine(writer, previous, JSON.stringify(members));
}

export function numberMember(members: JsonObject, name: string): number | undefined {
  const value = members[name];
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

/** Undefined when the line is no checkpoint. */
export function checkpointHead({ writer, sequence, hash, type, members }: ChainedLine): AuditHead | undefined {
  if (type !== "checkpoint") return undefined;
  return { writer, sequence, hash, time: numberMember(members, "time") ?? 0 };
}

/** `<writer>:<sequence>:<hash>`, as `--head` takes it. */
export function renderHead({ writer, sequence, hash }: Pick<AuditHead, "writer" | "sequence" | "hash">): string {
  return `${writer}:${sequence}:${hash}`;
}

export function parseHead(text: string): Pick<AuditHead, "writer" | "sequence" | "hash"> | undefined {
  const [, writer, sequence, hash] = /^([0-9a-f]{32}):([1-9][0-9]{0,14}):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  return writer === undefined || sequence === undefined || hash === undefined
    ? undefined
    : { writer, sequence: Number(sequence), hash };
}
