/** `regex.globs_match`: whether two patterns of characters, `.`, `[sets]`, `*` and `+` have a text in common. */
import { assertWithin } from "./bounds.ts";

interface Token {
  /** The characters it takes; undefined for any. */
  readonly characters: ReadonlySet<string> | undefined;
  readonly repeats: "once" | "star" | "plus";
}

/** Undefined for a pattern that is malformed. */
export function doGlobsOverlap(first: string, second: string): boolean | undefined {
  const [left, right] = [tokenize(first), tokenize(second)];
  if (left === undefined || right === undefined) {
    return undefined;
  }
  assertWithin("pairsMax", left.length * right.length);
  return hasCommonText(unfold(left), unfold(right));
}

/** `x+` is `x` and then `x*`. */
function unfold(tokens: readonly Token[]): readonly Token[] {
  return tokens.flatMap((token) =>
    token.repeats === "plus"
      ? [
          { ...token, repeats: "once" as const },
          { ...token, repeats: "star" as const },
        ]
      : [token],
  );
}

type State = readonly [left: number, right: number];

/** Walks both patterns at once; a state is how far each has come. */
function hasCommonText(left: readonly Token[], right: readonly Token[]): boolean {
  const seen = new Set<number>();
  const open: State[] = [[0, 0]];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const key = state[0] * (right.length + 1) + state[1];
    if (state[0] === left.length && state[1] === right.length) {
      return true;
    }
    if (!seen.has(key)) {
      seen.add(key);
      open.push(...statesAfter(state, left[state[0]], right[state[1]]));
    }
  }
  return false;
}

function statesAfter([at, other]: State, left: Token | undefined, right: Token | undefined): readonly State[] {
  const [isLeftStar, isRightStar] = [left?.repeats === "star", right?.repeats === "star"];
  const next: State[] = [];
  if (isLeftStar) {
    next.push([at + 1, other]);
  }
  if (isRightStar) {
    next.push([at, other + 1]);
  }
  if (left !== undefined && right !== undefined && shareCharacter(left, right)) {
    next.push([isLeftStar ? at : at + 1, isRightStar ? other : other + 1]);
  }
  return next;
}

function shareCharacter({ characters: first }: Token, { characters: second }: Token): boolean {
  if (first === undefined || second === undefined) {
    return first === undefined ? second === undefined || second.size > 0 : first.size > 0;
  }
  return [...first].some((character) => second.has(character));
}

function tokenize(pattern: string): readonly Token[] | undefined {
  assertWithin("patternLengthMax", pattern.length);
  const tokens: Token[] = [];
  let end = 0;
  for (const found of pattern.matchAll(/(?:\\(.)|\[((?:\\.|[^\]\\])*)\]|([^\\[\]+*]))([+*]?)/gsuy)) {
    const [whole, escaped, set, plain, repeat] = found;
    const characters = set === undefined ? charactersOf(escaped, plain) : parseSet(set);
    if (characters === null) {
      return undefined;
    }
    tokens.push({ characters, repeats: repeat === "*" ? "star" : repeat === "+" ? "plus" : "once" });
    end = found.index + whole.length;
  }
  return end === pattern.length ? tokens : undefined;
}

function charactersOf(escaped: string | undefined, plain: string | undefined): ReadonlySet<string> | undefined {
  return escaped === undefined && plain === "." ? undefined : new Set([escaped ?? plain ?? ""]);
}

/** `a-f0-9_`; null for a range that has no beginning, no end, or runs backwards. */
function parseSet(text: string): ReadonlySet<string> | null {
  const characters = new Set<string>();
  let end = 0;
  for (const found of text.matchAll(/(\\.|[^\\-])(?:-(\\.|[^\\-]))?/gsuy)) {
    const first = codePointOf(found[1]);
    const last = found[2] === undefined ? first : codePointOf(found[2]);
    if (last < first) {
      return null;
    }
    assertWithin("elementsMax", last - first + characters.size);
    for (let code = first; code <= last; code += 1) {
      characters.add(String.fromCodePoint(code));
    }
    end = found.index + found[0].length;
  }
  return end === text.length ? characters : null;
}

function codePointOf(character: string | undefined): number {
  return character?.replace(/^\\(?=.)/su, "").codePointAt(0) ?? 0;
}
