/** An instant as text, by a layout. */
import { type CivilTime, civilTimeOf, epochSecondsOf, weekdayOf, yearDayOf, type ZonedInstant } from "./civil-time.ts";
import { dayNames, layoutNamed, monthNames, parseLayout, printOffset } from "./time-layout.ts";

const printers: Readonly<Record<string, (civil: CivilTime) => string>> = {
  "2006": ({ year }) => (year < 0 ? `-${padded(-year, 4)}` : padded(year, 4)),
  "06": ({ year }) => padded(year % 100, 2),
  January: ({ month }) => monthNames[month - 1] ?? "",
  Jan: ({ month }) => (monthNames[month - 1] ?? "").slice(0, 3),
  "01": ({ month }) => padded(month, 2),
  "1": ({ month }) => String(month),
  Monday: (civil) => dayNames[weekdayOf(civil)] ?? "",
  Mon: (civil) => (dayNames[weekdayOf(civil)] ?? "").slice(0, 3),
  "02": ({ day }) => padded(day, 2),
  _2: ({ day }) => String(day).padStart(2, " "),
  "2": ({ day }) => String(day),
  "002": (civil) => padded(yearDayOf(civil), 3),
  __2: (civil) => String(yearDayOf(civil)).padStart(3, " "),
  "15": ({ hour }) => padded(hour, 2),
  "03": ({ hour }) => padded(hour % 12 || 12, 2),
  "3": ({ hour }) => String(hour % 12 || 12),
  "04": ({ minute }) => padded(minute, 2),
  "4": ({ minute }) => String(minute),
  "05": ({ second }) => padded(second, 2),
  "5": ({ second }) => String(second),
  PM: ({ hour }) => (hour >= 12 ? "PM" : "AM"),
  pm: ({ hour }) => (hour >= 12 ? "pm" : "am"),
};

export function formatTime(instant: ZonedInstant, layout: string): string {
  const civil = civilTimeOf(instant);
  const epochSeconds = epochSecondsOf(instant);
  const printField = (field: string): string => {
    const printer = printers[field];
    if (printer !== undefined) {
      return printer(civil);
    }
    if (field === "MST") {
      return instant.zone.abbreviationAt(epochSeconds);
    }
    return /^[.,]/u.test(field)
      ? printFraction(field, civil.nanosecond)
      : printOffset(field, instant.zone.offsetSecondsAt(epochSeconds));
  };
  return parseLayout(layoutNamed(layout))
    .map((part) => ("literal" in part ? part.literal : printField(part.field)))
    .join("");
}

/** `.000` keeps its zeros, `.999` drops them. */
function printFraction(field: string, nanosecond: number): string {
  const digits = padded(nanosecond, 9).slice(0, field.length - 1);
  const kept = field.includes("9") ? digits.replace(/0+$/u, "") : digits.padEnd(field.length - 1, "0");
  return kept === "" ? "" : `${field.charAt(0)}${kept}`;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
