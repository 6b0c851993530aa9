/** Text for a person's terminal: what others wrote (policies, claims, files) can neither move the cursor nor hide. */

// oxlint-disable-next-line no-control-regex -- control characters are what this escapes; line breaks and tabs stay.
const unsafe = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g;

export function plain(text: string): string {
  return text.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `label  value`, one line each, values in one column. */
export function renderRows(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows
    .map(([label, value]) => `${label.padEnd(width)}  ${plain(value).replaceAll("\n", `\n${" ".repeat(width + 2)}`)}\n`)
    .join("");
}

export function renderJson(value: unknown): string {
  return `${plain(JSON.stringify(value, null, 2))}\n`;
}

/** UTC, to the second. */
export function renderTime(epochSeconds: number): string {
  return `${new Date(epochSeconds * 1000).toISOString().slice(0, 19)}Z`;
}
