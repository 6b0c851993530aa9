/** Permissions with strings attached (RFC 9396), in words. */
import { parseAuthorizationDetails } from "../domain/authorization-detail.ts";
import type { ConstraintName } from "../domain/constraint.ts";
import { type Json, isJsonArray, type JsonObject } from "../domain/json.ts";

/** One line for each detail. What is not of our type and shape stands there as it is: such a token is refused. */
export function describeDetails(value: Json | undefined): readonly string[] {
  if (value === undefined) return [];
  const details = parseAuthorizationDetails(value);
  if (details === undefined) {
    const shown = isJsonArray(value) ? value : [value];
    return shown.map((detail) => `not of a kind that is known here: ${JSON.stringify(detail)}`);
  }
  return details.map(({ permissions, identifier, constraints }) =>
    [
      permissions.toArray().join(" "),
      ...(identifier === undefined ? [] : [`only for ${identifier}`]),
      ...[...constraints].map(([name, constraint]) => inWords[name](constraint)),
    ].join(", "),
  );
}

/** The values are of their kind's shape. */
const inWords: Readonly<Record<ConstraintName, (constraint: JsonObject) => string>> = {
  max_amount: ({ amount, currency }) => `at most ${textOf(amount)} ${textOf(currency)}`,
  one_of: ({ values }) => `one of ${isJsonArray(values) ? values.map(textOf).join(", ") : "nothing"}`,
};

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
