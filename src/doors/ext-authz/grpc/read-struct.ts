/** Reads google.protobuf.Struct as JSON, bounded and strict like JSON from outside (`domain/strict-json.ts`). */
import { bounds } from "../../../domain/bounds.ts";
import type { Json, JsonObject } from "../../../domain/json.ts";
import { isReadAlike } from "../../../domain/strict-json.ts";
import { once, tagOf, Unreadable, WireReader } from "./wire-reader.ts";

/** How much one message may still hold, over all of its structs. */
export interface NodeBudget {
  nodes: number;
}

export const createNodeBudget = (): NodeBudget => ({ nodes: bounds.jsonNodesMax });

const entry = { key: tagOf(1, "delimited"), value: tagOf(2, "delimited") } as const;
const only = tagOf(1, "delimited");
const kind = {
  null: tagOf(1, "varint"),
  number: tagOf(2, "fixed64"),
  string: tagOf(3, "delimited"),
  bool: tagOf(4, "varint"),
  struct: tagOf(5, "delimited"),
  list: tagOf(6, "delimited"),
} as const;

/** What a map's entry without a value has, as in all of protobuf. */
const emptyMessage = new WireReader(Buffer.alloc(0));

/** `Struct`, and every other message that is one map of names to messages. Objects have no prototype. */
export function readNamed(
  message: WireReader,
  budget: NodeBudget,
  depth: number,
  readMember: (member: WireReader, budget: NodeBudget, depth: number) => Json,
): JsonObject {
  checkDepth(depth);
  const object: Record<string, Json> = { __proto__: null };
  for (let tag = message.next(); tag !== undefined; tag = message.next()) {
    if (tag !== only) {
      message.skip(tag);
      continue;
    }
    const { name, value } = readEntry(message.message());
    spend(budget);
    if (name === "__proto__") throw new Unreadable("member_forbidden");
    if (name in object) throw new Unreadable("member_duplicated");
    object[name] = readMember(value ?? emptyMessage, budget, depth + 1);
  }
  return object;
}

export const readStruct = (message: WireReader, budget: NodeBudget, depth: number): JsonObject =>
  readNamed(message, budget, depth, readValue);

/** A map's entry; a name that is not there is the empty one, as in every protobuf map. */
function readEntry(message: WireReader): { readonly name: string; readonly value: WireReader | undefined } {
  let name: string | undefined;
  let value: WireReader | undefined;
  for (let tag = message.next(); tag !== undefined; tag = message.next()) {
    if (tag === entry.key) name = once(name, message.text());
    else if (tag === entry.value) value = once(value, message.message());
    else message.skip(tag);
  }
  return { name: name ?? "", value };
}

/** One with no kind at all reads as null. */
function readValue(message: WireReader, budget: NodeBudget, depth: number): Json {
  let value: Json | undefined;
  for (let tag = message.next(); tag !== undefined; tag = message.next()) {
    const found = readKind(message, tag, budget, depth);
    if (found !== undefined) value = once(value, found);
  }
  return value ?? null;
}

function readKind(message: WireReader, tag: number, budget: NodeBudget, depth: number): Json | undefined {
  switch (tag) {
    case kind.null:
      message.varint();
      return null;
    case kind.number:
      return readNumber(message);
    case kind.string:
      return message.text();
    case kind.bool:
      return message.varint() !== 0;
    case kind.struct:
      return readStruct(message.message(), budget, depth);
    case kind.list:
      return readList(message.message(), budget, depth);
    default:
      message.skip(tag);
      return undefined;
  }
}

/** JSON has no infinity and no NaN, and which of two accounts a rounded number names is not known. */
function readNumber(message: WireReader): number {
  const value = message.double();
  if (!isReadAlike(value)) throw new Unreadable();
  return value;
}

function readList(message: WireReader, budget: NodeBudget, depth: number): readonly Json[] {
  checkDepth(depth);
  const list: Json[] = [];
  for (let tag = message.next(); tag !== undefined; tag = message.next()) {
    if (tag !== only) {
      message.skip(tag);
      continue;
    }
    spend(budget);
    list.push(readValue(message.message(), budget, depth + 1));
  }
  return list;
}

function spend(budget: NodeBudget): void {
  budget.nodes -= 1;
  if (budget.nodes < 0) throw new Unreadable("body_too_deep");
}

function checkDepth(depth: number): void {
  if (depth > bounds.jsonDepthMax) throw new Unreadable("body_too_deep");
}
