/**
 * The line format. A line is the record's own JSON with the chaining members spliced around it as text:
 *
 *   {"writer":"…","seq":7,"prev":"<hash of line 6>",<the record's members>,"hash":"<sha256>"}
 *
 * `hash` covers the exact bytes before `,"hash":`, so checking needs no canonical JSON, only `head -c` and `sha256sum`.
 */
import { hash } from "node:crypto";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { limits } from "./limits.ts";

/** The last line so far. Sequence 0 is before the first. */
export interface ChainPosition {
  readonly sequence: number;
  readonly hash: string;
}

export const beforeFirst: ChainPosition = { sequence: 0, hash: "0".repeat(64) };

/** A line's place in the chain, its hash found right. */
export interface ChainLink extends ChainPosition {
  readonly writer: string;
  readonly previousHash: string;
  /** The log's own lines say their type first. */
  readonly type: "file" | "checkpoint" | "record";
}

export interface ChainedLine extends ChainLink {
  readonly members: JsonObject;
}

export interface RenderedLine extends ChainPosition {
  /** With its newline. */
  readonly text: string;
}

/** `members` is a JSON object of at least one member, and none named like a chaining member. */
export function renderLine(writer: string, previous: ChainPosition, members: string): RenderedLine {
  const sequence = previous.sequence + 1;
  return close(`${openLine(writer, previous)}${members.slice(1, -1)}`, sequence);
}

/** As {@link renderLine}, with a signature over all bytes before `,"signature":`. */
export function renderSignedLine(
  writer: string,
  previous: ChainPosition,
  members: string,
  sign: (signed: string) => string,
): RenderedLine {
  const signed = `${openLine(writer, previous)}${members.slice(1, -1)}`;
  return close(`${signed},"signature":"${sign(signed)}"`, previous.sequence + 1);
}

function openLine(writer: string, previous: ChainPosition): string {
  return `{"writer":"${writer}","seq":${previous.sequence + 1},"prev":"${previous.hash}",`;
}

function close(covered: string, sequence: number): RenderedLine {
  const digest = hash("sha256", covered, "hex");
  return { sequence, hash: digest, text: `${covered},"hash":"${digest}"}\n` };
}

export type LineFault = "record_malformed" | "record_changed";

const opening =
  /^\{"writer":"([0-9a-f]{32})","seq":([1-9][0-9]{0,14}),"prev":"([0-9a-f]{64})",(?:"type":"(file|checkpoint)",)?/;
const openingBytesMax = 180;
const closing = /^,"hash":"([0-9a-f]{64})"\}$/;
const closingBytes = 75;

/** A line without its newline, its members not looked at; `record_changed` when only the hash is not that of the bytes. */
export function parseLink(bytes: Buffer): ChainLink | LineFault {
  if (bytes.length > limits.lineBytesMax) return "record_malformed";
  const [, writer, sequence, previousHash, type] = opening.exec(bytes.toString("latin1", 0, openingBytesMax)) ?? [];
  const coveredBytes = Math.max(0, bytes.length - closingBytes);
  const [, stated] = closing.exec(bytes.toString("latin1", coveredBytes)) ?? [];
  if (writer === undefined || sequence === undefined || previousHash === undefined || stated === undefined) {
    return "record_malformed";
  }
  if (hash("sha256", bytes.subarray(0, coveredBytes), "hex") !== stated) return "record_changed";
  const ownType = type === "file" || type === "checkpoint" ? type : "record";
  return { writer, sequence: Number(sequence), previousHash, hash: stated, type: ownType };
}

/** As {@link parseLink}, with the members. */
export function parseLine(bytes: Buffer): ChainedLine | LineFault {
  const link = parseLink(bytes);
  if (typeof link === "string") return link;
  const members = parseMembers(bytes);
  return members === undefined ? "record_malformed" : { ...link, members };
}

export function parseMembers(bytes: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export type ClaimedLine = ChainPosition;

/** What a broken line says of itself, for naming its place. */
export function parseClaimed(bytes: Buffer): ClaimedLine | undefined {
  const [, , sequence] = opening.exec(bytes.toString("latin1", 0, openingBytesMax)) ?? [];
  const [, hash] = closing.exec(bytes.toString("latin1", Math.max(0, bytes.length - closingBytes))) ?? [];
  return sequence === undefined ? undefined : { sequence: Number(sequence), hash: hash ?? "" };
}

const signatureBytes = ',"signature":"'.length + 86 + 1;

/** The bytes that a signed line's signature covers. */
export function signedBytes(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.max(0, bytes.length - closingBytes - signatureBytes));
}
