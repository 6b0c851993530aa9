/** Texts, counted in Unicode characters as OPA counts them. */
import { assertWithin } from "./bounds.ts";
import type { BuiltinFamily } from "./family.ts";
import { formatText } from "./go-format.ts";
import { lengthOf, ofTwoTexts, safeIntegerOf, textsOf } from "./operands.ts";
import { isRegoArray, type RegoValue } from "./rego-value.ts";

/** Where `search` starts in `text`, overlaps included. */
function indicesOf(text: string, search: string): readonly number[] | undefined {
  if (search === "") {
    return undefined;
  }
  const indices: number[] = [];
  let characters = 0;
  let counted = 0;
  for (let at = text.indexOf(search); at >= 0; at = text.indexOf(search, at + 1)) {
    characters += lengthOf(text.slice(counted, at));
    counted = at;
    indices.push(characters);
    assertWithin("elementsMax", indices.length);
  }
  return indices;
}

/** Without overlaps; an empty search counts the gaps around every character. */
function countOf(text: string, search: string): number {
  return search === "" ? lengthOf(text) + 1 : text.split(search).length - 1;
}

function anyAffix(
  matches: (text: string, affix: string) => boolean,
): (texts: RegoValue | undefined, affixes: RegoValue | undefined) => boolean | undefined {
  return (textsOperand, affixesOperand) => {
    const texts = typeof textsOperand === "string" ? [textsOperand] : textsOf(textsOperand);
    const affixes = typeof affixesOperand === "string" ? [affixesOperand] : textsOf(affixesOperand);
    if (texts === undefined || affixes === undefined) {
      return undefined;
    }
    assertWithin("pairsMax", texts.length * affixes.length);
    return texts.some((text) => affixes.some((affix) => matches(text, affix)));
  };
}

/** The first `count` parts, or the last ones when it is negative. */
function splitCounted(
  text: RegoValue | undefined,
  delimiter: RegoValue | undefined,
  countOperand: RegoValue | undefined,
): readonly string[] | undefined {
  const count = safeIntegerOf(countOperand);
  if (typeof text !== "string" || typeof delimiter !== "string" || count === undefined) {
    return undefined;
  }
  const parts = delimiter === "" ? Array.from(text) : text.split(delimiter);
  assertWithin("elementsMax", parts.length);
  return count >= 0 ? parts.slice(0, count) : parts.slice(count);
}

function sprintf(format: RegoValue | undefined, operands: RegoValue | undefined): string | undefined {
  return typeof format === "string" && isRegoArray(operands) ? formatText(format, operands) : undefined;
}

export const stringBuiltins: BuiltinFamily = {
  indexof_n: ofTwoTexts(indicesOf),
  sprintf,
  "strings.any_prefix_match": anyAffix((text, affix) => text.startsWith(affix)),
  "strings.any_suffix_match": anyAffix((text, affix) => text.endsWith(affix)),
  "strings.count": ofTwoTexts(countOf),
  "strings.split_n": splitCounted,
  /** OPA's answer when nobody traces. */
  trace: (note) => (typeof note === "string" ? true : undefined),
};
