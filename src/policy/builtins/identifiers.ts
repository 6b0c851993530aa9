/** `uuid.*` and `rand.intn`: random answers that stay the same for the same arguments within one evaluation. */
import { randomInt, randomUUID } from "node:crypto";
import type { EvaluationInstant } from "./evaluation-instant.ts";
import type { BuiltinFamily } from "./family.ts";
import { integer, ofText, safeIntegerOf } from "./operands.ts";
import type { RegoValue } from "./rego-value.ts";
import { canonicalText } from "./value-order.ts";

/** `crypto.randomInt` draws from fewer than 2^48 numbers. */
const drawMax = 2 ** 48 - 1;

export function createIdentifierBuiltins(instant: EvaluationInstant): BuiltinFamily {
  const once = (key: string, draw: () => RegoValue): RegoValue => {
    const known = instant.remembered.get(key);
    const value = known ?? draw();
    instant.remembered.set(key, value);
    return value;
  };
  return {
    "uuid.rfc4122": (seed) =>
      seed === undefined ? undefined : once(`uuid.rfc4122 ${canonicalText(seed)}`, () => randomUUID()),
    "uuid.parse": ofText(parseUuid),
    "rand.intn": (seed, bound) => {
      const limit = Math.abs(safeIntegerOf(bound) ?? Number.NaN);
      if (typeof seed !== "string" || Number.isNaN(limit)) {
        return undefined;
      }
      return limit === 0 ? 0 : once(`rand.intn ${limit} ${seed}`, () => draw(limit));
    },
  };
}

function draw(limit: number): number {
  if (limit <= drawMax) {
    return randomInt(limit);
  }
  // The product of two draws covers 2^53 with a bias below 2^-40.
  return Number((BigInt(randomInt(drawMax)) * BigInt(drawMax) + BigInt(randomInt(drawMax))) % BigInt(limit));
}

const groups = "([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})";
/** Any one character may stand on either side: OPA's parser looks only at the 36 between them. */
const shape = new RegExp(`^(?:urn:uuid:${groups}|.?${groups}.?|${groups.replaceAll("-(", "(")})$`, "iu");

/** From 1582-10-15, where version 1 begins to count, to the epoch, in units of 100 ns. */
const gregorianToUnix = 122_192_928_000_000_000n;

function parseUuid(text: string): RegoValue | undefined {
  const isShape = text.length !== 37;
  const found = isShape ? shape.exec(text)?.slice(1) : undefined;
  const [timeLow, timeMid, timeHigh, clock, node] = found?.filter((group) => group !== undefined) ?? [];
  if (timeLow === undefined || timeMid === undefined || timeHigh === undefined || clock === undefined) {
    return undefined;
  }
  const version = Number.parseInt(timeHigh.slice(0, 1), 16);
  const named = { version, variant: variantOf(Number.parseInt(clock.slice(0, 2), 16)) };
  if ((version !== 1 && version !== 2) || node === undefined) {
    return named;
  }
  const bytes = node.toLowerCase().match(/../gu) ?? [];
  const ticks = BigInt(`0x${timeHigh.slice(1)}${timeMid}${timeLow}`) - gregorianToUnix;
  const timed = {
    ...named,
    time: integer(ticks * 100n),
    nodeid: bytes.join("-"),
    macvariables: castOf(Number.parseInt(bytes[0] ?? "0", 16)),
    clocksequence: Number.parseInt(clock, 16) & 0x3fff,
  };
  return version === 1
    ? timed
    : { ...timed, id: Number.parseInt(timeLow, 16), domain: domainOf(Number.parseInt(clock.slice(2), 16)) };
}

function variantOf(byte: number): string {
  if ((byte & 0xc0) === 0x80) {
    return "RFC4122";
  }
  if ((byte & 0xe0) === 0xc0) {
    return "Microsoft";
  }
  return (byte & 0xe0) === 0xe0 ? "Future" : "Reserved";
}

function castOf(firstByte: number): string {
  return `${(firstByte & 2) === 2 ? "local" : "global"}:${(firstByte & 1) === 1 ? "multicast" : "unicast"}`;
}

function domainOf(byte: number): string {
  return ["Person", "Group", "Org"][byte] ?? `Domain${byte}`;
}
