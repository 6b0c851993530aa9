/**
 * Whether a call meets an operation's conditions. "No" is said only when no server could read a "yes": whatever is near,
 * joined or of another type is unknown, because on a "no" a weaker line may fit.
 */
import type { CallBody } from "../../domain/observed-call.ts";
import { findMember } from "./body-member.ts";
import { fold } from "./fold.ts";
import type { HeldCall } from "./held-call.ts";
import type { ConditionOptions } from "./options.ts";

export type Fit = "yes" | "no" | "unknown";

export interface Shown {
  readonly call: HeldCall;
  readonly body: CallBody;
  /** Of one call: each line of a table may have a condition on the same text, which may be long. */
  readonly foldOnce: (text: string) => string;
}

export function createFoldOnce(): Shown["foldOnce"] {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const folded = fold(text);
    known.set(text, folded);
    return folded;
  };
}

export function fitOf(conditions: readonly ConditionOptions[], shown: Shown): Fit {
  const fits = conditions.map((condition) => judge(condition, shown));
  if (fits.includes("unknown")) return "unknown";
  return fits.includes("no") ? "no" : "yes";
}

function judge(condition: ConditionOptions, shown: Shown): Fit {
  switch (condition.on) {
    case "header":
      return judgeHeader(shown.call.headers.get(condition.name) ?? [], condition.value, shown);
    case "body":
      return judgeBody(condition.path, condition.value, shown);
  }
}

/** Repeated fields are two readings, also where the gateway joined them with a comma. */
function judgeHeader([value, ...others]: readonly string[], wanted: string, shown: Shown): Fit {
  if (value === undefined) return "no";
  if (others.length > 0) return "unknown";
  const fit = judgeText(value, wanted, shown);
  return fit === "no" && value.includes(",") ? "unknown" : fit;
}

function judgeBody(path: readonly string[], wanted: string, shown: Shown): Fit {
  const member = findMember(shown.body, path);
  if (member.kind !== "value") return member.kind === "absent" ? "no" : "unknown";
  return typeof member.value === "string" ? judgeText(member.value, wanted, shown) : "unknown";
}

function judgeText(value: string, wanted: string, { foldOnce }: Shown): Fit {
  if (value === wanted) return "yes";
  return foldOnce(value) === foldOnce(wanted) ? "unknown" : "no";
}
