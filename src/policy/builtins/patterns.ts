/**
 * Regular expressions in time linear in the text, whatever the pattern: RE2's engine and RE2's syntax, which are also
 * OPA's. JavaScript's own engine backtracks and must never see a pattern or a text that comes from outside.
 */
import { RE2JS, RE2JSException } from "re2js";
import { assertWithin, builtinBounds } from "./bounds.ts";

export interface Match {
  readonly start: number;
  readonly end: number;
  /** By number; a group that took no part is the empty text, as in Go. */
  readonly groups: readonly string[];
  readonly namedGroups: Readonly<Record<string, string | null>>;
}

const compiled = new Map<string, RE2JS>();

/** Undefined for a pattern that RE2 does not accept. */
export function compilePattern(pattern: string): RE2JS | undefined {
  const known = compiled.get(pattern);
  const found = known ?? compileNew(pattern);
  if (found !== undefined) {
    compiled.delete(pattern);
    compiled.set(pattern, found);
    forgetOldest();
  }
  return found;
}

function compileNew(pattern: string): RE2JS | undefined {
  assertWithin("patternLengthMax", pattern.length);
  assertWithin("patternWeightMax", pattern.length * repetitionsOf(pattern));
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSException) {
      return undefined;
    }
    throw error;
  }
}

/** The larger number of every `{n,m}`, added up. */
function repetitionsOf(pattern: string): number {
  const counts = [...pattern.matchAll(/\{(\d{1,9})(?:,(\d{1,9})?)?\}/gu)];
  return counts.reduce((sum, [, min, max]) => sum + Number(max ?? min), 1);
}

function forgetOldest(): void {
  const [oldest] = compiled.keys();
  if (compiled.size > builtinBounds.patternsKeptMax && oldest !== undefined) {
    compiled.delete(oldest);
  }
}

/** Every match from left to right, at most `countMax`; an empty match next to the match before it is none, as in Go. */
export function findMatches(pattern: RE2JS, text: string, countMax: number): readonly Match[] {
  assertWithin("textLengthMax", text.length);
  assertWithin("regexStepsMax", pattern.programSize() * text.length);
  const matcher = pattern.matcher(text);
  const matches: Match[] = [];
  const startedAt = performance.now();
  let previousEnd = -1;
  while (matches.length < countMax && matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()];
    assertWithin("regexMillisecondsMax", performance.now() - startedAt);
    if (start === end && (start === previousEnd || isInsideCharacter(text, start))) {
      continue;
    }
    previousEnd = end;
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? "");
    matches.push({ start, end, groups, namedGroups: matcher.getNamedGroups() });
    assertWithin("elementsMax", matches.length);
  }
  return matches;
}

export function isMatch(pattern: RE2JS, text: string): boolean {
  assertWithin("textLengthMax", text.length);
  assertWithin("regexStepsMax", pattern.programSize() * text.length);
  return pattern.matcher(text).find();
}

export function quotePattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/gu, "\\$&");
}

/** Between the two halves of a surrogate pair. */
function isInsideCharacter(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}
