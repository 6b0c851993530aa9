/** `time.*`: instants are integers of nanoseconds since the epoch, beyond 2^53, so they are bigints here. */
import {
  civilTimeOf,
  daysInMonth,
  findZone,
  inRange,
  instantOf,
  nanosecondsPerSecond,
  weekdayOf,
  type ZonedInstant,
} from "./civil-time.ts";
import { parseDuration } from "./durations.ts";
import type { EvaluationInstant } from "./evaluation-instant.ts";
import type { Builtin, BuiltinFamily } from "./family.ts";
import { integer, integerOf, ofText, ofTwoTexts, safeIntegerOf } from "./operands.ts";
import { isRegoArray, type RegoValue } from "./rego-value.ts";
import { formatTime } from "./time-format.ts";
import { dayNames } from "./time-layout.ts";
import { parseTime } from "./time-parse.ts";

/** An operand is nanoseconds, or `[nanoseconds, zone]`, or `[nanoseconds, zone, layout]`. */
interface TimeOperand extends ZonedInstant {
  readonly layout: string | undefined;
}

function parseOperand(operand: RegoValue | undefined): TimeOperand | undefined {
  const [nanoseconds, zoneName = "", layout] = isRegoArray(operand) ? operand : [operand];
  const whole = integerOf(nanoseconds);
  const epochNanoseconds = whole === undefined ? undefined : inRange(whole);
  const zone = typeof zoneName === "string" ? findZone(zoneName) : undefined;
  if (epochNanoseconds === undefined || zone === undefined || (layout !== undefined && typeof layout !== "string")) {
    return undefined;
  }
  return { epochNanoseconds, zone, layout };
}

const ofTime =
  (answer: (time: TimeOperand) => RegoValue): Builtin =>
  (operand) => {
    const time = parseOperand(operand);
    return time === undefined ? undefined : answer(time);
  };

const addDate: Builtin = (operand, yearsOperand, monthsOperand, daysOperand) => {
  const time = parseOperand(operand);
  const [years, months, days] = [yearsOperand, monthsOperand, daysOperand].map(safeIntegerOf);
  if (time === undefined || years === undefined || months === undefined || days === undefined) {
    return undefined;
  }
  const civil = civilTimeOf(time);
  const moved = { ...civil, year: civil.year + years, month: civil.month + months, day: civil.day + days };
  return numbered(instantOf(moved, time.zone));
};

/** `[years, months, days, hours, minutes, seconds]` between the two, in the first one's zone. */
const diff: Builtin = (firstOperand, secondOperand) => {
  const [first, second] = [parseOperand(firstOperand), parseOperand(secondOperand)];
  if (first === undefined || second === undefined) {
    return undefined;
  }
  const [earlier, later] =
    first.epochNanoseconds > second.epochNanoseconds
      ? [second.epochNanoseconds, first.epochNanoseconds]
      : [first.epochNanoseconds, second.epochNanoseconds];
  const from = civilTimeOf({ epochNanoseconds: earlier, zone: first.zone });
  const to = civilTimeOf({ epochNanoseconds: later, zone: first.zone });
  const borrowed = daysInMonth(from.year, from.month);
  const [second_, minuteCarry] = wrap(to.second - from.second, 60);
  const [minute, hourCarry] = wrap(to.minute - from.minute + minuteCarry, 60);
  const [hour, dayCarry] = wrap(to.hour - from.hour + hourCarry, 24);
  const [day, monthCarry] = wrap(to.day - from.day + dayCarry, borrowed);
  const [month, yearCarry] = wrap(to.month - from.month + monthCarry, 12);
  return [to.year - from.year + yearCarry, month, day, hour, minute, second_];
};

/** A negative value borrows once from the next larger unit. */
function wrap(value: number, size: number): readonly [number, number] {
  return value < 0 ? [value + size, -1] : [value, 0];
}

function numbered(value: bigint | undefined): RegoValue | undefined {
  return value === undefined ? undefined : integer(value);
}

export function createTimeBuiltins(instant: EvaluationInstant): BuiltinFamily {
  return {
    "time.now_ns": () => integer(BigInt(instant.epochSeconds) * nanosecondsPerSecond),
    "time.add_date": addDate,
    "time.clock": ofTime((time) => {
      const { hour, minute, second } = civilTimeOf(time);
      return [hour, minute, second];
    }),
    "time.date": ofTime((time) => {
      const { year, month, day } = civilTimeOf(time);
      return [year, month, day];
    }),
    "time.diff": diff,
    "time.format": ofTime((time) =>
      formatTime(time, time.layout === undefined || time.layout === "" ? "RFC3339Nano" : time.layout),
    ),
    "time.parse_duration_ns": ofText((text) => numbered(parseDuration(text))),
    "time.parse_ns": ofTwoTexts((layout, text) => numbered(parseTime(layout, text))),
    "time.parse_rfc3339_ns": ofText((text) => numbered(parseTime("RFC3339", text))),
    "time.weekday": ofTime((time) => dayNames[weekdayOf(civilTimeOf(time))] ?? ""),
  };
}
