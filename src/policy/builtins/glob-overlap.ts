/** `regex.globs_match`: whether two patterns of characters, `.`, `[sets]`, `*` and `+` have a text in common. */
import { assertWithin } from "./bounds.ts";

interface Token {
  /** The characters it takes; undefined for any. */
  readonly characters: ReadonlySet<string> | undefined;
  readonly repeats: "once" | "star" | "plus";
}

type Glob = readonly Token[];

/** Undefined for a pattern that is malformed. */
export function doGlobsOverlap(first: string, second: string): boolean | undefined {
  const [left, right] = [tokenize(first), tokenize(second)];
  if (left === undefined || right === undefined) {
    return undefined;
  }
  assertWithin("globPairsMax", left.length * right.length);
  const trimmed = trim(left, right);
  return trimmed !== undefined && new OverlapSearch(...trimmed).fromStart();
}

/** Takes off what both have alike at either end; undefined when they differ there. OPA leaves one token of it standing. */
function trim(left: Glob, right: Glob): readonly [Glob, Glob] | undefined {
  const isFixed = (first: Token | undefined, second: Token | undefined): boolean =>
    first?.repeats === "once" && second?.repeats === "once";
  let start = 0;
  for (; isFixed(left[start], right[start]); start += 1) {
    if (!canMeet(left[start], right[start])) {
      return undefined;
    }
  }
  start = Math.max(0, start - 1);
  let [leftEnd, rightEnd] = [left.length, right.length];
  for (; leftEnd > start && rightEnd > start && isFixed(left[leftEnd - 1], right[rightEnd - 1]); leftEnd -= 1) {
    if (!canMeet(left[leftEnd - 1], right[rightEnd - 1])) {
      return undefined;
    }
    rightEnd -= 1;
  }
  const kept = leftEnd < left.length ? 1 : 0;
  return [left.slice(start, leftEnd + kept), right.slice(start, rightEnd + kept)];
}

function canMeet(first: Token | undefined, second: Token | undefined): boolean {
  return first !== undefined && second !== undefined && shareCharacter(first, second);
}

/** The rest of a pattern: which of the two, and from where. */
interface Rest {
  readonly side: 0 | 1;
  readonly from: number;
}

/** OPA's search, remembering what it found: without that, its time is exponential in the number of stars. */
class OverlapSearch {
  readonly #globs: readonly [Glob, Glob];
  readonly #known = new Map<string, boolean>();

  constructor(left: Glob, right: Glob) {
    this.#globs = [left, right];
  }

  fromStart(): boolean {
    return this.#plain({ side: 0, from: 0 }, { side: 1, from: 0 });
  }

  #token({ side, from }: Rest): Token | undefined {
    return this.#globs[side][from];
  }

  #plain(first: Rest, second: Rest): boolean {
    const key = `${first.side} ${first.from} ${second.from}`;
    const known = this.#known.get(key);
    const found = known ?? this.#search(first, second);
    this.#known.set(key, found);
    return found;
  }

  #search(first: Rest, second: Rest): boolean {
    let [left, right] = [first, second];
    for (;;) {
      const [leftToken, rightToken] = [this.#token(left), this.#token(right)];
      if (leftToken === undefined || rightToken === undefined) {
        return leftToken === rightToken;
      }
      if (leftToken.repeats !== "once") {
        return this.#repeated(leftToken, left, right);
      }
      if (rightToken.repeats !== "once") {
        return this.#repeated(rightToken, right, left);
      }
      if (!shareCharacter(leftToken, rightToken)) {
        return false;
      }
      [left, right] = [after(left), after(right)];
    }
  }

  #repeated(token: Token, repeated: Rest, other: Rest): boolean {
    if (token.repeats === "star") {
      return this.#star(repeated, other);
    }
    const otherToken = this.#token(other);
    if (otherToken === undefined || !shareCharacter(token, otherToken)) {
      return false;
    }
    return this.#star(repeated, after(other)) || (otherToken.repeats !== "once" && this.#plain(after(repeated), other));
  }

  #star(starred: Rest, other: Rest): boolean {
    const [star, next] = [this.#token(starred), this.#token(after(starred))];
    let at = other;
    for (let token = this.#token(at); token !== undefined; token = this.#token(at)) {
      if (canMeet(token, next) && this.#plain(after(starred), at)) {
        return true;
      }
      if (!canMeet(token, star)) {
        return false;
      }
      at = after(at);
    }
    return next === undefined;
  }
}

function after({ side, from }: Rest): Rest {
  return { side, from: from + 1 };
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
