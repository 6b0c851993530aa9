/** `json.patch` and `json.marshal_with_options`; the other `json.*` are in the WASM. */
import { assertWithin } from "./bounds.ts";
import type { BuiltinFamily } from "./family.ts";
import { patchValue } from "./json-patch.ts";
import { pairsOf } from "./operands.ts";
import { isRegoObject, printRegoValue, type RegoValue } from "./rego-value.ts";
import { orderedElementsOf } from "./value-order.ts";

interface Layout {
  readonly prefix: string;
  readonly indent: string;
}

const compact = "compact";

function marshalWithOptions(value: RegoValue | undefined, options: RegoValue | undefined): string | undefined {
  const layout = parseLayout(options);
  if (value === undefined || layout === undefined) {
    return undefined;
  }
  const text =
    layout === compact ? printCompact(value) : `${layout.prefix}${printIndented(value, layout, `\n${layout.prefix}`)}`;
  assertWithin("textLengthMax", text.length);
  return text;
}

function parseLayout(options: RegoValue | undefined): Layout | typeof compact | undefined {
  if (!isRegoObject(options)) {
    return undefined;
  }
  let isPretty: boolean | undefined;
  let isPrettyByOption = false;
  const layout = { prefix: "", indent: "\t" };
  for (const [name, option] of Object.entries(options)) {
    if (name === "pretty" && typeof option === "boolean") {
      isPretty = option;
    } else if ((name === "prefix" || name === "indent") && typeof option === "string") {
      assertWithin("digitsMax", option.length);
      layout[name] = option;
      isPrettyByOption = true;
    } else {
      return undefined;
    }
  }
  return (isPretty ?? isPrettyByOption) ? layout : compact;
}

/** JSON's own pairs: keys are texts, in order. */
function memberPairs(value: RegoValue): readonly (readonly [string, RegoValue])[] | undefined {
  return pairsOf(value)
    ?.map(([key, member]) => [typeof key === "string" ? key : printCompact(key), member] as const)
    .toSorted(([first], [second]) => Buffer.compare(Buffer.from(first), Buffer.from(second)));
}

function printCompact(value: RegoValue): string {
  const pairs = memberPairs(value);
  if (pairs !== undefined) {
    return `{${pairs.map(([key, member]) => `${printScalar(key)}:${printCompact(member)}`).join(",")}}`;
  }
  const elements = orderedElementsOf(value);
  return elements === undefined ? printScalar(value) : `[${elements.map(printCompact).join(",")}]`;
}

function printIndented(value: RegoValue, layout: Layout, line: string): string {
  const deeper = `${line}${layout.indent}`;
  const pairs = memberPairs(value);
  const elements =
    pairs?.map(([key, member]) => `${printScalar(key)}: ${printIndented(member, layout, deeper)}`) ??
    orderedElementsOf(value)?.map((element) => printIndented(element, layout, deeper));
  if (elements === undefined) {
    return printScalar(value);
  }
  const [open, close] = pairs === undefined ? ["[", "]"] : ["{", "}"];
  return elements.length === 0
    ? `${open}${close}`
    : `${open}${elements.map((element) => `${deeper}${element}`).join(",")}${line}${close}`;
}

/** Go writes characters that could end a script element as escapes. */
function printScalar(value: RegoValue): string {
  return printRegoValue(value).replace(
    /[<>&\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export const jsonBuiltins: BuiltinFamily = {
  "json.marshal_with_options": marshalWithOptions,
  "json.patch": patchValue,
};
