/** The text of a token in its compact form, read as OPA reads it. Nothing here is believed; undefined is OPA's error. */
import { assertWithin, BuiltinLimitError } from "./bounds.ts";
import {
  isRegoArray,
  isRegoObject,
  parseRegoValue,
  RegoDecimal,
  type RegoObject,
  type RegoValue,
} from "./rego-value.ts";

/** A token's three sections as they were written. */
export interface TokenSections {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

export function splitToken(text: RegoValue | undefined): TokenSections | undefined {
  if (typeof text !== "string") return undefined;
  assertWithin("tokenLengthMax", text.length);
  const [header, payload, signature, ...rest] = text.split(".");
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) return undefined;
  return { header, payload, signature };
}

/** What a signature is over. */
export function signedBytes({ header, payload }: TokenSections): Buffer {
  return Buffer.from(`${header}.${payload}`, "utf8");
}

const base64url = /^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/u;
const paddingByRemainder: Readonly<Record<number, string>> = { 0: "", 2: "==", 3: "=" };

/** Padding may be there or not; line breaks count for its length and are then skipped, as Go does. */
export function decodeSection(section: string): Buffer | undefined {
  const padding = section.endsWith("=") ? "" : paddingByRemainder[section.length % 4];
  const text = `${section}${padding ?? ""}`.replaceAll(/[\r\n]/gu, "");
  return padding !== undefined && base64url.test(text) ? Buffer.from(text, "base64url") : undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined for bytes that are no UTF-8: where OPA puts U+FFFD, two names could become one. */
export function decodeText(section: string): string | undefined {
  const bytes = decodeSection(section);
  try {
    return bytes === undefined ? undefined : utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Without the quotes, single or double, in which it may stand. */
export function unquote(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isQuote(text[start])) start += 1;
  while (end > start && isQuote(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

const isQuote = (character: string | undefined): boolean => character === '"' || character === "'";

/** The last of two members with one name counts, as RFC 7519 §4 allows. */
export function parseObject(text: string): RegoObject | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const value = parseRegoValue(text);
  if (!isRegoObject(value)) return undefined;
  new SectionCheck().check(value);
  return value;
}

/** Whatever nobody signed goes on into the module, which takes its time for much and breaks off on what it cannot hold. */
class SectionCheck {
  #nodes = 0;
  #depth = 0;

  check(value: RegoValue): void {
    this.#nodes += 1;
    assertWithin("tokenNodesMax", this.#nodes);
    if (typeof value === "bigint") assertWithin("tokenNumberLengthMax", String(value).length);
    if (value instanceof RegoDecimal) checkDecimal(value);
    if (typeof value !== "object" || value === null) return;
    this.#depth += 1;
    assertWithin("tokenDepthMax", this.#depth);
    const members: readonly RegoValue[] = isRegoArray(value) ? value : isRegoObject(value) ? Object.values(value) : [];
    for (const member of members) this.check(member);
    this.#depth -= 1;
  }
}

function checkDecimal({ text }: RegoDecimal): void {
  assertWithin("tokenNumberLengthMax", text.length);
  if (/e[+-]?\d{4}/iu.test(text)) throw new BuiltinLimitError("a token's number has an exponent of its own size");
}

/** What a header says before anybody verified it. An encrypted token (RFC 7516) is none that can be read. */
export function parseMembers({ header }: TokenSections): RegoObject | undefined {
  const text = decodeText(header);
  const members = text === undefined ? undefined : parseObject(text);
  return members === undefined || memberOf(members, "enc") !== undefined ? undefined : members;
}

/** A token whose header's registered members have the types that they must have. */
export interface Token {
  readonly sections: TokenSections;
  readonly header: RegoObject;
  /** Empty when it has none, as the next two. */
  readonly algorithm: string;
  readonly keyId: string;
  readonly contentType: string;
  /** It says that it must not be believed by who knows no more than RFC 7515; no extension of it is known here. */
  readonly isCritical: boolean;
}

export function parseToken(text: RegoValue | undefined): Token | undefined {
  const sections = splitToken(text);
  const header = sections === undefined ? undefined : parseMembers(sections);
  if (sections === undefined || header === undefined) return undefined;
  const [algorithm, keyId, type, contentType] = ["alg", "kid", "typ", "cty"].map((name) => textOf(header, name));
  const critical = memberOf(header, "crit");
  const isCriticalRead = critical === undefined || (isRegoArray(critical) && typeof critical[0] === "string");
  if (algorithm === undefined || keyId === undefined || contentType === undefined) return undefined;
  if (type === undefined || !isCriticalRead) return undefined;
  return { sections, header, algorithm, keyId, contentType, isCritical: critical !== undefined };
}

/** Empty when there is no such member; undefined when it is no text. */
function textOf(members: RegoObject, name: string): string | undefined {
  const member = Object.hasOwn(members, name) ? members[name] : "";
  return typeof member === "string" ? member : undefined;
}

export function memberOf(object: RegoObject, name: string): RegoValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
