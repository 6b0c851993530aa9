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

/** The forms that OPA reads; of 38 characters it looks only at the 36 in the middle. */
const forms = [
  /^(?:urn:uuid:)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/iu,
  /^.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}).$/iu,
  /^([0-9a-f]{32})$/iu,
] as const;

/** From 1582-10-15, where version 1 begins to count, to the epoch, in units of 100 ns. */
const gregorianToUnix = 122_192_928_000_000_000n;

function parseUuid(text: string): RegoValue | undefined {
  const written = forms.map((form) => form.exec(text)?.[1]).find((found) => found !== undefined);
  if (written === undefined) {
    return undefined;
  }
  const bytes = Buffer.from(written.replaceAll("-", ""), "hex");
  const version = bytes.readUInt8(6) >> 4;
  const named = { version, variant: variantOf(bytes.readUInt8(8)) };
  return version === 1 || version === 2 ? { ...named, ...timedParts(bytes, version) } : named;
}

function timedParts(bytes: Buffer, version: 1 | 2): Readonly<Record<string, RegoValue>> {
  const ticks =
    (BigInt(bytes.readUInt16BE(6) & 0x0fff) << 48n) |
    (BigInt(bytes.readUInt16BE(4)) << 32n) |
    BigInt(bytes.readUInt32BE(0));
  const parts = {
    time: integer((ticks - gregorianToUnix) * 100n),
    nodeid: [...bytes.subarray(10)].map((byte) => byte.toString(16).padStart(2, "0")).join("-"),
    macvariables: castOf(bytes.readUInt8(10)),
    clocksequence: bytes.readUInt16BE(8) & 0x3fff,
  };
  return version === 1 ? parts : { ...parts, id: bytes.readUInt32BE(0), domain: domainOf(bytes.readUInt8(9)) };
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
