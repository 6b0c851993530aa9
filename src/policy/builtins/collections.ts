/** `object.subset`, `graph.reachable_paths`, `numbers.range_step` and the old `cast_*`. */
import { assertWithin } from "./bounds.ts";
import type { BuiltinFamily } from "./family.ts";
import { elementsOf, integer, integerOf, pairsOf } from "./operands.ts";
import { isRegoArray, RegoSet, type RegoValue } from "./rego-value.ts";
import { canonicalText, isSameValue, orderedElementsOf } from "./value-order.ts";

/** By canonical key. */
function indexOf(value: RegoValue | undefined): ReadonlyMap<string, RegoValue> | undefined {
  const pairs = pairsOf(value);
  return pairs === undefined ? undefined : new Map(pairs.map(([key, member]) => [canonicalText(key), member]));
}

/** Undefined when the two are not of kinds that compare. */
function isSubset(whole: RegoValue | undefined, part: RegoValue | undefined): boolean | undefined {
  const [wholeMembers, partMembers] = [indexOf(whole), indexOf(part)];
  if (wholeMembers !== undefined && partMembers !== undefined) {
    return [...partMembers].every(([key, member]) => isPartOfMember(wholeMembers.get(key), member));
  }
  if (whole instanceof RegoSet && part instanceof RegoSet) {
    return hasAll(whole.members, part.members);
  }
  if (isRegoArray(whole) && isRegoArray(part)) {
    return isRun(whole, part);
  }
  return isRegoArray(whole) && part instanceof RegoSet ? hasAll(whole, part.members) : undefined;
}

function isPartOfMember(whole: RegoValue | undefined, part: RegoValue): boolean {
  if (whole === undefined) {
    return false;
  }
  // Inside an object, an array is not compared with a set.
  const isMixed = isRegoArray(whole) !== isRegoArray(part);
  return isSameValue(whole, part) || (!isMixed && isSubset(whole, part) === true);
}

function hasAll(whole: readonly RegoValue[], part: readonly RegoValue[]): boolean {
  const known = new Set(whole.map(canonicalText));
  return part.every((member) => known.has(canonicalText(member)));
}

/** Whether `part` stands in `whole` as one run. */
function isRun(whole: readonly RegoValue[], part: readonly RegoValue[]): boolean {
  assertWithin("pairsMax", whole.length * part.length);
  const [wholeTexts, partTexts] = [whole.map(canonicalText), part.map(canonicalText)];
  const isRunFrom = (start: number): boolean => partTexts.every((text, index) => wholeTexts[start + index] === text);
  return part.length === 0 || wholeTexts.some((_, start) => isRunFrom(start));
}

function reachablePaths(graphOperand: RegoValue | undefined, roots: RegoValue | undefined): RegoSet | undefined {
  const graph = indexOf(graphOperand);
  const starts = elementsOf(roots);
  if (graph === undefined || starts === undefined) {
    return undefined;
  }
  const paths: RegoValue[] = [];
  const add = (path: readonly RegoValue[]): void => {
    paths.push(path);
    assertWithin("graphPathsMax", paths.length);
  };
  const walk = (node: RegoValue, path: readonly RegoValue[], reached: ReadonlySet<string>): void => {
    assertWithin("depthMax", path.length);
    const key = canonicalText(node);
    const edges = graph.get(key);
    if (edges === undefined) {
      add(path);
      return;
    }
    const longer = [...path, node];
    const neighbours = elementsOf(edges) ?? [];
    if (neighbours.length === 0) {
      add(longer);
    }
    const passed = new Set(reached).add(key);
    for (const neighbour of neighbours) {
      if (passed.has(canonicalText(neighbour))) {
        add(longer);
      } else {
        walk(neighbour, longer, passed);
      }
    }
  };
  for (const start of starts) {
    const key = canonicalText(start);
    const edges = graph.get(key);
    const neighbours = elementsOf(edges) ?? [];
    if (edges !== undefined && neighbours.length === 0) {
      add([start]);
    }
    for (const neighbour of neighbours) {
      walk(neighbour, [start], new Set([key]));
    }
  }
  return new RegoSet(paths);
}

function rangeWithStep(
  first: RegoValue | undefined,
  last: RegoValue | undefined,
  stepOperand: RegoValue | undefined,
): RegoValue | undefined {
  const [from, to, step] = [integerOf(first), integerOf(last), integerOf(stepOperand)];
  if (from === undefined || to === undefined || step === undefined || step <= 0n) {
    return undefined;
  }
  const distance = from <= to ? to - from : from - to;
  const count = Number(distance / step) + 1;
  assertWithin("elementsMax", count);
  const signed = from <= to ? step : -step;
  return Array.from({ length: count }, (_, index) => integer(from + signed * BigInt(index)));
}

const sameWhen =
  (holds: (value: RegoValue) => boolean) =>
  (value: RegoValue | undefined): RegoValue | undefined =>
    value !== undefined && holds(value) ? value : undefined;

export const collectionBuiltins: BuiltinFamily = {
  "object.subset": isSubset,
  "graph.reachable_paths": reachablePaths,
  "numbers.range_step": rangeWithStep,
  cast_array: (value) => (value === undefined ? undefined : orderedElementsOf(value)),
  cast_set: (value) => {
    const members = elementsOf(value);
    return members === undefined ? undefined : new RegoSet(members);
  },
  cast_string: sameWhen((value) => typeof value === "string"),
  cast_boolean: sameWhen((value) => typeof value === "boolean"),
  cast_null: sameWhen((value) => value === null),
  cast_object: sameWhen((value) => pairsOf(value) !== undefined),
};
