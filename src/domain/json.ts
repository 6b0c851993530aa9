/** JSON as it stands on the wire: unproven values that domain parsers turn into types. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [member: string]: Json;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isJsonArray(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** The member when the object itself has it; a name inherited from a prototype is not a member. */
export function ownMember(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The first member name that is not in `accepted`, or undefined when all are. */
export function unknownMember(object: JsonObject, accepted: readonly string[]): string | undefined {
  return Object.keys(object).find((name) => !accepted.includes(name));
}

export const emptyObject: JsonObject = Object.freeze({});
