/** Go's `fmt.Sprintf` for the values that OPA hands it: integers, floats and texts; anything else as its Rego text. */
import { assertWithin, BuiltinLimitError, builtinBounds } from "./bounds.ts";
import { formatFloat, formatInteger, groupOfTwo, keepPoint, quoteText, signOf } from "./go-numbers.ts";
import { type Flags, pad, padNumber } from "./go-padding.ts";
import { printRegoValue, RegoDecimal, RegoSet, type RegoValue } from "./rego-value.ts";
import { orderedElementsOf, orderedPairsOf } from "./value-order.ts";

type Argument = bigint | number | string;

const directive = /%([+\-# 0]*)(\[\d+\])?(\*|\d+)?(?:\.(\[\d+\])?(\*|\d*))?(\[\d+\])?(.|$)/gsu;

class Arguments {
  readonly #values: readonly Argument[];
  #next = 0;
  #isReordered = false;
  #isBad = false;

  constructor(values: readonly Argument[]) {
    this.#values = values;
  }

  /** `[2]` chooses the next operand, counting from one. */
  choose(index: string | undefined): void {
    if (index !== undefined) {
      this.#isReordered = true;
      this.#next = Number(index.slice(1, -1)) - 1;
      this.#isBad = this.#next < 0 || this.#next >= this.#values.length;
    }
  }

  get hasNext(): boolean {
    return !this.#isBad && this.#next >= 0 && this.#next < this.#values.length;
  }

  /** Whether the last choice named no operand; asked once. */
  wasBad(): boolean {
    const was = this.#isBad;
    this.#isBad = false;
    return was;
  }

  take(): Argument {
    const value = this.#values[this.#next];
    this.#next += 1;
    return value ?? "";
  }

  rest(): readonly Argument[] {
    return this.#isReordered ? [] : this.#values.slice(this.#next);
  }
}

export function formatText(format: string, operands: readonly RegoValue[]): string {
  assertWithin("textLengthMax", format.length);
  const values = new Arguments(operands.map(argumentOf));
  let length = format.length;
  const grow = (piece: string): string => {
    length += piece.length;
    if (length > builtinBounds.textLengthMax) {
      throw new BuiltinLimitError("a formatted text is too long");
    }
    return piece;
  };
  const formatted = format.replace(directive, (_whole: string, ...parts: readonly (string | undefined)[]) =>
    grow(formatDirective(parts, values)),
  );
  const extra = values.rest();
  return extra.length === 0
    ? formatted
    : `${formatted}%!(EXTRA ${extra.map((value) => grow(`${typeNameOf(value)}=${plain(value)}`)).join(", ")})`;
}

function formatDirective(parts: readonly (string | undefined)[], values: Arguments): string {
  const [flagText = "", widthIndex, widthText, precisionIndex, precisionText, verbIndex, verb = ""] = parts;
  values.choose(widthIndex);
  const width = measureOf(widthText, values);
  values.choose(precisionIndex);
  const precision = measureOf(precisionText === "" ? "0" : precisionText, values);
  values.choose(verbIndex);
  const isBadPrecision = precision === "bad" || (precision !== undefined && precision < 0);
  const complaint = `${width === "bad" ? "%!(BADWIDTH)" : ""}${isBadPrecision ? "%!(BADPREC)" : ""}`;
  const flags = flagsOf(flagText, width === "bad" ? undefined : width, isBadPrecision ? undefined : precision);
  return `${complaint}${verb === "" || verb === "%" ? percentOf(verb) : formatNext(verb, flags, values)}`;
}

function percentOf(verb: "" | "%"): string {
  return verb === "%" ? "%" : "%!(NOVERB)";
}

function formatNext(verb: string, flags: Flags, values: Arguments): string {
  if (values.wasBad()) {
    return `%!${verb}(BADINDEX)`;
  }
  return values.hasNext ? formatValue(values.take(), verb, flags) : `%!${verb}(MISSING)`;
}

/** A width or precision: digits, or `*` for the next operand. */
function measureOf(text: string | undefined, values: Arguments): number | "bad" | undefined {
  return text === "*" ? starOf(values) : digitsOf(text);
}

function flagsOf(text: string, width: number | undefined, precision: number | undefined): Flags {
  const minus = text.includes("-") || (width !== undefined && width < 0);
  return {
    plus: text.includes("+"),
    minus,
    sharp: text.includes("#"),
    space: text.includes(" "),
    zero: text.includes("0") && !minus,
    width: width === undefined ? undefined : Math.abs(width),
    precision,
  };
}

function starOf(values: Arguments): number | "bad" {
  const value = values.hasNext ? values.take() : undefined;
  if (typeof value !== "bigint" || value > 1_000_000n || value < -1_000_000n) {
    return "bad";
  }
  return digitsOf(String(value)) ?? "bad";
}

function digitsOf(text: string | undefined): number | undefined {
  const value = text === undefined ? undefined : Number(text);
  assertWithin("digitsMax", Math.abs(value ?? 0));
  return value;
}

function argumentOf(value: RegoValue): Argument {
  if (typeof value === "number") {
    return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(value) : value;
  }
  if (value instanceof RegoDecimal) {
    return Number.isFinite(Number(value.text)) ? Number(value.text) : value.text;
  }
  return typeof value === "bigint" || typeof value === "string" ? value : regoText(value);
}

/** How OPA prints a term: with a space after commas and colons. */
export function regoText(value: RegoValue): string {
  if (typeof value === "string") {
    return quoteText(value);
  }
  const pairs = orderedPairsOf(value);
  if (pairs !== undefined) {
    return `{${pairs.map(([key, member]) => `${regoText(key)}: ${regoText(member)}`).join(", ")}}`;
  }
  const elements = orderedElementsOf(value)?.map(regoText).join(", ");
  if (elements === undefined) {
    return printRegoValue(value);
  }
  if (!(value instanceof RegoSet)) {
    return `[${elements}]`;
  }
  return value.members.length === 0 ? "set()" : `{${elements}}`;
}

function typeNameOf(value: Argument): string {
  if (typeof value === "string") {
    return "string";
  }
  if (typeof value === "number") {
    return "float64";
  }
  return isLarge(value) ? "*big.Int" : "int64";
}

/** Beyond 64 bits Go takes another type: it has `%s` and no characters. */
function formatWhole(value: bigint, verb: string, flags: Flags): string | undefined {
  if (!isLarge(value)) {
    return formatInteger(value, verb, flags);
  }
  return "cqU".includes(verb) ? undefined : formatInteger(value, verb === "s" ? "d" : verb, flags);
}

function isLarge(value: bigint): boolean {
  return BigInt.asIntN(64, value) !== value;
}

function plain(value: Argument): string {
  return typeof value === "number" ? formatFloat(value, "g", undefined) : String(value);
}

function formatValue(value: Argument, verb: string, flags: Flags): string {
  if (verb === "T") {
    return pad(typeNameOf(value), flags);
  }
  const formatted =
    typeof value === "string"
      ? formatString(value, verb, flags)
      : typeof value === "bigint"
        ? formatWhole(value, verb, flags)
        : formatFloating(value, verb, flags);
  return formatted ?? `%!${verb}(${typeNameOf(value).replace("*", "")}=${formatValue(value, plainVerb(value), flags)})`;
}

/** The verb that shows a value as it is. */
function plainVerb(value: Argument): string {
  return typeof value === "string" ? "s" : typeof value === "number" ? "g" : "d";
}

function formatString(text: string, verb: string, flags: Flags): string | undefined {
  const cut = flags.precision === undefined ? text : Array.from(text).slice(0, flags.precision).join("");
  switch (verb) {
    case "v":
      return pad(flags.sharp ? quoteText(cut) : cut, flags);
    case "s":
      return pad(cut, flags);
    case "q":
      return pad(flags.sharp && canBackquote(cut) ? `\`${cut}\`` : quoteText(cut), flags);
    case "x":
    case "X": {
      const hex = groupOfTwo(Buffer.from(text, "utf8").subarray(0, flags.precision).toString("hex"), flags);
      return pad(verb === "X" ? hex.toUpperCase() : hex, flags);
    }
    default:
      return undefined;
  }
}

/** Go's raw strings hold no backquote and no control character but the tab. */
function canBackquote(text: string): boolean {
  return !Array.from(text).some((character) => character === "`" || (character < " " && character !== "\t"));
}

function formatFloating(value: number, verb: string, flags: Flags): string | undefined {
  if (!"vbgGxXfFeE".includes(verb)) {
    return undefined;
  }
  const text = formatFloat(Math.abs(value), verb === "v" ? "g" : verb, flags.precision);
  const digits = flags.sharp && verb !== "v" ? keepPoint(text, verb, flags.precision) : text;
  return padNumber(signOf(value < 0, flags), digits, flags);
}
