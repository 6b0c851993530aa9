/** When two Rego values are the same, across sets, key order and the two shapes of integers. */
import { elementsOf, integer, pairsOf } from "./operands.ts";
import { printRegoValue, RegoSet, type RegoValue } from "./rego-value.ts";

/** Equal texts mean equal values. */
export function canonicalText(value: RegoValue): string {
  if (typeof value !== "object" || value === null) {
    return printRegoValue(typeof value === "bigint" ? integer(value) : value);
  }
  const pairs = pairsOf(value);
  if (pairs !== undefined) {
    const texts = pairs.map(([key, member]) => `${canonicalText(key)}:${canonicalText(member)}`);
    return `{${texts.toSorted().join(",")}}`;
  }
  const texts = (elementsOf(value) ?? []).map(canonicalText);
  return value instanceof RegoSet ? `set(${[...new Set(texts)].toSorted().join(",")})` : `[${texts.join(",")}]`;
}

export function isSameValue(first: RegoValue, second: RegoValue): boolean {
  return first === second || canonicalText(first) === canonicalText(second);
}
