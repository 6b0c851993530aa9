/** `yaml.*`: YAML 1.2 as OPA reads it (go-yaml), into what JSON can say. */
import { isAlias, isMap, isScalar, isSeq, type Node, parseAllDocuments, Scalar, stringify } from "yaml";
import { assertWithin, BuiltinLimitError, builtinBounds } from "./bounds.ts";
import type { BuiltinFamily } from "./family.ts";
import { integer, ofText, pairsOf, whetherText } from "./operands.ts";
import { objectOf, printRegoValue, RegoDecimal, type RegoValue } from "./rego-value.ts";
import { orderedElementsOf } from "./value-order.ts";

/** The document is no YAML, or holds what JSON cannot say. */
class YamlError extends Error {
  override readonly name = "YamlError";
}

function unmarshal(text: string): RegoValue | undefined {
  assertWithin("yamlTextLengthMax", text.length);
  try {
    const documents = parseAllDocuments(text, {
      schema: "failsafe",
      uniqueKeys: false,
      logLevel: "silent",
      merge: false,
    });
    if (!Array.isArray(documents)) {
      return null;
    }
    if (documents.some(({ errors }) => errors.length > 0)) {
      return undefined;
    }
    return new YamlReader(documents[0]).read();
  } catch (error) {
    if (error instanceof YamlError) {
      return undefined;
    }
    throw error;
  }
}

interface YamlDocument {
  readonly contents: unknown;
}

class YamlReader {
  readonly #document: YamlDocument | undefined;
  readonly #anchors = new Map<string, Node>();
  #aliases = 0;
  #nodes = 0;

  constructor(document: YamlDocument | undefined) {
    this.#document = document;
  }

  read(): RegoValue {
    return this.#value(this.#document?.contents, 0);
  }

  #value(node: unknown, depth: number): RegoValue {
    this.#nodes += 1;
    if (depth > builtinBounds.depthMax || this.#nodes > builtinBounds.elementsMax) {
      throw new BuiltinLimitError("a YAML document is too large");
    }
    if (isAlias(node)) {
      return this.#value(this.#resolve(node.source), depth + 1);
    }
    if (isMap(node)) {
      this.#remember(node);
      return objectOf([...this.#pairs(node.items, depth)]);
    }
    if (isSeq(node)) {
      this.#remember(node);
      return node.items.map((item) => this.#value(item, depth + 1));
    }
    if (isScalar(node)) {
      this.#remember(node);
      return scalarValue(node);
    }
    return null;
  }

  #remember(node: Node & { anchor?: string }): void {
    if (node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
    }
  }

  #resolve(anchor: string): Node {
    this.#aliases += 1;
    assertWithin("yamlAliasesMax", this.#aliases);
    const node = this.#anchors.get(anchor);
    if (node === undefined) {
      throw new YamlError("an alias without its anchor");
    }
    return node;
  }

  /** Merged members first, so that the mapping's own win. */
  #pairs(items: readonly { readonly key: unknown; readonly value: unknown }[], depth: number): Map<string, RegoValue> {
    const own = new Map<string, RegoValue>();
    const merged = new Map<string, RegoValue>();
    for (const { key, value } of items) {
      if (isScalar(key) && key.value === "<<" && key.type === Scalar.PLAIN) {
        for (const [name, member] of this.#merged(value, depth)) {
          if (!merged.has(name)) {
            merged.set(name, member);
          }
        }
      } else {
        own.set(keyText(this.#value(key, depth + 1)), this.#value(value, depth + 1));
      }
    }
    return new Map([...merged, ...own]);
  }

  #merged(node: unknown, depth: number): readonly (readonly [string, RegoValue])[] {
    const source = isAlias(node) ? this.#resolve(node.source) : node;
    if (isSeq(source)) {
      return source.items.flatMap((item) => this.#merged(item, depth + 1));
    }
    if (!isMap(source)) {
      throw new YamlError("only mappings merge");
    }
    return [...this.#pairs(source.items, depth + 1)];
  }
}

function keyText(key: RegoValue): string {
  if (typeof key === "string") {
    return key;
  }
  if (typeof key === "number" || typeof key === "bigint" || typeof key === "boolean") {
    return printRegoValue(key);
  }
  throw new YamlError("a key that JSON cannot say");
}

const resolvedTags = /^(?:!!|tag:yaml\.org,2002:)(?:int|float|bool|null)$/u;
const binaryTag = /^(?:!!|tag:yaml\.org,2002:)binary$/u;

function scalarValue(scalar: Scalar): RegoValue {
  const text = typeof scalar.value === "string" ? scalar.value : (scalar.source ?? "");
  const { tag } = scalar;
  if (tag !== undefined && binaryTag.test(tag)) {
    return Buffer.from(text, "base64").toString("utf8");
  }
  const isPlain = tag === undefined ? scalar.type === Scalar.PLAIN : resolvedTags.test(tag);
  return isPlain ? plainValue(text) : text;
}

const words: ReadonlyMap<string, RegoValue> = new Map<string, RegoValue>([
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...["true", "True", "TRUE"].map((word) => [word, true] as const),
  ...["false", "False", "FALSE"].map((word) => [word, false] as const),
]);
const notFinite = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/u;
const wholeNumber = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/u;
const fraction = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/u;

/** Beyond 64 bits go-yaml takes the nearest double. */
const [integerMin, integerMax] = [-(2n ** 63n), 2n ** 64n - 1n];

/** What go-yaml makes of a plain scalar. */
function plainValue(text: string): RegoValue {
  const word = words.get(text);
  if (word !== undefined) {
    return word;
  }
  if (notFinite.test(text)) {
    throw new YamlError("a number that JSON cannot say");
  }
  const digits = /^[-+.\d]/u.test(text) ? text.replaceAll("_", "") : "";
  const [, sign, magnitude] = wholeNumber.exec(digits) ?? [];
  if (magnitude !== undefined) {
    const value = BigInt(magnitude.replace(/^0(?=[0-7])/u, "0o"));
    const signed = sign === "-" ? -value : value;
    return signed >= integerMin && signed <= integerMax ? integer(signed) : Number(signed);
  }
  return fraction.test(digits) ? Number(digits) : text;
}

/** Words that YAML 1.1 reads as booleans: go-yaml quotes them, so that old readers see a text. */
const oldBoolean = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/u;
const timestamp = /^\d{4}-\d\d?-\d\d?(?:[Tt ].*)?$/u;

function marshal(value: RegoValue | undefined): string | undefined {
  if (value === undefined) {
    return undefined;
  }
  const text = print(nodeOf(value));
  assertWithin("textLengthMax", text.length);
  // The library leaves a block at the document's own margin; go-yaml indents every block.
  return typeof value === "string" && /^\|[-+]?\n/u.test(text) ? text.replace(/\n(?=.)/gu, "\n  ") : text;
}

function print(node: unknown): string {
  return stringify(node, { lineWidth: 0, indentSeq: true, singleQuote: true, version: "1.2" });
}

function nodeOf(value: RegoValue): unknown {
  if (typeof value === "string") {
    return textNode(value);
  }
  if (value instanceof RegoDecimal) {
    return Number(value.text);
  }
  const pairs = pairsOf(value);
  if (pairs !== undefined) {
    const named = pairs.map(([key, member]) => [typeof key === "string" ? key : printRegoValue(key), member] as const);
    const sorted = named.toSorted(([first], [second]) => Buffer.compare(Buffer.from(first), Buffer.from(second)));
    return new Map(sorted.map(([key, member]) => [textNode(key), nodeOf(member)]));
  }
  return orderedElementsOf(value)?.map(nodeOf) ?? value;
}

function textNode(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = styleOf(text);
  return scalar;
}

function styleOf(text: string): Scalar.Type {
  const isAmbiguous = typeof resolved(text) !== "string" || oldBoolean.test(text) || timestamp.test(text);
  if (isAmbiguous || /[^\P{C}\n]/u.test(text)) {
    return Scalar.QUOTE_DOUBLE;
  }
  if (text.includes("\n")) {
    return Scalar.BLOCK_LITERAL;
  }
  return print(text) === `${text}\n` ? Scalar.PLAIN : Scalar.QUOTE_SINGLE;
}

function resolved(text: string): RegoValue {
  return notFinite.test(text) ? null : plainValue(text);
}

export const yamlBuiltins: BuiltinFamily = {
  "yaml.is_valid": whetherText((text) => unmarshal(text) !== undefined),
  "yaml.marshal": marshal,
  "yaml.unmarshal": ofText(unmarshal),
};
