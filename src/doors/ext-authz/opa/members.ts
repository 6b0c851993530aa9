/** Finds what a CheckRequest's JSON holds; what is not there, or is something else, is not there. */
import { isJsonObject, type JsonObject, ownMember } from "../../../domain/json.ts";

export const httpOf = (attributes: JsonObject | undefined): JsonObject | undefined =>
  memberOf(memberOf(attributes, "request"), "http");

export function memberOf(object: JsonObject | undefined, name: string): JsonObject | undefined {
  const value = object === undefined ? undefined : ownMember(object, name);
  return isJsonObject(value) ? value : undefined;
}

/** Empty when there is none, as in the message itself. */
export function textAt(object: JsonObject | undefined, name: string): string {
  const value = object === undefined ? undefined : ownMember(object, name);
  return typeof value === "string" ? value : "";
}
