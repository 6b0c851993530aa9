/** When two Rego values are the same, across sets, key order and the shapes of numbers, and which comes first. */
import { elementsOf, integer, pairsOf } from "./operands.ts";
import { isRegoArray, printRegoValue, RegoDecimal, RegoSet, type RegoValue } from "./rego-value.ts";

/** Equal texts mean equal values. */
export function canonicalText(value: RegoValue): string {
  if (value instanceof RegoDecimal) {
    const nearest = Number(value.text);
    return Number.isFinite(nearest) ? printRegoValue(nearest) : value.text;
  }
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

/** The members of a set in OPA's order, the elements of an array in their own. */
export function orderedElementsOf(value: RegoValue): readonly RegoValue[] | undefined {
  return value instanceof RegoSet ? value.members.toSorted(compareValues) : elementsOf(value);
}

/** The pairs of an object in the order of their keys. */
export function orderedPairsOf(value: RegoValue): readonly (readonly [RegoValue, RegoValue])[] | undefined {
  return pairsOf(value)?.toSorted(([first], [second]) => compareValues(first, second));
}

/** OPA's order: null, booleans, numbers, strings by their bytes, arrays, objects, sets. */
export function compareValues(first: RegoValue, second: RegoValue): number {
  const [firstKind, secondKind] = [kindOf(first), kindOf(second)];
  if (firstKind !== secondKind) {
    return firstKind - secondKind;
  }
  if (typeof first === "string" && typeof second === "string") {
    return Buffer.compare(Buffer.from(first, "utf8"), Buffer.from(second, "utf8"));
  }
  if (firstKind <= kinds.number) {
    return sign(scalarOf(first), scalarOf(second));
  }
  return compareLists(flattened(first), flattened(second));
}

const kinds = { null: 0, boolean: 1, number: 2, string: 3, array: 4, object: 5, set: 6 } as const;

function kindOf(value: RegoValue): number {
  if (value === null) {
    return kinds.null;
  }
  if (typeof value === "boolean" || typeof value === "string") {
    return kinds[typeof value === "string" ? "string" : "boolean"];
  }
  if (typeof value !== "object" || value instanceof RegoDecimal) {
    return kinds.number;
  }
  return isRegoArray(value) ? kinds.array : value instanceof RegoSet ? kinds.set : kinds.object;
}

function scalarOf(value: RegoValue): number | bigint {
  if (typeof value === "number" || typeof value === "bigint") {
    return value;
  }
  return value instanceof RegoDecimal ? Number(value.text) : value === true ? 1 : 0;
}

function flattened(value: RegoValue): readonly RegoValue[] {
  return orderedPairsOf(value)?.flat() ?? orderedElementsOf(value) ?? [];
}

function compareLists(first: readonly RegoValue[], second: readonly RegoValue[]): number {
  for (const [index, element] of first.entries()) {
    const other = second[index];
    const found = other === undefined ? 1 : compareValues(element, other);
    if (found !== 0) {
      return found;
    }
  }
  return first.length - second.length;
}

function sign(first: number | bigint, second: number | bigint): number {
  return first === second ? 0 : first < second ? -1 : 1;
}
