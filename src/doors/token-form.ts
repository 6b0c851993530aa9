/**
 * The form of a token request (RFC 6749 §3.2, TX-1), read once and strictly: ASCII on the wire, percent-encoded UTF-8
 * inside, bounded, nothing twice. A parameter without a value counts as left out.
 */
import type { IncomingMessage } from "node:http";
import { formParametersMax } from "./limits.ts";

const mediaType = /^application\/x-www-form-urlencoded[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i;

export function isFormType({ headers }: IncomingMessage): boolean {
  return mediaType.test(headers["content-type"] ?? "");
}

/** RFC 8693 §2.1: the two parameters that may stand there more than once. */
const repeatable = ["resource", "audience"];
// What a serializer leaves standing; everything else must come percent-encoded.
const wire = /^[\x21-\x7e]*$/;

export class TokenForm {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  private constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** Undefined when it is no form, too long, or says something twice. */
  static parse(body: Uint8Array): TokenForm | undefined {
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
    if (!wire.test(text)) return undefined;
    // Counted before the empty ones are passed over: what lies behind the bound is refused, never just not read.
    const pairs = text.split("&", formParametersMax + 1);
    if (pairs.length > formParametersMax) return undefined;
    const values = new Map<string, string[]>();
    for (const pair of pairs) {
      if (pair === "") continue;
      const at = pair.indexOf("=");
      const name = decodeFormText(at < 0 ? pair : pair.slice(0, at));
      const value = decodeFormText(at < 0 ? "" : pair.slice(at + 1));
      if (name === undefined || value === undefined) return undefined;
      const earlier = values.get(name);
      if (earlier !== undefined && !repeatable.includes(name)) return undefined;
      values.set(name, [...(earlier ?? []), value]);
    }
    return new TokenForm(values);
  }

  /** The value of a parameter that cannot stand there twice. */
  one(name: string): string | undefined {
    const [value] = this.#values.get(name) ?? [];
    return value === "" ? undefined : value;
  }

  every(name: string): readonly string[] {
    return (this.#values.get(name) ?? []).filter((value) => value !== "");
  }
}

/** `application/x-www-form-urlencoded` text as it was meant, or undefined: a broken escape, bytes that are no UTF-8. */
export function decodeFormText(text: string): string | undefined {
  // As the tokens are, which are most of the form.
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
