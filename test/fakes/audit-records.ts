/** Records that say which they are. */
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import type { EventRecord } from "../../src/domain/record.ts";

export const recordTime = 1_781_000_000;

export function numbered(number: number, text = ""): EventRecord {
  return { type: "event", event: "policy_activated", time: recordTime, detail: { number, text } };
}

export function parseObject(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new TypeError("the test expects a JSON object");
  return value;
}

/** The numbers of {@link numbered} records, in the order in which they stand. */
export function numbersOf(lines: readonly JsonObject[]): readonly unknown[] {
  return lines
    .filter(({ event }) => event === "policy_activated")
    .map(({ detail }) => (isJsonObject(detail) ? detail["number"] : undefined));
}
