/**
 * Reads protobuf's wire format strictly: what is not well-formed, or no UTF-8 where text stands, is refused and never
 * repaired. Unknown fields are the reader's to skip, because newer gateways send more of them; groups are refused.
 */
import { isUtf8 } from "node:buffer";
import type { RequestErrorCode } from "../../../domain/request-error.ts";

/** Carries why; a reader's only way out of a deep structure. */
export class Unreadable extends Error {
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode = "request_malformed") {
    super(code);
    this.code = code;
  }
}

export const wireType = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;
export type WireType = keyof typeof wireType;

/** For a field that may stand once: whoever reads the message after us could believe the other one. */
export function once<Found>(before: Found | undefined, found: Found): Found {
  if (before !== undefined) throw new Unreadable("member_duplicated");
  return found;
}

/** A field's number and wire type in one, as they stand before its value. */
export const tagOf = (field: number, type: WireType): number => (field << 3) | wireType[type];

/** Beyond it the native scan, which goes over many bytes at once, has made up for being called. */
const shortBytesMax = 48;

/** One message, or the part of a buffer that holds one. */
export class WireReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, from = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
  }

  /** The next field's tag; undefined at the end. */
  next(): number | undefined {
    if (this.#at === this.#end) return undefined;
    const tag = this.#unsigned32();
    if (tag >>> 3 === 0) throw new Unreadable();
    return tag;
  }

  skip(tag: number): void {
    switch (tag & 7) {
      case wireType.varint:
        this.varint();
        return;
      case wireType.fixed64:
        this.#take(8);
        return;
      case wireType.delimited:
        this.#take(this.#unsigned32());
        return;
      case wireType.fixed32:
        this.#take(4);
        return;
      default:
        throw new Unreadable();
    }
  }

  /** Every negative number reads as -1. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let length = 1; length <= 10; length += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return length === 10 ? -1 : value;
      scale *= 0x80;
    }
    throw new Unreadable();
  }

  /** Precise, and a negative one as the 64 bits that it is. */
  varint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Unreadable();
  }

  /** Any other number is true to some readers and, where they look at its lower half alone, false to others. */
  bool(): boolean {
    const value = this.varint64();
    if (value > 1n) throw new Unreadable();
    return value === 1n;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  fixed(length: 4 | 8): Buffer {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  message(): WireReader {
    const length = this.#unsigned32();
    const from = this.#take(length);
    return new WireReader(this.#bytes, from, from + length);
  }

  bytes(): Buffer {
    const length = this.#unsigned32();
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** The bytes of a text. */
  textBytes(): Buffer {
    const bytes = this.bytes();
    if (!isUtf8(bytes)) throw new Unreadable();
    return bytes;
  }

  text(): string {
    const length = this.#unsigned32();
    const from = this.#take(length);
    const end = from + length;
    if (length <= shortBytesMax && this.#isAscii(from, end)) return this.#bytes.toString("latin1", from, end);
    const bytes = this.#bytes.subarray(from, end);
    if (!isUtf8(bytes)) throw new Unreadable();
    return bytes.toString("utf8");
  }

  /** Of few bytes looking at each is cheaper than asking. */
  #isAscii(from: number, end: number): boolean {
    for (let at = from; at < end; at += 1) {
      if ((this.#bytes[at] ?? 0) >= 0x80) return false;
    }
    return true;
  }

  #unsigned32(): number {
    let value = this.#byte();
    if (value < 0x80) return value;
    value &= 0x7f;
    for (let scale = 0x80; scale <= 0x1000_0000; scale *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 && value <= 0xffff_ffff) return value;
    }
    throw new Unreadable();
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw new Unreadable();
    this.#at += 1;
    return byte;
  }

  /** Where the next `length` bytes begin, which are then behind. */
  #take(length: number): number {
    const from = this.#at;
    if (length > this.#end - from) throw new Unreadable();
    this.#at = from + length;
    return from;
  }
}
