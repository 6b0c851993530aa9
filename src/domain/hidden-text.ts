/**
 * Text that others wrote, for people to read: what moves a cursor, turns the direction of a line, or cannot be seen at
 * all stands there as an escape. In JSON it is the same text still.
 */

/** Line breaks and tabs stay; in JSON they are escapes already. */
const hidden = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\n\t]]/gv;

export function escapeHidden(text: string): string {
  return text.replace(hidden, escapeUnits);
}

/** As JSON does it: by UTF-16 unit, two for a character beyond the first plane. */
function escapeUnits(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
