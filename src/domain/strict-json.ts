/**
 * JSON from outside, read once and strictly (RFC 8259, RFC 7493): well-formed UTF-8 without a byte order mark, no
 * duplicate member (JSON.parse keeps the last, other readers the first), no `__proto__`, no lone surrogate, no number
 * that overflows or that a double rounds to another whole one, and bounded depth and size. Objects have no prototype,
 * so a claim can never shadow one.
 */
import { bounds } from "./bounds.ts";
import type { Json, JsonObject } from "./json.ts";
import { RequestError, type RequestErrorCode } from "./request-error.ts";

export function parseStrictJson(bytes: Uint8Array): Json | RequestError {
  if (bytes.byteLength > bounds.bodyBytesMax) return new RequestError("body_too_large");
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return new RequestError("body_malformed");
  }
  return new StrictReader(text).read();
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

const code = { quote: 0x22, backslash: 0x5c, space: 0x20 } as const;

/** Carries the first thing that was wrong; the reader's only way out of a deep structure. */
class Malformed extends Error {
  readonly problem: RequestErrorCode;
  constructor(problem: RequestErrorCode) {
    super(problem);
    this.problem = problem;
  }
}

/** Beyond 2^53 a double rounds: the policy would judge account 9007199254740992 and the gateway let pass …993. */
export function isReadAlike(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

class StrictReader {
  readonly #text: string;
  #at = 0;
  #nodes = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Json | RequestError {
    try {
      const value = this.#readValue(0);
      this.#skipSpace();
      return this.#at === this.#text.length ? value : new RequestError("body_malformed");
    } catch (cause) {
      if (cause instanceof Malformed) return new RequestError(cause.problem);
      throw cause;
    }
  }

  #readValue(depth: number): Json {
    this.#nodes += 1;
    if (depth > bounds.jsonDepthMax || this.#nodes > bounds.jsonNodesMax) throw new Malformed("body_too_deep");
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#readObject(depth);
      case "[":
        return this.#readArray(depth);
      case '"':
        return this.#readString();
      case "t":
        return this.#readWord("true", true);
      case "f":
        return this.#readWord("false", false);
      case "n":
        return this.#readWord("null", null);
      default:
        return this.#readNumber();
    }
  }

  #readObject(depth: number): JsonObject {
    const object: Record<string, Json> = { __proto__: null };
    this.#at += 1;
    if (this.#takes("}")) return object;
    do {
      this.#skipSpace();
      if (this.#text.charCodeAt(this.#at) !== code.quote) throw new Malformed("body_malformed");
      const name = this.#readString();
      if (name === "__proto__") throw new Malformed("member_forbidden");
      if (name in object) throw new Malformed("member_duplicated");
      if (!this.#takes(":")) throw new Malformed("body_malformed");
      object[name] = this.#readValue(depth + 1);
    } while (this.#takes(","));
    if (!this.#takes("}")) throw new Malformed("body_malformed");
    return object;
  }

  #readArray(depth: number): readonly Json[] {
    const array: Json[] = [];
    this.#at += 1;
    if (this.#takes("]")) return array;
    do {
      array.push(this.#readValue(depth + 1));
    } while (this.#takes(","));
    if (!this.#takes("]")) throw new Malformed("body_malformed");
    return array;
  }

  /** Plain strings are sliced; one with an escape or a control character is left to JSON.parse, which judges both. */
  #readString(): string {
    const from = this.#at;
    let isPlain = true;
    for (let at = from + 1; at < this.#text.length; at += 1) {
      const unit = this.#text.charCodeAt(at);
      if (unit === code.quote) {
        this.#at = at + 1;
        return isPlain ? this.#text.slice(from + 1, at) : this.#decode(this.#text.slice(from, at + 1));
      }
      if (unit === code.backslash) {
        isPlain = false;
        at += 1;
      } else if (unit < code.space) {
        throw new Malformed("body_malformed");
      }
    }
    throw new Malformed("body_malformed");
  }

  #decode(literal: string): string {
    let value: unknown;
    try {
      value = JSON.parse(literal);
    } catch {
      throw new Malformed("body_malformed");
    }
    if (typeof value !== "string" || !value.isWellFormed()) throw new Malformed("body_malformed");
    return value;
  }

  #readWord<T extends Json>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw new Malformed("body_malformed");
    this.#at += word.length;
    return value;
  }

  #readNumber(): number {
    number.lastIndex = this.#at;
    const literal = number.exec(this.#text)?.[0];
    if (literal === undefined) throw new Malformed("body_malformed");
    const value = Number(literal);
    if (!isReadAlike(value)) throw new Malformed("body_malformed");
    this.#at += literal.length;
    return value;
  }

  #takes(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at += 1;
    }
  }
}
