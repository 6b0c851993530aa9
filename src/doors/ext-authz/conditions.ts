/**
 * Whether a call meets an operation's conditions. "No" is said only when no server could read a "yes": whatever is near,
 * joined or of another type is unknown, because on a "no" a weaker line may fit.
 */
import type { CallBody } from "../../domain/observed-call.ts";
import { findMember } from "./body-member.ts";
import { fold, unfoldable } from "./fold.ts";
import type { HeldCall } from "./held-call.ts";
import { extAuthzLimits } from "./limits.ts";
import type { ConditionOptions } from "./options.ts";

export type Fit = "yes" | "no" | "unknown";

export interface Shown {
  readonly call: HeldCall;
  readonly body: CallBody;
  /** Of one call: each line of a table may have a condition on the same text, which may be long. */
  readonly foldOnce: (text: string) => string;
}

/** As a table keeps it. */
export interface Condition {
  readonly options: ConditionOptions;
  readonly folded: string;
}

export const prepareCondition = (options: ConditionOptions): Condition => ({ options, folded: fold(options.value) });

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

export function fitOf(conditions: readonly Condition[], shown: Shown): Fit {
  const fits = conditions.map((condition) => judge(condition, shown));
  if (fits.includes("unknown")) return "unknown";
  return fits.includes("no") ? "no" : "yes";
}

function judge(condition: Condition, shown: Shown): Fit {
  const { options } = condition;
  switch (options.on) {
    case "header":
      return judgeHeader(shown.call.headers.get(options.name) ?? [], condition, shown);
    case "body":
      return judgeBody(options.path, condition, shown);
  }
}

/** Repeated fields are two readings, also where the gateway joined them with a comma. */
function judgeHeader([value, ...others]: readonly string[], wanted: Condition, shown: Shown): Fit {
  if (value === undefined) return "no";
  if (others.length > 0) return "unknown";
  const isDoubtful = value.includes(",") || value.length > extAuthzLimits.foldedLengthMax;
  return isDoubtful && value !== wanted.options.value ? "unknown" : judgeText(value, wanted, shown);
}

function judgeBody(path: readonly string[], wanted: Condition, shown: Shown): Fit {
  const member = findMember(shown.body, path);
  if (member.kind !== "value") return member.kind === "absent" ? "no" : "unknown";
  return typeof member.value === "string" ? judgeText(member.value, wanted, shown) : "unknown";
}

function judgeText(value: string, { options, folded }: Condition, { foldOnce }: Shown): Fit {
  if (value === options.value) return "yes";
  const shown = foldOnce(value);
  return shown === folded || shown === unfoldable ? "unknown" : "no";
}
