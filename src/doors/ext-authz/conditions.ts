/**
 * Whether a call meets an operation's conditions. "No" is said only when no server could read a "yes": whatever is near,
 * joined or of another type is unknown, because on a "no" a weaker line may fit.
 */
import type { CallBody } from "../../domain/observed-call.ts";
import { findMember } from "./body-member.ts";
import { fold } from "./fold.ts";
import type { HeldCall } from "./held-call.ts";
import { extAuthzLimits } from "./limits.ts";
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
  const isLong = value.length > extAuthzLimits.foldedLengthMax;
  return isLong || value.includes(",") || fold(value) === fold(wanted) ? "unknown" : "no";
}

function judgeBody(path: readonly string[], wanted: string, body: CallBody): Fit {
  const member = findMember(body, path);
  if (member.kind !== "value") return member.kind === "absent" ? "no" : "unknown";
  if (typeof member.value !== "string") return "unknown";
  return member.value === wanted ? "yes" : "no";
}
