/** Go's time layouts: the reference time `Mon Jan 2 15:04:05 MST 2006` written the way the time shall be. */

export type LayoutPart = { readonly literal: string } | { readonly field: string };

/** In Go's order of preference; `_2006` is an underscore before a year. */
const fields =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|__2|_2(?!006)|2|3|4|5|PM|pm|[-Z]07(?:0000|:00:00|00|:00)?|[.,](?:0+|9+)(?!\d)/gu;

export function parseLayout(layout: string): readonly LayoutPart[] {
  const parts: LayoutPart[] = [];
  let end = 0;
  for (const found of layout.matchAll(fields)) {
    if (found.index > end) {
      parts.push({ literal: layout.slice(end, found.index) });
    }
    parts.push({ field: found[0] });
    end = found.index + found[0].length;
  }
  return end === layout.length ? parts : [...parts, { literal: layout.slice(end) }];
}

export const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

export const dayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

const named: Readonly<Record<string, string>> = {
  ANSIC: "Mon Jan _2 15:04:05 2006",
  UnixDate: "Mon Jan _2 15:04:05 MST 2006",
  RubyDate: "Mon Jan 02 15:04:05 -0700 2006",
  RFC822: "02 Jan 06 15:04 MST",
  RFC822Z: "02 Jan 06 15:04 -0700",
  RFC850: "Monday, 02-Jan-06 15:04:05 MST",
  RFC1123: "Mon, 02 Jan 2006 15:04:05 MST",
  RFC1123Z: "Mon, 02 Jan 2006 15:04:05 -0700",
  RFC3339: "2006-01-02T15:04:05Z07:00",
  RFC3339Nano: "2006-01-02T15:04:05.999999999Z07:00",
};

/** A layout may be given by its name in Go. */
export function layoutNamed(layout: string): string {
  return Object.hasOwn(named, layout) ? (named[layout] ?? layout) : layout;
}

/** How an offset is written for a field such as `-07:00` or `Z0700`. */
export function printOffset(field: string, offsetSeconds: number): string {
  if (field.startsWith("Z") && offsetSeconds === 0) {
    return "Z";
  }
  const magnitude = Math.abs(offsetSeconds);
  const numbers = [Math.floor(magnitude / 3600), Math.floor(magnitude / 60) % 60, magnitude % 60];
  const count = field.replaceAll(":", "").length / 2;
  const texts = numbers.slice(0, Math.floor(count)).map((number) => String(number).padStart(2, "0"));
  return `${offsetSeconds < 0 ? "-" : "+"}${texts.join(field.includes(":") ? ":" : "")}`;
}
