/**
 * What may be attached to a permission. Each kind knows its own shape and when one value is no broader than another;
 * a kind that is not listed cannot be compared, so it is refused (MK-2).
 */
import { isJsonArray, isJsonObject, type Json, type JsonObject, unknownMember } from "./json.ts";
import { bounds } from "./bounds.ts";

export type ConstraintName = keyof typeof kinds;
/** By name; the values are of their kind's shape. */
export type Constraints = ReadonlyMap<ConstraintName, JsonObject>;

interface ConstraintKind {
  isWellFormed(value: JsonObject): boolean;
  /** Both are well formed. */
  isWithin(value: JsonObject, outer: JsonObject): boolean;
}

/** Decimal text, because money is not a floating-point number. */
const decimal = /^(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?$/;
const currency = /^[A-Z]{3}$/;

const maxAmount: ConstraintKind = {
  isWellFormed: (value) =>
    unknownMember(value, ["amount", "currency"]) === undefined &&
    typeof value["amount"] === "string" &&
    decimal.test(value["amount"]) &&
    typeof value["currency"] === "string" &&
    currency.test(value["currency"]),
  isWithin: (value, outer) =>
    value["currency"] === outer["currency"] && millionths(value["amount"]) <= millionths(outer["amount"]),
};

/** `{ "values": ["a", "b"] }`: one of these exact texts. */
const oneOf: ConstraintKind = {
  isWellFormed: (value) =>
    unknownMember(value, ["values"]) === undefined &&
    isJsonArray(value["values"]) &&
    value["values"].length > 0 &&
    value["values"].length <= bounds.setSizeMax &&
    value["values"].every((text) => typeof text === "string" && text.length <= bounds.nameLengthMax),
  isWithin: (value, outer) => {
    const allowed = isJsonArray(outer["values"]) ? outer["values"] : [];
    return isJsonArray(value["values"]) && value["values"].every((text) => allowed.includes(text));
  },
};

const kinds = { max_amount: maxAmount, one_of: oneOf } as const satisfies Readonly<Record<string, ConstraintKind>>;

/** Every constraint of a known kind and shape, or undefined. Absent means none. */
export function parseConstraints(value: Json | undefined): Constraints | undefined {
  if (value === undefined) return new Map();
  if (!isJsonObject(value)) return undefined;
  const constraints = new Map<ConstraintName, JsonObject>();
  for (const [name, constraint] of Object.entries(value)) {
    if (!isConstraintName(name) || !isJsonObject(constraint) || !kinds[name].isWellFormed(constraint)) return undefined;
    constraints.set(name, constraint);
  }
  return constraints;
}

/** Each outer constraint survives, no broader. More constraints are narrower still. */
export function areWithin(constraints: Constraints, outer: Constraints): boolean {
  return [...outer].every(([name, outerValue]) => {
    const value = constraints.get(name);
    return value !== undefined && kinds[name].isWithin(value, outerValue);
  });
}

function isConstraintName(name: string): name is ConstraintName {
  return Object.hasOwn(kinds, name);
}

/** Well-formed decimal text as whole millionths; 15 + 6 digits are beyond a double, hence bigint. */
function millionths(amount: Json | undefined): bigint {
  const [whole = "0", fraction = ""] = typeof amount === "string" ? amount.split(".") : [];
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
}
