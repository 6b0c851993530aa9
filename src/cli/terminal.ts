/** Text for a person's terminal: what others wrote (policies, claims, files) can neither move the cursor nor hide. */
import { escapeHidden } from "../domain/hidden-text.ts";

/** `label  value`, one line each, values in one column. */
export function renderRows(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows
    .map(
      ([label, value]) =>
        `${label.padEnd(width)}  ${escapeHidden(value).replaceAll("\n", `\n${" ".repeat(width + 2)}`)}\n`,
    )
    .join("");
}

export function renderJson(value: unknown): string {
  return `${escapeHidden(JSON.stringify(value, null, 2))}\n`;
}

/** UTC, to the second. */
export function renderTime(epochSeconds: number): string {
  return `${new Date(epochSeconds * 1000).toISOString().slice(0, 19)}Z`;
}
