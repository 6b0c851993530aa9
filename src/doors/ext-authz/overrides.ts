/** Ways to ask for another method or another target than the call's own that some servers obey: none may pass unseen. */
import { isJsonObject } from "../../domain/json.ts";
import type { CallBody } from "../../domain/observed-call.ts";
import type { HeldCall } from "./held-call.ts";

/** Some servers take method or target from these instead. */
export const secondReadings: readonly string[] = [
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
  "x-original-url",
  "x-rewrite-url",
];

/** CGI, WSGI and PHP make one name of `x-a` and `x_a`. */
export function hasOverridingHeader({ headers }: HeldCall): boolean {
  return [...headers.keys()].some((name) => secondReadings.includes(name.replaceAll("_", "-")));
}

/** PHP reads `.method` and `_method[]` as `_method` too. */
const fieldName = /^ *(?:[_.[]method|x[-_]http[-_]method|x[-_]method[-_]override)(?![a-z0-9])/i;

/** Of a field of the query or of a body. */
export function isOverridingField(name: string): boolean {
  return fieldName.test(name);
}

export function hasOverridingField(body: CallBody): boolean {
  return "value" in body && isJsonObject(body.value) && Object.keys(body.value).some(isOverridingField);
}
