/** Durations as Go writes them (`1h15m30.918s`), and with the days, weeks and years that OPA adds (`2w3d`). */
import { inRange } from "./civil-time.ts";

const unitNanoseconds: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const unitHours: Readonly<Record<string, number>> = { d: 24, w: 168, y: 8_760 };

/** Nanoseconds, or undefined for a text that is no duration or one beyond 64 bits. */
export function parseDuration(text: string): bigint | undefined {
  const [, sign, body = ""] = /^([+-]?)(.*)$/su.exec(text) ?? [];
  if (body === "0") {
    return 0n;
  }
  if (!/^(?:[\d.]+[^\d.]+)+$/u.test(body)) {
    return undefined;
  }
  let total = 0n;
  for (const [, digits = "", unit = ""] of body.matchAll(/([\d.]+)([^\d.]+)/gu)) {
    const part = partNanoseconds(digits, unit);
    if (part === undefined) {
      return undefined;
    }
    total += part;
  }
  return inRange(sign === "-" ? -total : total);
}

function partNanoseconds(digits: string, unit: string): bigint | undefined {
  const hours = Object.hasOwn(unitHours, unit) ? unitHours[unit] : undefined;
  if (hours === undefined) {
    return exactNanoseconds(digits, Object.hasOwn(unitNanoseconds, unit) ? unitNanoseconds[unit] : undefined);
  }
  const value = Number(digits) * hours;
  return Number.isNaN(value) || value >= 1e21 ? undefined : exactNanoseconds(String(value), unitNanoseconds["h"]);
}

function exactNanoseconds(digits: string, unit: bigint | undefined): bigint | undefined {
  const [, whole = "", fraction = ""] = /^(\d*)(?:\.(\d*))?$/u.exec(digits) ?? [];
  if (unit === undefined || (whole === "" && fraction === "") || whole.length > 20) {
    return undefined;
  }
  const kept = fraction.slice(0, 18);
  return BigInt(whole) * unit + (BigInt(kept) * unit) / 10n ** BigInt(kept.length);
}
