/** Finds what a CheckRequest's JSON holds; what is not there, or is something else, is not there. */
import { isJsonArray, isJsonObject, type JsonObject, ownMember } from "../../../domain/json.ts";

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

/** A header of the held call in whichever form the gateway sends them; several of one name as one line. */
export function headerOf(http: JsonObject | undefined, name: string): string {
  const mapped = textAt(memberOf(http, "headers"), name);
  if (mapped !== "") return mapped;
  const listed = memberOf(http, "headerMap")?.["headers"];
  const lines = isJsonArray(listed) ? listed.filter(isJsonObject) : [];
  return lines
    .filter((line) => textAt(line, "key").toLowerCase() === name)
    .map((line) => textAt(line, "value") || Buffer.from(textAt(line, "rawValue"), "base64").toString("latin1"))
    .join(",");
}
