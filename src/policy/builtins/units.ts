/** `units.*`: `10Ki`, `1.5GB`, `100m` as numbers, worked out exactly and never in binary fractions. */
import { assertWithin } from "./bounds.ts";
import type { BuiltinFamily } from "./family.ts";
import { integer, ofText } from "./operands.ts";
import type { RegoValue } from "./rego-value.ts";

/** An exact fraction: `numerator / 10 ** decimals`. */
interface Decimal {
  readonly numerator: bigint;
  readonly decimals: number;
}

const decimal = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,6}))?$/u;
/** The text up to the unit: OPA takes `e` for an exponent only when a digit or sign follows. */
const amountThenUnit = /^((?:[\d.+-]|[eE](?=[\d+-]))*)(.*)$/su;
const exponentTooLarge = /[eE][+-]?\d{7}/u;
const powersOfThousand = ["k", "m", "g", "t", "p", "e"] as const;

const byteUnits = new Map<string, bigint>([["", 1n]]);
const siUnits = new Map<string, bigint>([["", 1n]]);
for (const [index, letter] of powersOfThousand.entries()) {
  const [decimalFactor, binaryFactor] = [1000n ** BigInt(index + 1), 1024n ** BigInt(index + 1)];
  byteUnits.set(letter, decimalFactor).set(`${letter}b`, decimalFactor);
  byteUnits.set(`${letter}i`, binaryFactor).set(`${letter}ib`, binaryFactor);
  siUnits.set(letter.toUpperCase(), decimalFactor);
  siUnits.set(`${letter}i`, binaryFactor).set(`${letter.toUpperCase()}i`, binaryFactor);
  if (letter !== "m") {
    siUnits.set(letter, decimalFactor);
  }
}

function parseDecimal(text: string): Decimal | undefined {
  assertWithin("digitsMax", text.length);
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = decimal.exec(text) ?? [];
  if (whole === "" && fraction === "") {
    return undefined;
  }
  const exponent = Number(exponentText);
  assertWithin("digitsMax", Math.abs(exponent));
  const digits = BigInt(`${whole}${fraction}`) * (sign === "-" ? -1n : 1n);
  const decimals = fraction.length - exponent;
  return decimals >= 0
    ? { numerator: digits, decimals }
    : { numerator: digits * 10n ** BigInt(-decimals), decimals: 0 };
}

function splitAmount(text: string): readonly [amount: string, unit: string] | undefined {
  const [, amount = "", unit = ""] = amountThenUnit.exec(text) ?? [];
  return text.includes(" ") || amount === "" || exponentTooLarge.test(text) ? undefined : [amount, unit];
}

function parseBytes(text: string): RegoValue | undefined {
  const [amountText, unit] = splitAmount(text.toLowerCase().replaceAll('"', "")) ?? [];
  const factor = byteUnits.get(unit ?? "?");
  const amount = amountText === undefined ? undefined : parseDecimal(amountText);
  return factor === undefined || amount === undefined
    ? undefined
    : integer((amount.numerator * factor) / 10n ** BigInt(amount.decimals));
}

function parseUnits(text: string): RegoValue | undefined {
  const [amountText, unit = "?"] = splitAmount(text.replaceAll('"', "")) ?? [];
  const amount = amountText === undefined ? undefined : parseDecimal(amountText);
  if (amount === undefined) {
    return undefined;
  }
  if (unit === "m") {
    return fraction({ numerator: amount.numerator, decimals: amount.decimals + 3 });
  }
  const factor = siUnits.get(`${unit.slice(0, 1)}${unit.slice(1).toLowerCase()}`);
  return factor === undefined
    ? undefined
    : fraction({ numerator: amount.numerator * factor, decimals: amount.decimals });
}

/** An integer exactly, anything else as the number with ten decimals that OPA gives. */
function fraction({ numerator, decimals }: Decimal): number | bigint {
  const denominator = 10n ** BigInt(decimals);
  if (numerator % denominator === 0n) {
    return integer(numerator / denominator);
  }
  const scaled = numerator * 10n ** 10n;
  const half = (numerator < 0n ? -denominator : denominator) / 2n;
  const rounded = (scaled + half) / denominator;
  const digits = String(rounded < 0n ? -rounded : rounded).padStart(11, "0");
  return Number(`${rounded < 0n ? "-" : ""}${digits.slice(0, -10)}.${digits.slice(-10)}`);
}

export const unitBuiltins: BuiltinFamily = {
  "units.parse": ofText(parseUnits),
  "units.parse_bytes": ofText(parseBytes),
};
