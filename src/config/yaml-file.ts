/**
 * The configuration file: a small subset of YAML 1.2 (no anchors, no tags, one document, no key twice), read so that
 * every setting knows its line. No text of the file is ever quoted.
 */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import { ConfigError } from "./config-error.ts";
import { limits } from "./limits.ts";

export type SettingPath = readonly (string | number)[];

export interface ConfigFile {
  readonly value: unknown;
  /** `file:line:column` of the key or element at this path, or of the nearest mapping that exists. */
  placeOf(path: SettingPath): string;
}

/** What is said where no file is named: nothing. */
export const absentFile: ConfigFile = { value: {}, placeOf: () => "" };

export function parseConfigFile(
  name: string,
  content: string,
  bytesMax: number = limits.fileBytesMax,
): ConfigFile | ConfigError {
  if (Buffer.byteLength(content) > bytesMax) {
    return new ConfigError("file_too_large", `it may have ${bytesMax} bytes`, { place: name });
  }
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const document = parseStrictYaml(content, lines);
  if (document === undefined) return new ConfigError("file_malformed", "nested too deeply", { place: name });
  const trouble = document.errors[0] ?? document.warnings[0];
  if (trouble !== undefined) {
    const code = trouble.code === "DUPLICATE_KEY" ? "key_duplicated" : "file_malformed";
    return new ConfigError(code, trouble.code.toLowerCase().replaceAll("_", " "), { place: at(trouble.pos[0]) });
  }
  const refused = findRefused(document);
  if (refused !== undefined) return new ConfigError("file_malformed", refused.why, { place: at(refused.offset) });
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    // A write that failed leaves an empty file, and with it would go `defaults: forbidden`.
    return new ConfigError("file_malformed", "it says nothing; write {} where that is meant", { place: name });
  }
  if (!isMap(document.contents))
    return new ConfigError("file_malformed", "it must be a mapping of settings", { place: at(0) });
  return { value: document.toJS({ maxAliasCount: 0 }), placeOf: (path) => at(offsetOf(document, path)) };
}

/** The parser recurses; a file that exhausts the stack is refused like any other that is not understood. */
export function parseStrictYaml(content: string, lineCounter = new LineCounter()): Document.Parsed | undefined {
  try {
    return parseDocument(content, {
      version: "1.2",
      schema: "core",
      uniqueKeys: true,
      stringKeys: true,
      strict: true,
      prettyErrors: false,
      // Not "silent": that would also silence the error about a second document.
      logLevel: "error",
      lineCounter,
    });
  } catch {
    return undefined;
  }
}

function findRefused(document: Document.Parsed): { why: string; offset: number } | undefined {
  let refused: { why: string; offset: number } | undefined;
  visit(document, {
    Node(_key, node, ancestors) {
      const why = refusalOf(node, ancestors.length);
      if (why === undefined) return undefined;
      refused = { why, offset: node.range?.[0] ?? 0 };
      return visit.BREAK;
    },
  });
  return refused;
}

function refusalOf(node: unknown, depth: number): string | undefined {
  // Ancestors count the document and, for each mapping, its pair.
  if (depth > limits.depthMax * 2) return "nested too deeply";
  if (isAlias(node)) return "an alias: a setting says what it says where it stands";
  if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined)
    return "an anchor: it is for aliases";
  if (isNode(node) && node.tag !== undefined) return "a tag: settings have no types of their own";
  return undefined;
}

function offsetOf(document: Document.Parsed, path: SettingPath): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === "number") {
      node = node.items[step];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
