/** `regex.*` beyond the three that the WASM has itself, and `glob.quote_meta`. */
import { BuiltinLimitError, builtinBounds } from "./bounds.ts";
import type { BuiltinFamily } from "./family.ts";
import { doGlobsOverlap } from "./glob-overlap.ts";
import { ofText, ofTwoTexts, safeIntegerOf } from "./operands.ts";
import { compilePattern, findMatches, isMatch, type Match, quotePattern } from "./patterns.ts";
import type { RegoValue } from "./rego-value.ts";

function findCounted(
  patternText: RegoValue | undefined,
  text: RegoValue | undefined,
  countOperand: RegoValue | undefined,
): readonly string[] | undefined {
  const count = safeIntegerOf(countOperand);
  if (typeof patternText !== "string" || typeof text !== "string" || count === undefined) {
    return undefined;
  }
  const pattern = compilePattern(patternText);
  return pattern === undefined
    ? undefined
    : findMatches(pattern, text, count < 0 ? Number.POSITIVE_INFINITY : count).map(({ groups }) => groups[0] ?? "");
}

/** Go's `Split`: a match of nothing at the very start cuts nothing off. */
function split(patternText: string, text: string): readonly string[] | undefined {
  const pattern = compilePattern(patternText);
  if (pattern === undefined) {
    return undefined;
  }
  if (patternText !== "" && text === "") {
    return [""];
  }
  const parts: string[] = [];
  let start = 0;
  let end = 0;
  for (const match of findMatches(pattern, text, Number.POSITIVE_INFINITY)) {
    end = match.start;
    if (match.end !== 0) {
      parts.push(text.slice(start, end));
    }
    start = match.end;
  }
  return end === text.length ? parts : [...parts, text.slice(start)];
}

function replace(
  text: RegoValue | undefined,
  patternText: RegoValue | undefined,
  replacement: RegoValue | undefined,
): string | undefined {
  if (typeof text !== "string" || typeof patternText !== "string" || typeof replacement !== "string") {
    return undefined;
  }
  const pattern = compilePattern(patternText);
  if (pattern === undefined) {
    return undefined;
  }
  const template = parseTemplate(replacement);
  const parts: string[] = [];
  let length = 0;
  let end = 0;
  for (const match of findMatches(pattern, text, Number.POSITIVE_INFINITY)) {
    const part = text.slice(end, match.start) + template.map((piece) => expand(piece, match)).join("");
    end = match.end;
    length += part.length;
    if (length > builtinBounds.textLengthMax) {
      throw new BuiltinLimitError("a replacement makes its text too long");
    }
    parts.push(part);
  }
  return parts.join("") + text.slice(end);
}

/** A literal text, or the name or number of a group. */
type TemplatePiece = { readonly literal: string } | { readonly group: string };

/** Go's `Expand`: `$name` takes as many word characters as there are, `${name}` ends itself, `$$` is `$`. */
function parseTemplate(template: string): readonly TemplatePiece[] {
  const pieces: TemplatePiece[] = [];
  for (const [whole, , braced, bare] of template.matchAll(
    /\$(\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))|[^$]+|\$/gu,
  )) {
    const group = braced ?? bare;
    pieces.push(group === undefined ? { literal: whole === "$$" ? "$" : whole } : { group });
  }
  return pieces;
}

function expand(piece: TemplatePiece, match: Match): string {
  if ("literal" in piece) {
    return piece.literal;
  }
  if (/^\d+$/u.test(piece.group)) {
    return match.groups[Number(piece.group)] ?? "";
  }
  return Object.hasOwn(match.namedGroups, piece.group) ? (match.namedGroups[piece.group] ?? "") : "";
}

function templateMatches(...operands: readonly (RegoValue | undefined)[]): boolean | undefined {
  const [template, text, open, close] = operands;
  if (typeof template !== "string" || typeof text !== "string" || !isDelimiter(open) || !isDelimiter(close)) {
    return undefined;
  }
  const source = patternOfTemplate(template, open, close);
  const pattern = source === undefined ? undefined : compilePattern(source);
  return pattern === undefined ? undefined : isMatch(pattern, text);
}

function isDelimiter(operand: RegoValue | undefined): operand is string {
  return typeof operand === "string" && operand.length === 1 && operand.charCodeAt(0) < 0x80;
}

/** Literal text around patterns that stand between the delimiters; the outermost pair counts. */
function patternOfTemplate(template: string, open: string, close: string): string | undefined {
  let pattern = "^";
  let level = 0;
  let start = 0;
  for (let at = 0; at < template.length; at += 1) {
    const character = template.charAt(at);
    if (character === open) {
      level += 1;
      if (level === 1) {
        pattern += quotePattern(template.slice(start, at));
        start = at + 1;
      }
    } else if (character === close) {
      level -= 1;
      if (level < 0) {
        return undefined;
      }
      if (level === 0) {
        const inner = template.slice(start, at);
        if (compilePattern(`^${inner}$`) === undefined) {
          return undefined;
        }
        pattern += `(${inner})`;
        start = at + 1;
      }
    }
  }
  return level === 0 ? `${pattern}${quotePattern(template.slice(start))}$` : undefined;
}

export const regexBuiltins: BuiltinFamily = {
  "glob.quote_meta": ofText((text) => text.replace(/[*?\\[\]{}]/gu, "\\$&")),
  "regex.find_n": findCounted,
  "regex.globs_match": ofTwoTexts(doGlobsOverlap),
  "regex.replace": replace,
  "regex.split": ofTwoTexts(split),
  "regex.template_match": templateMatches,
};
