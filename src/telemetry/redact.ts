/**
 * The last step before a log line is written: nothing that is, or looks like, a secret passes, nothing is unbounded,
 * and no text can start a second line or hide in the terminal. It is a net under callers that already take care.
 */
import { escapeHidden } from "../domain/hidden-text.ts";
import { limits } from "./limits.ts";

export type Redact = (value: unknown) => unknown;

const redacted = "[redacted]";

/** Members whose value is a secret by their name, wherever they stand. */
const secretMember =
  /^(?:(?:proxy[-_]?)?authorization|(?:set[-_]?)?cookie|claims|.*(?:credentials?|password|passwd|passphrase|secret|tokens?|assertion|api[-_]?key|private[-_]?key|signing[-_]?key))$/i;

/** Secrets by their shape: compact JOSE (also cut short), an authorization value, a PEM block, a JWK's private member. */
const secretShapes: readonly RegExp[] = [
  /eyJ[\w-]{6,}(?:\.[\w-]*){0,4}/g,
  /\b(?:Bearer|Basic|DPoP|Digest)\s+[^\s"',;]+/gi,
  /-----BEGIN [^-]{0,64}-----[\s\S]*?(?:-----END [^-]{0,64}-----|$)/g,
  /"(?:d|p|q|dp|dq|qi|k)"\s*:\s*"[\w-]{16,}"?/g,
];

/** `secrets`: the values that this process holds (credentials), removed verbatim wherever they appear. */
export function createRedaction(secrets: readonly string[]): Redact {
  const known = secrets.filter((secret) => secret.length > 0);
  const text = (value: string): string => {
    let clean = value.length > limits.textScannedMax ? cutAtSpace(value) : value;
    for (const secret of known) clean = clean.replaceAll(secret, redacted);
    for (const shape of secretShapes) clean = clean.replace(shape, redacted);
    return value.length > limits.textScannedMax || clean.length > limits.textLengthMax
      ? `${clean.slice(0, limits.textLengthMax)}… (cut)`
      : clean;
  };
  const walk = (value: unknown, depth: number): unknown => {
    if (typeof value === "string") return text(value);
    if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
    if (typeof value !== "object") return value === undefined ? undefined : `[${typeof value}]`;
    if (depth >= limits.depthMax) return "[too deep]";
    if (Array.isArray(value)) return value.slice(0, limits.membersMax).map((element) => walk(element, depth + 1));
    const members = Object.entries(value).slice(0, limits.membersMax);
    return Object.fromEntries(
      members.map(([name, member]) => [text(name), secretMember.test(name) ? redacted : walk(member, depth + 1)]),
    );
  };
  return (value) => walk(value, 0);
}

/** Cut where a word ends: half a secret is not recognised as one. */
function cutAtSpace(text: string): string {
  let end: number = limits.textScannedMax;
  while (end > 0 && !/\s/.test(text.charAt(end))) end -= 1;
  return text.slice(0, end);
}

/** JSON on one line, with every character that could act on its reader, or hide from them, written as an escape. */
export function renderLine(value: unknown): string {
  return escapeHidden(JSON.stringify(value));
}
