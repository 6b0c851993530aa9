/**
 * Whether an object has a member that a loose reader takes for a declared one. Its names are folded once: a body may have
 * thousands, and a table a thousand conditions that ask about them.
 */
import type { JsonObject } from "../../domain/json.ts";
import { fold, unfoldable } from "./fold.ts";

/** How many of an object's names fold to each. */
const counted = new WeakMap<JsonObject, ReadonlyMap<string, number>>();

/** Another than `name` itself. */
export function hasNearName(object: JsonObject, name: string): boolean {
  const counts = countNames(object);
  const own = Object.hasOwn(object, name) ? 1 : 0;
  return counts.has(unfoldable) || (counts.get(foldName(name)) ?? 0) > own;
}

/** Protobuf's JSON spells a name with `_` or without, and some readers overlook `_` and `-` wherever they stand. */
function foldName(name: string): string {
  return fold(name).replaceAll(/[_-]/g, "");
}

function countNames(object: JsonObject): ReadonlyMap<string, number> {
  const before = counted.get(object);
  if (before !== undefined) return before;
  const counts = new Map<string, number>();
  for (const name of Object.keys(object)) {
    const folded = foldName(name);
    counts.set(folded, (counts.get(folded) ?? 0) + 1);
  }
  counted.set(object, counts);
  return counts;
}
