/** Instants as years, months and hours of a time zone, by the proleptic Gregorian calendar, with the zones that Intl knows. */
import { builtinBounds } from "./bounds.ts";

export interface CivilTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
}

export interface Zone {
  /** Seconds east of Greenwich at this instant. */
  offsetSecondsAt(epochSeconds: number): number;
  abbreviationAt(epochSeconds: number): string;
}

/** An instant that is shown in a zone. */
export interface ZonedInstant {
  readonly epochNanoseconds: bigint;
  readonly zone: Zone;
}

export const nanosecondsPerSecond = 1_000_000_000n;

export const utc: Zone = { offsetSecondsAt: () => 0, abbreviationAt: () => "UTC" };

const zones = new Map<string, Zone>();

/** Undefined for a name that the IANA database does not have. */
export function findZone(name: string): Zone | undefined {
  if (name === "" || name === "UTC") {
    return utc;
  }
  // Intl also takes bare offsets, which are no zone names.
  if (/^[+-]/u.test(name)) {
    return undefined;
  }
  const known = zones.get(name);
  const zone = known ?? openZone(name === "Local" ? new Intl.DateTimeFormat().resolvedOptions().timeZone : name);
  if (zone !== undefined && known === undefined) {
    const [oldest] = zones.keys();
    if (zones.size >= builtinBounds.zonesKeptMax && oldest !== undefined) {
      zones.delete(oldest);
    }
    zones.set(name, zone);
  }
  return zone;
}

function openZone(timeZone: string): Zone | undefined {
  try {
    const offsets = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
    const names = ["en-US", "en-GB", "en-CA", "en-AU", "en-IN", "en-ZA"].map(
      (locale) => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: "short" }),
    );
    const offsetSecondsAt = (epochSeconds: number): number => parseOffset(zoneNameOf(offsets, epochSeconds));
    return {
      offsetSecondsAt,
      abbreviationAt: (epochSeconds) =>
        names.map((format) => zoneNameOf(format, epochSeconds)).find((name) => /^[A-Z]{2,5}$/u.test(name)) ??
        printOffset(offsetSecondsAt(epochSeconds)),
    };
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

function zoneNameOf(format: Intl.DateTimeFormat, epochSeconds: number): string {
  return format.formatToParts(epochSeconds * 1000).find(({ type }) => type === "timeZoneName")?.value ?? "";
}

/** `GMT`, `GMT-03:30` or, before standard time, `GMT-00:01:15`. */
function parseOffset(text: string): number {
  const [, sign, hours = "0", minutes = "0", seconds = "0"] =
    /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/u.exec(text) ?? [];
  const magnitude = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === "-" ? -magnitude : magnitude;
}

function printOffset(offsetSeconds: number): string {
  const minutes = Math.floor(Math.abs(offsetSeconds) / 60);
  const [hour, minute] = [String(Math.floor(minutes / 60)).padStart(2, "0"), String(minutes % 60).padStart(2, "0")];
  return `${offsetSeconds < 0 ? "-" : "+"}${hour}${minute === "00" ? "" : minute}`;
}

export function epochSecondsOf({ epochNanoseconds }: ZonedInstant): number {
  const remainder = epochNanoseconds % nanosecondsPerSecond;
  return Number((epochNanoseconds - remainder) / nanosecondsPerSecond) - (remainder < 0n ? 1 : 0);
}

export function civilTimeOf(instant: ZonedInstant): CivilTime {
  const epochSeconds = epochSecondsOf(instant);
  const local = new Date((epochSeconds + instant.zone.offsetSecondsAt(epochSeconds)) * 1000);
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    nanosecond: Number(instant.epochNanoseconds - BigInt(epochSeconds) * nanosecondsPerSecond),
  };
}

/** 0 is Sunday. */
export function weekdayOf({ year, month, day }: CivilTime): number {
  return utcDate(year, month, day).getUTCDay();
}

/** 1 is the first of January. */
export function yearDayOf({ year, month, day }: CivilTime): number {
  return (utcDate(year, month, day).getTime() - utcDate(year, 1, 1).getTime()) / 86_400_000 + 1;
}

export function daysInMonth(year: number, month: number): number {
  return utcDate(year, month + 1, 0).getUTCDate();
}

function utcDate(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date;
}

/**
 * The instant of a civil time; months and days beyond their range carry over. Of a time that the zone shows twice, or
 * skips, it is the one that Go takes. Undefined outside the years that nanoseconds reach.
 */
export function instantOf(civil: CivilTime, zone: Zone): bigint | undefined {
  const days = utcDate(civil.year, civil.month, civil.day).getTime() / 1000;
  if (Number.isNaN(days)) {
    return undefined;
  }
  const asUtc = days + civil.hour * 3600 + civil.minute * 60 + civil.second;
  const guess = zone.offsetSecondsAt(asUtc);
  const offset = guess === 0 ? 0 : zone.offsetSecondsAt(asUtc - guess);
  return inRange(BigInt(asUtc - offset) * nanosecondsPerSecond + BigInt(civil.nanosecond));
}

/** Instants are 64 bit integers: 1677-09-21 to 2262-04-11. */
export function inRange(epochNanoseconds: bigint): bigint | undefined {
  return BigInt.asIntN(64, epochNanoseconds) === epochNanoseconds ? epochNanoseconds : undefined;
}
