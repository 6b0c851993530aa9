/**
 * Writes protobuf's wire format from the end to the beginning: a message's length is known when its fields are written,
 * so nothing is measured or copied twice. The field that is written last stands first.
 */
import { tagOf, type WireType } from "./wire-reader.ts";

/** Holds an answer with a role token, which then is not copied into a larger one. */
const startBytes = 2_048;

export class WireWriter {
  // Zeroed, so that no slip here could ever send what this process held in memory before.
  #bytes = Buffer.alloc(startBytes);
  /** How much of the end is written. */
  #length = 0;

  finish(): Buffer {
    return this.#bytes.subarray(this.#bytes.length - this.#length);
  }

  message(field: number, write: () => void): void {
    const before = this.#length;
    write();
    this.#varint(this.#length - before);
    this.#tag(field, "delimited");
  }

  text(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    const at = this.#reserve(length);
    this.#bytes.write(value, at, "utf8");
    this.#varint(length);
    this.#tag(field, "delimited");
  }

  /** Whole and not negative. */
  varint(field: number, value: number): void {
    this.#varint(value);
    this.#tag(field, "varint");
  }

  double(field: number, value: number): void {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleLE(value, at);
    this.#tag(field, "fixed64");
  }

  #tag(field: number, type: WireType): void {
    this.#varint(tagOf(field, type));
  }

  #varint(value: number): void {
    let length = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
    let at = this.#reserve(length);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
      this.#bytes[at] = (rest % 0x80) | 0x80;
      at += 1;
    }
    this.#bytes[at] = rest;
  }

  /** Where the `count` bytes before what is written begin; the buffer may be another one afterwards. */
  #reserve(count: number): number {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(needed, this.#bytes.length * 2));
      this.finish().copy(larger, larger.length - this.#length);
      this.#bytes = larger;
    }
    this.#length = needed;
    return this.#bytes.length - needed;
  }
}
