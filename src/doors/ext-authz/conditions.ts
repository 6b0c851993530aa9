/**
 * Whether a call meets an operation's conditions. "No" is said only when no server could read a "yes": whatever is near,
 * joined or of another type is unknown, because on a "no" a weaker line may fit.
 */
import { isJsonObject, type Json, type JsonObject, ownMember } from "../../domain/json.ts";
import type { CallBody } from "../../domain/observed-call.ts";
import { fold } from "./fold.ts";
import type { HeldCall } from "./held-call.ts";
import type { ConditionOptions } from "./options.ts";

export type Fit = "yes" | "no" | "unknown";

export interface Shown {
  readonly call: HeldCall;
  readonly body: CallBody;
}

export function fitOf(conditions: readonly ConditionOptions[], shown: Shown): Fit {
  const fits = conditions.map((condition) => judge(condition, shown));
  if (fits.includes("unknown")) return "unknown";
  return fits.includes("no") ? "no" : "yes";
}

function judge(condition: ConditionOptions, { call, body }: Shown): Fit {
  switch (condition.on) {
    case "header":
      return judgeHeader(call.headers.get(condition.name) ?? [], condition.value);
    case "body":
      return judgeBody(condition.path, condition.value, body);
  }
}

/** Repeated fields are two readings, also where the gateway joined them with a comma. */
function judgeHeader([value, ...others]: readonly string[], wanted: string): Fit {
  if (value === undefined) return "no";
  if (others.length > 0) return "unknown";
  if (value === wanted) return "yes";
  return value.includes(",") || fold(value).trim() === fold(wanted).trim() ? "unknown" : "no";
}

/** A list of requests (a JSON-RPC batch), or anything but an object, is many things at once or nothing that is known. */
function judgeBody(path: readonly string[], wanted: string, body: CallBody): Fit {
  let at = objectOf(body);
  if (at === undefined) return "unknown";
  for (const name of path) {
    if (at === undefined || at === null) return "no";
    if (!isJsonObject(at) || isNearlyMember(at, name)) return "unknown";
    at = ownMember(at, name);
  }
  if (at === undefined || at === null) return "no";
  if (typeof at !== "string") return "unknown";
  return at === wanted ? "yes" : "no";
}

function objectOf(body: CallBody): Json | undefined {
  if (body.form !== "json" && body.form !== "grpc") return undefined;
  return isJsonObject(body.value) ? body.value : undefined;
}

/** Go's JSON reader, and others, take names in any capitals. */
function isNearlyMember(object: JsonObject, name: string): boolean {
  const folded = fold(name);
  return Object.keys(object).some((key) => key !== name && fold(key) === folded);
}
