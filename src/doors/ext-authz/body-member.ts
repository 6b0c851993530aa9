/**
 * A member of a held call's body, found in the one way in which every server behind the gateway finds it too. "Absent" is
 * said only when no server could find it there: what is near it, or a body of which not all is known, is unknown.
 */
import { isJsonObject, type Json, type JsonObject, ownMember } from "../../domain/json.ts";
import type { CallBody } from "../../domain/observed-call.ts";
import { fold } from "./fold.ts";

export type BodyMember =
  | { readonly kind: "absent" | "unknown" }
  /** Never null: a member that is null is not there. */
  | { readonly kind: "value"; readonly value: Json };

/** `path` has member names from the outside in. */
export function findMember(body: CallBody, path: readonly string[]): BodyMember {
  let at: Json | undefined = membersOf(body);
  if (at === undefined) return { kind: "unknown" };
  for (const name of path) {
    if (at === undefined || at === null) return { kind: "absent" };
    // A list of requests (a JSON-RPC batch), or anything but an object, is many things at once or nothing that is known.
    if (!isJsonObject(at) || isNearlyMember(at, name)) return { kind: "unknown" };
    at = ownMember(at, name);
  }
  return at === undefined || at === null ? { kind: "absent" } : { kind: "value", value: at };
}

/**
 * Undefined: not all of them are known. A form's fields are none of them: its sender chose the type, and there are servers
 * that read JSON whatever the type says.
 */
function membersOf(body: CallBody): JsonObject | undefined {
  const isKnown = body.form === "json" || body.form === "grpc";
  return isKnown && isJsonObject(body.value) ? body.value : undefined;
}

/** Go's JSON reader, and others, take names in any capitals; protobuf's take `from_account` for `fromAccount`. */
function isNearlyMember(object: JsonObject, name: string): boolean {
  const { folded, inCamelCase } = namesOf(object);
  const near = [...(folded.get(fold(name)) ?? []), ...(inCamelCase.get(name) ?? [])];
  return near.some((key) => key !== name);
}

type Names = ReadonlyMap<string, readonly string[]>;
const known = new WeakMap<JsonObject, Readonly<Record<"folded" | "inCamelCase", Names>>>();

/** Each operation on a path looks, and to fold the names of a large body takes milliseconds: it is done once. */
function namesOf(object: JsonObject): Readonly<Record<"folded" | "inCamelCase", Names>> {
  const before = known.get(object);
  if (before !== undefined) return before;
  const keys = Object.keys(object);
  const names = { folded: Map.groupBy(keys, fold), inCamelCase: Map.groupBy(keys, camelCase) };
  known.set(object, names);
  return names;
}

const camelCase = (name: string): string => name.replace(/_+([^_]?)/g, (_, next: string) => next.toUpperCase());
