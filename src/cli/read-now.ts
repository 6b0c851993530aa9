/** The time for commands that work on files beside a running sidecar; decisions have a clock of their own. */
import type { Given } from "./command.ts";

export function readNow(): number {
  return Math.floor(Date.now() / 1000);
}

/** `--time`, epoch seconds, else now; undefined when it is no time. */
export function readTime(given: Given): number | undefined {
  const text = given.text("time");
  if (text === undefined) return readNow();
  return /^\d{1,11}$/.test(text) ? Number(text) : undefined;
}
