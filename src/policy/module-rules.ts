/**
 * Which rules a WASM module holds. OPA's compiler writes its table of rules, by path, as the module's last data
 * segment, because the module itself looks rules up there when a policy names them by variable
 * (`data.chaperone.guards[name].clear`): it is what will be evaluated, not a description of it.
 */
import { isJsonObject, type JsonObject } from "../domain/json.ts";

/** `{ chaperone: { guards: { hours: { clear: 74 } } } }`: an object is a path, a number a rule. */
export type RuleTree = JsonObject;

/**
 * OPA compiles a rule again for each `with` that it is evaluated under, in a table of its own; this is all of them
 * together. Throws for a module without the table.
 */
export function readRuleTree(wasm: Buffer): RuleTree {
  const table: unknown = JSON.parse(lastDataSegment(wasm).toString("utf8"));
  const trees = isJsonObject(table) ? Object.values(table) : [];
  if (trees.length === 0 || !trees.every(isJsonObject)) throw new RangeError("no table of rules");
  return trees.reduce(unite);
}

function unite(one: RuleTree, other: RuleTree): RuleTree {
  const members = new Map(Object.entries(one));
  for (const [name, value] of Object.entries(other)) {
    const present = members.get(name);
    members.set(name, isJsonObject(present) && isJsonObject(value) ? unite(present, value) : value);
  }
  return Object.fromEntries(members);
}

const dataSectionId = 11;

function lastDataSegment(wasm: Buffer): Buffer {
  const cursor = new Cursor(wasm, 8);
  while (!cursor.isAtEnd) {
    const id = cursor.byte();
    const length = cursor.unsigned();
    if (id !== dataSectionId) {
      cursor.skip(length);
      continue;
    }
    let last: Buffer = Buffer.alloc(0);
    for (let left = cursor.unsigned(); left > 0; left -= 1) {
      const kind = cursor.unsigned();
      if (kind === 2) cursor.unsigned();
      if (kind !== 1) cursor.skipConstantExpression();
      last = cursor.take(cursor.unsigned());
    }
    return last;
  }
  throw new RangeError("no data section");
}

/** Reads the few encodings of the WebAssembly binary format that lead to the data section. */
class Cursor {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  /** LEB128, 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const next = this.byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
    throw new RangeError("a number is too long");
  }

  skip(count: number): void {
    this.#at += count;
  }

  take(count: number): Buffer {
    const start = this.#at;
    this.#at += count;
    return this.#bytes.subarray(start, this.#at);
  }

  /** `i32.const n; end`, the only offset that OPA and LLVM write. */
  skipConstantExpression(): void {
    if (this.byte() !== 0x41) throw new RangeError("an offset is not a constant");
    this.unsigned();
    if (this.byte() !== 0x0b) throw new RangeError("an offset does not end");
  }
}
