/** Typed operands. An operand of another type is OPA's type error, which makes the call undefined. */
import { assertWithin } from "./bounds.ts";
import type { Builtin } from "./family.ts";
import { isRegoArray, isRegoObject, RegoDecimal, RegoKeyed, RegoSet, type RegoValue } from "./rego-value.ts";

export function ofText(answer: (text: string) => RegoValue | undefined): Builtin {
  return (text) => (typeof text === "string" ? answer(bounded(text)) : undefined);
}

export function ofTwoTexts(answer: (first: string, second: string) => RegoValue | undefined): Builtin {
  return (first, second) =>
    typeof first === "string" && typeof second === "string" ? answer(bounded(first), bounded(second)) : undefined;
}

/** A question about any value: what is no string simply is not valid. */
export function whetherText(holds: (text: string) => boolean): Builtin {
  return (text) => typeof text === "string" && holds(bounded(text));
}

function bounded(text: string): string {
  assertWithin("textLengthMax", text.length);
  return text;
}

/** An integer of any size, or undefined. */
export function integerOf(value: RegoValue | undefined): bigint | undefined {
  if (typeof value === "bigint") {
    return value;
  }
  const number = value instanceof RegoDecimal ? Number(value.text) : value;
  return typeof number === "number" && Number.isInteger(number) ? BigInt(number) : undefined;
}

/** An integer that a double holds exactly, or undefined. */
export function safeIntegerOf(value: RegoValue | undefined): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

/** The elements of an array, or of a set in no order that means anything. */
export function elementsOf(value: RegoValue | undefined): readonly RegoValue[] | undefined {
  if (value instanceof RegoSet) {
    return value.members;
  }
  return isRegoArray(value) ? value : undefined;
}

/** The strings of an array or set, or undefined when an element is none. */
export function textsOf(value: RegoValue | undefined): readonly string[] | undefined {
  const elements = elementsOf(value);
  return elements?.every((element) => typeof element === "string") === true ? elements : undefined;
}

/** The pairs of an object, whatever its keys are. */
export function pairsOf(value: RegoValue | undefined): readonly (readonly [RegoValue, RegoValue])[] | undefined {
  if (value instanceof RegoKeyed) {
    return value.pairs;
  }
  return isRegoObject(value) ? Object.entries(value) : undefined;
}

/** An integer in the smallest shape: a number when a double holds it. */
export function integer(value: bigint): number | bigint {
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
}

/** Unicode characters, which is what OPA counts. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}
