/** A text as an instant, by a layout: Go's `time.Parse`. */
import { type CivilTime, daysInMonth, inRange, instantOf, nanosecondsPerSecond, utc } from "./civil-time.ts";
import { layoutNamed, monthNames, dayNames, parseLayout } from "./time-layout.ts";

/** What the fields said so far; `rest` is the text still to be read. */
interface Reading {
  readonly rest: string;
  readonly year?: number;
  readonly month?: number;
  readonly day?: number;
  readonly yearDay?: number;
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
  readonly nanosecond?: number;
  readonly half?: "am" | "pm";
  readonly offsetSeconds?: number;
}

type Reader = (reading: Reading, following: string | undefined) => Reading | undefined;

/** A number of one or two digits (`fixed`: of two), within its range. */
function number(
  name: "month" | "day" | "hour" | "minute",
  [min, max]: readonly [number, number],
  fixed: boolean,
): Reader {
  return (reading) => {
    const found = (fixed ? /^\d\d/u : /^\d\d?/u).exec(reading.rest)?.[0];
    const value = Number(found);
    return found === undefined || value < min || value > max
      ? undefined
      : { ...reading, [name]: value, rest: reading.rest.slice(found.length) };
  };
}

/** Seconds may bring a fraction that the layout does not mention. */
const seconds =
  (fixed: boolean): Reader =>
  (reading, following) => {
    const found = (fixed ? /^\d\d/u : /^\d\d?/u).exec(reading.rest)?.[0];
    if (found === undefined || Number(found) > 59) {
      return undefined;
    }
    const read = { ...reading, second: Number(found), rest: reading.rest.slice(found.length) };
    const fraction = /^[.,]\d+/u.exec(read.rest)?.[0];
    return fraction === undefined || /^[.,]/u.test(following ?? "") ? read : withFraction(read, fraction);
  };

function withFraction(reading: Reading, fraction: string): Reading {
  const nanosecond = Number(fraction.slice(1, 10).padEnd(9, "0"));
  return { ...reading, nanosecond, rest: reading.rest.slice(fraction.length) };
}

function nameOf(
  names: readonly string[],
  length: number | undefined,
  apply: (index: number) => Partial<Reading>,
): Reader {
  return (reading) => {
    const lower = reading.rest.toLowerCase();
    const index = names.findIndex((name) => lower.startsWith(name.slice(0, length).toLowerCase()));
    const name = names[index]?.slice(0, length);
    return name === undefined ? undefined : { ...reading, ...apply(index), rest: reading.rest.slice(name.length) };
  };
}

const half =
  (upper: boolean): Reader =>
  (reading) => {
    const text = reading.rest.slice(0, 2);
    const lower = text.toLowerCase();
    return (lower === "am" || lower === "pm") && text === (upper ? text.toUpperCase() : lower)
      ? { ...reading, half: lower, rest: reading.rest.slice(2) }
      : undefined;
  };

const year: Reader = (reading) =>
  /^\d{4}/u.test(reading.rest)
    ? { ...reading, year: Number(reading.rest.slice(0, 4)), rest: reading.rest.slice(4) }
    : undefined;

const shortYear: Reader = (reading) => {
  const value = /^\d\d/u.test(reading.rest) ? Number(reading.rest.slice(0, 2)) : undefined;
  return value === undefined
    ? undefined
    : { ...reading, year: value + (value >= 69 ? 1900 : 2000), rest: reading.rest.slice(2) };
};

const spacedDay: Reader = (reading, following) =>
  number("day", [0, 99], false)({ ...reading, rest: reading.rest.replace(/^ /u, "") }, following);

const yearDay =
  (fixed: boolean): Reader =>
  (reading) => {
    const rest = fixed ? reading.rest : reading.rest.replace(/^ {1,2}/u, "");
    const found = (fixed ? /^\d{3}/u : /^\d{1,3}/u).exec(rest)?.[0];
    return found === undefined ? undefined : { ...reading, yearDay: Number(found), rest: rest.slice(found.length) };
  };

const readers: Readonly<Record<string, Reader>> = {
  "2006": year,
  "06": shortYear,
  January: nameOf(monthNames, undefined, (index) => ({ month: index + 1 })),
  Jan: nameOf(monthNames, 3, (index) => ({ month: index + 1 })),
  "01": number("month", [1, 12], true),
  "1": number("month", [1, 12], false),
  Monday: nameOf(dayNames, undefined, () => ({})),
  Mon: nameOf(dayNames, 3, () => ({})),
  "02": number("day", [0, 99], true),
  _2: spacedDay,
  "2": number("day", [0, 99], false),
  "002": yearDay(true),
  __2: yearDay(false),
  "15": number("hour", [0, 23], false),
  "03": number("hour", [0, 12], true),
  "3": number("hour", [0, 12], false),
  "04": number("minute", [0, 59], true),
  "4": number("minute", [0, 59], false),
  "05": seconds(true),
  "5": seconds(false),
  PM: half(true),
  pm: half(false),
  MST: readZoneName,
};

/** A name never moves the instant, not even `GMT+3`: Go keeps what it says for showing the time again. */
function readZoneName(reading: Reading): Reading | undefined {
  const signed = /^(?:GMT)?[+-](\d+)/u.exec(reading.rest);
  const name =
    signed !== null && Number(signed[1]) <= 23
      ? signed[0]
      : /^(?:UTC|ChST|MeST|GMT|(?:[A-Z]{3}|[A-Z]{3}T|WITA|[A-Z]{4}T)(?![A-Z]))/u.exec(reading.rest)?.[0];
  return name === undefined ? undefined : { ...reading, offsetSeconds: 0, rest: reading.rest.slice(name.length) };
}

function readZuluOrOffset(reading: Reading, field: string): Reading | undefined {
  return field.startsWith("Z") && reading.rest.startsWith("Z")
    ? { ...reading, offsetSeconds: 0, rest: reading.rest.slice(1) }
    : readOffset(reading, field);
}

function readOffset(reading: Reading, field: string): Reading | undefined {
  const shape = field.slice(1).replaceAll(/07|00/gu, String.raw`(\d\d)`);
  const found = new RegExp(`^[+-]${shape}`, "u").exec(reading.rest);
  const [hours = 0, minutes = 0, remainder = 0] = found?.slice(1).map(Number) ?? [];
  if (found === null || hours > 24 || minutes > 60 || remainder > 60) {
    return undefined;
  }
  const magnitude = hours * 3600 + minutes * 60 + remainder;
  const offsetSeconds = reading.rest.startsWith("-") ? -magnitude : magnitude;
  return { ...reading, offsetSeconds, rest: reading.rest.slice(found[0].length) };
}

function readFraction(reading: Reading, field: string): Reading | undefined {
  if (field.includes("9")) {
    const found = /^[.,]\d+/u.exec(reading.rest)?.[0];
    return found === undefined ? reading : withFraction(reading, found);
  }
  const found = reading.rest.slice(0, field.length);
  return /^[.,]\d+$/u.test(found) && found.length === field.length ? withFraction(reading, found) : undefined;
}

/** A space in the layout stands for any number of spaces. */
function readLiteral(reading: Reading, literal: string): Reading | undefined {
  let { rest } = reading;
  for (const piece of literal.match(/ +|[^ ]+/gu) ?? []) {
    if (piece.startsWith(" ")) {
      if (rest !== "" && !rest.startsWith(" ")) {
        return undefined;
      }
      rest = rest.replace(/^ +/u, "");
    } else if (rest.startsWith(piece)) {
      rest = rest.slice(piece.length);
    } else {
      return undefined;
    }
  }
  return { ...reading, rest };
}

/** Nanoseconds since the epoch, or undefined for a text that the layout does not describe or no instant has. */
export function parseTime(layout: string, text: string): bigint | undefined {
  const parts = parseLayout(layoutNamed(layout));
  let reading: Reading | undefined = { rest: text };
  for (const [index, part] of parts.entries()) {
    if (reading === undefined) {
      return undefined;
    }
    if ("literal" in part) {
      reading = readLiteral(reading, part.literal);
      continue;
    }
    const next = parts[index + 1];
    const following = next !== undefined && "field" in next ? next.field : undefined;
    const reader = readers[part.field];
    if (reader !== undefined) {
      reading = reader(reading, following);
    } else {
      reading = /^[.,]/u.test(part.field) ? readFraction(reading, part.field) : readZuluOrOffset(reading, part.field);
    }
  }
  return reading?.rest === "" ? instantRead(reading) : undefined;
}

function instantRead(reading: Reading): bigint | undefined {
  const civil = civilRead(reading);
  const atUtc = civil === undefined ? undefined : instantOf(civil, utc);
  return atUtc === undefined ? undefined : inRange(atUtc - BigInt(reading.offsetSeconds ?? 0) * nanosecondsPerSecond);
}

function civilRead(reading: Reading): CivilTime | undefined {
  const { year: readYear = 0, hour: readHour = 0 } = reading;
  const date = dateRead(reading, readYear);
  const hour = reading.half === "pm" && readHour < 12 ? readHour + 12 : readHour;
  return date === undefined
    ? undefined
    : {
        ...date,
        year: readYear,
        hour: reading.half === "am" && readHour === 12 ? 0 : hour,
        minute: reading.minute ?? 0,
        second: reading.second ?? 0,
        nanosecond: reading.nanosecond ?? 0,
      };
}

/** The day of the month, or of the year; both must agree when both are told. */
function dateRead(reading: Reading, readYear: number): Pick<CivilTime, "month" | "day"> | undefined {
  if (reading.yearDay !== undefined) {
    const found = dateOfYearDay(readYear, reading.yearDay);
    return agrees(reading.month, found?.month) && agrees(reading.day, found?.day) ? found : undefined;
  }
  const { month = 1, day = 1 } = reading;
  return day >= 1 && day <= daysInMonth(readYear, month) ? { month, day } : undefined;
}

function agrees(told: number | undefined, found: number | undefined): boolean {
  return told === undefined || told === found;
}

function dateOfYearDay(inYear: number, dayOfYear: number): Pick<CivilTime, "month" | "day"> | undefined {
  let day = dayOfYear;
  for (let month = 1; month <= 12; month += 1) {
    const days = daysInMonth(inYear, month);
    if (day <= days) {
      return day >= 1 ? { month, day } : undefined;
    }
    day -= days;
  }
  return undefined;
}
