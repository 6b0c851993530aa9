/** Numbers and quoted texts as Go's `strconv` and `fmt` write them. */
import { type Flags, pad, padNumber } from "./go-padding.ts";

const radices: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };
const radixPrefixes: Readonly<Record<string, string>> = { b: "0b", o: "0", x: "0x", X: "0X" };

/** Undefined for a verb that integers do not have. */
export function formatInteger(value: bigint, verb: string, flags: Flags): string | undefined {
  if (verb === "c" || verb === "q" || verb === "U") {
    return formatCharacter(value, verb, flags);
  }
  const radix = radices[verb];
  if (radix === undefined) {
    return undefined;
  }
  const magnitude = (value < 0n ? -value : value).toString(radix);
  const cased = verb === "X" ? magnitude.toUpperCase() : magnitude;
  const digits = flags.precision === 0 && value === 0n ? "" : cased.padStart(flags.precision ?? 0, "0");
  const zero = flags.zero && flags.precision === undefined;
  return padNumber(`${signOf(value < 0n, flags)}${prefixOf(verb, flags)}`, digits, { ...flags, zero });
}

function prefixOf(verb: string, flags: Flags): string {
  return verb === "O" ? "0o" : flags.sharp ? (radixPrefixes[verb] ?? "") : "";
}

export function signOf(isNegative: boolean, flags: Flags): string {
  return isNegative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
}

function formatCharacter(value: bigint, verb: "c" | "q" | "U", flags: Flags): string {
  const isCharacter = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
  const character = String.fromCodePoint(isCharacter ? Number(value) : 0xfffd);
  if (verb === "U") {
    const name = `U+${BigInt.asUintN(64, value).toString(16).toUpperCase().padStart(4, "0")}`;
    return pad(flags.sharp && isCharacter ? `${name} '${character}'` : name, { ...flags, zero: false });
  }
  return pad(
    verb === "c" ? character : `'${quoteText(character).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`,
    flags,
  );
}

/** A magnitude (no sign) by Go's verbs; without a precision, the shortest text that reads back as the same double. */
export function formatFloat(magnitude: number, verb: string, precision: number | undefined): string {
  const text = floatFormats[verb.toLowerCase()]?.(magnitude, precision) ?? "";
  return verb === verb.toUpperCase() ? text.toUpperCase() : text;
}

const floatFormats: Readonly<Record<string, (magnitude: number, precision: number | undefined) => string>> = {
  f: (magnitude, precision = 6) => fixed(magnitude, precision),
  e: (magnitude, precision = 6) => exponential(magnitude, precision),
  g: general,
  b: (magnitude) => {
    const [mantissa, exponent] = binaryParts(magnitude);
    return `${mantissa}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
  },
  x: hexadecimal,
};

/** `0x1.8p+01`: one bit before the point. */
function hexadecimal(magnitude: number, precision: number | undefined): string {
  let [mantissa, exponent] = binaryParts(magnitude);
  if (mantissa === 0n) {
    return `0x0${precision === undefined || precision === 0 ? "" : `.${"0".repeat(precision)}`}p+00`;
  }
  while (mantissa < 1n << 52n) {
    mantissa <<= 1n;
    exponent -= 1;
  }
  const kept = Math.min(precision ?? 13, 13);
  let rounded = halfEven(mantissa, BigInt(52 - kept * 4));
  if (rounded >> BigInt(kept * 4) > 1n) {
    rounded >>= 1n;
    exponent += 1;
  }
  const digits = rounded.toString(16).slice(1);
  const fraction = precision === undefined ? digits.replace(/0+$/u, "") : digits.padEnd(precision, "0");
  return `0x1${fraction === "" ? "" : `.${fraction}`}p${twoDigits(String(exponent + 52))}`;
}

/** What `#` asks for: always a point, and for `%g` the zeros at the end as well. */
export function keepPoint(text: string, verb: string, precision: number | undefined): string {
  const [mantissa = "", exponent = ""] = text.split(/(?=[eE])/u);
  if (!"gGeEfF".includes(verb)) {
    return text;
  }
  const pointed = mantissa.includes(".") ? mantissa : `${mantissa}.`;
  const digits = pointed.replace(".", "").replace(/^0+/u, "").length;
  const missing = verb.toLowerCase() === "g" ? Math.max(0, (precision ?? 6) - digits) : 0;
  return `${pointed}${"0".repeat(missing)}${exponent}`;
}

/** Exact decimals: a double is a binary fraction, so its decimal expansion ends. */
function fixed(magnitude: number, precision: number): string {
  if (precision <= 100 && magnitude < 1e21) {
    return magnitude.toFixed(precision);
  }
  const [whole, exponent] = binaryParts(magnitude);
  const scale = 10n ** BigInt(precision);
  const scaled = whole * scale;
  const rounded = exponent >= 0 ? scaled << BigInt(exponent) : halfEven(scaled, BigInt(-exponent));
  const digits = rounded.toString().padStart(precision + 1, "0");
  return precision === 0 ? digits : `${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
}

/** `mantissa * 2 ** exponent`. */
function binaryParts(magnitude: number): [bigint, number] {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, magnitude);
  const raw = bits.getBigUint64(0);
  const biased = Number((raw >> 52n) & 0x7ffn);
  const mantissa = (raw & 0xf_ffff_ffff_ffffn) | (biased === 0 ? 0n : 1n << 52n);
  return [mantissa, (biased === 0 ? 1 : biased) - 1075];
}

function halfEven(value: bigint, shift: bigint): bigint {
  const quotient = value >> shift;
  const twice = (value - (quotient << shift)) * 2n;
  const one = 1n << shift;
  return twice > one || (twice === one && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

function exponential(magnitude: number, precision: number): string {
  const text = magnitude.toExponential(Math.min(precision, 100));
  const [mantissa = "", exponent = "+0"] = text.split("e");
  return `${mantissa}${"0".repeat(Math.max(0, precision - 100))}e${twoDigits(exponent)}`;
}

function general(magnitude: number, precision: number | undefined): string {
  const significant = precision === 0 ? 1 : precision;
  const decimals = significant === undefined ? undefined : Math.min(significant, 101) - 1;
  const [mantissa = "0", exponentText = "+0"] = magnitude.toExponential(decimals).split("e");
  const exponent = Number(exponentText);
  const digits = mantissa.replace(".", "").replace(/0+$/u, "") || "0";
  if (exponent < -4 || exponent >= largestPlain(significant, digits.length, exponent)) {
    return `${digits.slice(0, 1)}${digits.length > 1 ? `.${digits.slice(1)}` : ""}e${twoDigits(exponentText)}`;
  }
  return exponent < 0 ? `0.${"0".repeat(-exponent - 1)}${digits}` : withPoint(digits, exponent + 1);
}

/** The exponent from which Go's `%g` writes one: six for the shortest text, else the digits asked for or there. */
function largestPlain(significant: number | undefined, digits: number, exponent: number): number {
  if (significant === undefined) {
    return 6;
  }
  return significant > digits && digits > exponent ? digits : significant;
}

/** The point stands after `places` digits. */
function withPoint(digits: string, places: number): string {
  const fraction = digits.slice(places);
  return `${digits.slice(0, places).padEnd(places, "0")}${fraction === "" ? "" : `.${fraction}`}`;
}

function twoDigits(exponent: string): string {
  const sign = exponent.startsWith("-") ? "-" : "+";
  return `${sign}${exponent.replace(/^[+-]/u, "").padStart(2, "0")}`;
}

/** Bytes as hex, with the flags that set them apart: ` ` spaces, `#` prefixes. */
export function groupOfTwo(hex: string, flags: Flags): string {
  const bytes = hex.match(/../gu) ?? [];
  if (bytes.length === 0) {
    return "";
  }
  const prefix = flags.sharp ? "0x" : "";
  return flags.space ? bytes.map((byte) => `${prefix}${byte}`).join(" ") : `${prefix}${hex}`;
}

const named: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};
/** What Go does not call printable: everything but letters, marks, numbers, punctuation, symbols and the plain space. */
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|["\\]/gu;

/** Go's `strconv.Quote`. */
export function quoteText(text: string): string {
  const escaped = text.toWellFormed().replace(unprintable, (character) => {
    const known = named[character];
    if (known !== undefined) {
      return known;
    }
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) {
      return `\\x${code.toString(16).padStart(2, "0")}`;
    }
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
