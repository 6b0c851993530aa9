/**
 * The text that OPA's signatures cover for a JSON document (v1/bundle/hash.go): members sorted by the bytes of their
 * names, no space, numbers as they were written, strings as Go writes them. It goes from text to text, because a tree
 * that keeps the text of its numbers takes ten times as long to make.
 */

/** `text` is valid JSON of bounded depth (json-document.ts). */
export function renderCanonical(text: string): string {
  return new CanonicalReader(text).read();
}

/** In valid JSON nothing else stands so low outside of strings. */
const spaceCode = 0x20;
const word = /[^ \t\r\n,\]}]+/y;
const string = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
/** What Go writes otherwise than it may stand: an escape, or one of the two separators that Go escapes. */
const isRewritten = /[\\\u2028\u2029]/;
/** From here on the order of UTF-16 units is not the order of UTF-8 bytes. */
const isHigh = /[\ud800-\uffff]/;

class CanonicalReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): string {
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#readObject();
      case "[":
        return this.#readArray();
      case '"':
        return this.#readString();
      default:
        return this.#match(word);
    }
  }

  #readArray(): string {
    const elements: string[] = [];
    for (this.#at += 1; !this.#took("]"); this.#took(",")) elements.push(this.read());
    return `[${elements.join(",")}]`;
  }

  #readObject(): string {
    const members = new Map<string, string>();
    for (this.#at += 1; !this.#took("}"); this.#took(",")) {
      const name = textOf(this.#match(string));
      this.#took(":");
      members.set(name, this.read());
    }
    const names = [...members.keys()].sort();
    if (names.some((name) => isHigh.test(name))) names.sort(byBytes);
    return `{${names.map((name) => `${renderString(name)}:${members.get(name)}`).join(",")}}`;
  }

  #readString(): string {
    const token = this.#match(string);
    return isRewritten.test(token) ? renderString(textOf(token)) : token;
  }

  /** The token and the space around it, if it is next. */
  #took(token: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== token) return false;
    this.#at += 1;
    this.#skipSpace();
    return true;
  }

  #skipSpace(): void {
    while (this.#text.charCodeAt(this.#at) <= spaceCode) this.#at += 1;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }
}

/** What the token says; Go has no lone surrogates. */
function textOf(token: string): string {
  return token.includes("\\") ? String(JSON.parse(token)).toWellFormed() : token.slice(1, -1);
}

function renderString(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (found) => (found === "\u2028" ? "\\u2028" : "\\u2029"));
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
