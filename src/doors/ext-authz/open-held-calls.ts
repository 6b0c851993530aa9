/** What a listener does with the calls that its gateway holds, as its configuration says. */
import type { DoorSite } from "../door.ts";
import { ListenerError } from "../listener-error.ts";
import type { ListenerOptions } from "../options.ts";
import { createAnswerHeldCall } from "./answer-held-call.ts";
import type { AnswerHeldCall } from "./held-call.ts";

/** Throws a ListenerError. */
export function openHeldCalls(
  { name, extAuthz }: ListenerOptions,
  { house, messages }: Pick<DoorSite, "house" | "messages">,
): AnswerHeldCall {
  if (extAuthz === undefined) {
    throw new ListenerError("listener_doors_wrong", name, "it does not say what the calls held there ask for");
  }
  try {
    return createAnswerHeldCall({ house, listener: name, options: extAuthz, messages });
  } catch (cause) {
    const advice = cause instanceof RangeError ? cause.message : "its operations cannot be read";
    throw new ListenerError("listener_doors_wrong", name, advice, { cause });
  }
}
