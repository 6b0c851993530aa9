/**
 * Where a held call goes, read in the one way that every server behind the gateway reads it too. Nothing is normalised:
 * what two readers could take for two things (dot segments, encoded slashes, a method override) is no target at all.
 */
import { bounds } from "../../domain/bounds.ts";
import { isUnfoldable } from "./fold.ts";
import type { HeldCall } from "./held-call.ts";
import { extAuthzLimits } from "./limits.ts";
import { hasOverridingHeader, isOverridingField } from "./overrides.ts";

export interface CallTarget {
  readonly host: string;
  /** Decoded once; `/` followed by the segments. */
  readonly path: string;
  readonly segments: readonly string[];
  readonly rawPath: string;
  readonly query: Readonly<Record<string, readonly string[]>>;
}

const token = /^[A-Z][A-Z-]{0,31}$/;
/** RFC 3986 `pchar` and `/` without `;`, which some servers take for parameters that they cut off. */
const plainPath = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@/]|%[0-9A-Fa-f]{2})*$/;
/** What must stay encoded to mean the same: slash, backslash, dot, percent, semicolon and control characters. */
const ambiguousEscape = /%(?:2f|5c|2e|25|3b|[01][0-9a-f]|7f)/i;
const hostName = /^(?:[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::([1-9][0-9]{0,4}))?$/;

/** Undefined: it could be read in more than one way. */
export function readTarget(call: HeldCall): CallTarget | undefined {
  if (!token.test(call.method) || hasOverridingHeader(call) || hasOtherHost(call)) return undefined;
  const host = readHost(call.host);
  const [rawPath = "", ...queries] = call.target.split("?");
  const segments = readSegments(rawPath);
  if (host === undefined || segments === undefined || call.target.includes("#")) return undefined;
  const query = readQuery(queries.join("?"));
  return query && { host, path: `/${segments.join("/")}`, segments, rawPath, query };
}

/** The authority stands in a field of its own; a gateway that keeps the header beside it says the same twice. */
function hasOtherHost({ host, headers }: HeldCall): boolean {
  const named = headers.get("host") ?? [host];
  return named.length > 1 || named[0] !== host;
}

/**
 * Lower case, without the dot of a full name and without a default port, whichever scheme it would be of.
 * Undefined: it is no host.
 */
export function readHost(text: string): string | undefined {
  const host = text.toLowerCase().replace(/\.(?=$|:[0-9]+$)/, "");
  const match = hostName.exec(host);
  if (match === null || host.includes("..") || Number(match[1] ?? 0) > 65_535) return undefined;
  return host.replace(/:(?:80|443)$/, "");
}

/** The decoded segments of a path; undefined: no call is taken to have such a path. */
export function readSegments(rawPath: string): readonly string[] | undefined {
  if (rawPath.length > extAuthzLimits.pathLengthMax || !plainPath.test(rawPath)) return undefined;
  if (ambiguousEscape.test(rawPath)) return undefined;
  if (rawPath === "/") return [];
  const segments = rawPath.slice(1).split("/").map(decode);
  const isPlain = segments.every((segment) => segment !== undefined && isOneSegment(segment));
  // A trailing slash is a path of its own; an empty segment anywhere else is none.
  const isWhole = segments.slice(0, -1).every((segment) => segment !== "");
  return isPlain && isWhole ? segments.filter((segment) => segment !== undefined) : undefined;
}

/** In compatibility forms too: there are servers that read a full-width slash as a slash. */
function isOneSegment(text: string): boolean {
  if (isUnfoldable(text)) return false;
  const wide = text.normalize("NFKC");
  return wide !== "." && wide !== ".." && !/[/\\%;]/.test(wide);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Every value of every name, in order; servers differ in which of several they take, so policy sees them all. */
function readQuery(text: string): CallTarget["query"] | undefined {
  if (text === "") return {};
  const pairs = text.split("&");
  if (text.length > extAuthzLimits.queryLengthMax || pairs.length > bounds.setSizeMax) return undefined;
  // Some servers part fields with it as well.
  if (text.includes(";")) return undefined;
  const query = new Map<string, string[]>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    const [rawName, rawValue] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    const name = decode(rawName.replaceAll("+", " "));
    const value = decode(rawValue.replaceAll("+", " "));
    if (name === undefined || value === undefined || isOverridingField(name) || name === "__proto__") return undefined;
    query.set(name, [...(query.get(name) ?? []), value]);
  }
  return Object.fromEntries(query);
}
