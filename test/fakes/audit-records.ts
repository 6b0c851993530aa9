/** Records that say which they are. */
import type { EventRecord } from "../../src/domain/record.ts";

export const recordTime = 1_781_000_000;

export function numbered(number: number, text = ""): EventRecord {
  return { type: "event", event: "policy_activated", time: recordTime, detail: { number, text } };
}

/** The numbers of {@link numbered} records, in the order in which they stand. */
export function numbersOf(lines: readonly Record<string, unknown>[]): readonly unknown[] {
  return lines
    .filter(({ event }) => event === "policy_activated")
    .map(({ detail }) => (typeof detail === "object" && detail !== null && "number" in detail ? detail.number : "?"));
}
