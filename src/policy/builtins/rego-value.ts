/**
 * Rego values as the host built-ins see them. JSON cannot say all of it: sets, objects with keys that are no strings
 * and integers beyond 2^53 (every nanosecond timestamp is one) have shapes of their own here, so nothing is rounded
 * or retyped on its way through a built-in. The text form is the one that the WASM's `opa_value_dump` writes and its
 * `opa_value_parse` reads.
 */
import { BuiltinLimitError, builtinBounds } from "./bounds.ts";

export type RegoValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly RegoValue[]
  | RegoDecimal
  | RegoSet
  | RegoKeyed
  | RegoObject;

/** An object all of whose keys are strings; any other object is a {@link RegoKeyed}. */
export interface RegoObject {
  readonly [member: string]: RegoValue;
}

/** A number that neither a double nor a bigint says as it was written: `100.0`, `2e308`, a fraction of many digits. */
export class RegoDecimal {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class RegoSet {
  readonly members: readonly RegoValue[];
  /** The WASM drops duplicates when it reads the set, so `members` may hold some. */
  constructor(members: readonly RegoValue[]) {
    this.members = members;
  }
}

export class RegoKeyed {
  readonly pairs: readonly (readonly [RegoValue, RegoValue])[];
  constructor(pairs: readonly (readonly [RegoValue, RegoValue])[]) {
    this.pairs = pairs;
  }
}

export function isRegoArray(value: RegoValue | undefined): value is readonly RegoValue[] {
  return Array.isArray(value);
}

/** True for objects with string keys only. */
export function isRegoObject(value: RegoValue | undefined): value is RegoObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof RegoDecimal) &&
    !(value instanceof RegoSet) &&
    !(value instanceof RegoKeyed)
  );
}

/** Digits enough that a double might not hold them, an exponent, a fraction that ends in zero: then the text itself is read. */
const needsExactReading = /\d{16}|\d[eE]|\.\d*0/u;

/** All that JSON can say is a Rego value. */
const parseJson: (text: string) => RegoValue = JSON.parse;

/** Throws a SyntaxError for text that no value has. */
export function parseRegoValue(text: string): RegoValue {
  if (!needsExactReading.test(text)) {
    try {
      return parseJson(text);
    } catch {
      // A set or a key that is no string: JSON does not know them.
    }
  }
  return new ExactReader(text).read();
}

export function printRegoValue(value: RegoValue): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.toWellFormed());
    case "number":
      return printNumber(value);
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return value === null ? "null" : printCollection(value);
  }
}

function printNumber(value: number): string {
  if (!Number.isFinite(value)) {
    throw new BuiltinLimitError("a number left the range of a double");
  }
  return Object.is(value, -0) ? "0" : String(value);
}

function printCollection(value: readonly RegoValue[] | RegoDecimal | RegoSet | RegoKeyed | RegoObject): string {
  if (value instanceof RegoDecimal) {
    return value.text;
  }
  if (isRegoArray(value)) {
    return `[${value.map(printRegoValue).join(",")}]`;
  }
  if (value instanceof RegoSet) {
    return value.members.length === 0 ? "set()" : `{${value.members.map(printRegoValue).join(",")}}`;
  }
  const pairs: readonly (readonly [RegoValue, RegoValue])[] =
    value instanceof RegoKeyed ? value.pairs : Object.entries(value);
  return `{${pairs.map(([key, member]) => `${printRegoValue(key)}:${printRegoValue(member)}`).join(",")}}`;
}

const number = /-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/uy;
const string = /"[^"\\]*(?:\\.[^"\\]*)*"/suy;
const space = /\s*/uy;

class ExactReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): RegoValue {
    const value = this.#value();
    if (this.#peek() !== "") {
      throw new SyntaxError("text after the value");
    }
    return value;
  }

  #value(): RegoValue {
    switch (this.#peek()) {
      case "[":
        return this.#nested(() => this.#array());
      case "{":
        return this.#nested(() => this.#braces());
      case '"':
        return this.#string();
      case "n":
        return this.#word("null", null);
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "s":
        return this.#word("set()", new RegoSet([]));
      default:
        return exactNumber(this.#match(number));
    }
  }

  #nested(read: () => RegoValue): RegoValue {
    this.#depth += 1;
    if (this.#depth > builtinBounds.depthMax) {
      throw new BuiltinLimitError("a built-in's argument is nested too deeply");
    }
    this.#at += 1;
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #array(): RegoValue {
    const elements: RegoValue[] = [];
    while (!this.#took("]")) {
      elements.push(this.#value());
      this.#separator("]");
    }
    return elements;
  }

  #braces(): RegoValue {
    if (this.#took("}")) {
      return {};
    }
    const first = this.#value();
    if (!this.#took(":")) {
      return this.#set(first);
    }
    const pairs: [RegoValue, RegoValue][] = [[first, this.#value()]];
    this.#separator("}");
    while (!this.#took("}")) {
      const key = this.#value();
      this.#expect(":");
      pairs.push([key, this.#value()]);
      this.#separator("}");
    }
    return objectOf(pairs);
  }

  #set(first: RegoValue): RegoValue {
    const members = [first];
    this.#separator("}");
    while (!this.#took("}")) {
      members.push(this.#value());
      this.#separator("}");
    }
    return new RegoSet(members);
  }

  #string(): string {
    const text: unknown = JSON.parse(this.#match(string));
    return typeof text === "string" ? text : "";
  }

  #word(word: string, value: RegoValue): RegoValue {
    this.#expect(word);
    return value;
  }

  #separator(end: string): void {
    if (this.#peek() !== end) {
      this.#expect(",");
    }
  }

  #took(token: string): boolean {
    const found = this.#peek() === token;
    this.#at += found ? 1 : 0;
    return found;
  }

  #expect(token: string): void {
    this.#match(space);
    if (!this.#text.startsWith(token, this.#at)) {
      throw new SyntaxError(`expected ${token}`);
    }
    this.#at += token.length;
  }

  #peek(): string {
    this.#match(space);
    return this.#text.charAt(this.#at);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) {
      throw new SyntaxError("not a Rego value");
    }
    this.#at += found.length;
    return found;
  }
}

function exactNumber(text: string): RegoValue {
  if (/^-?\d+$/u.test(text)) {
    const value = Number(text);
    return Number.isSafeInteger(value) ? value + 0 : BigInt(text);
  }
  const value = Number(text);
  return String(value) === text ? value : new RegoDecimal(text);
}

/** The object of these pairs; later pairs win. Never assigns, so a member named `__proto__` is only a member. */
export function objectOf(pairs: readonly (readonly [RegoValue, RegoValue])[]): RegoObject | RegoKeyed {
  const named: [string, RegoValue][] = [];
  for (const [key, value] of pairs) {
    if (typeof key !== "string") {
      return new RegoKeyed(pairs);
    }
    named.push([key, value]);
  }
  return Object.fromEntries(named);
}
