/**
 * Reads a protobuf message as JSON, by a table of its fields: their JSON names, only what is set, as opa-envoy-plugin
 * shows a message to policies. Unknown fields are skipped, and a field or map key that stands twice is refused.
 */
import type { Json, JsonObject } from "../../../domain/json.ts";
import { type NodeBudget, readStruct } from "../grpc/read-struct.ts";
import { once, tagOf, Unreadable, type WireReader, type WireType } from "../grpc/wire-reader.ts";

/** One field's value. Undefined: it says what an absent field says. */
type Read = (message: WireReader, budget: NodeBudget) => Json | undefined;

/** A field that may stand often, and becomes one value. */
interface Growing {
  readonly value: Json;
  add(message: WireReader, budget: NodeBudget): void;
}

type Kind = { readonly wire: WireType } & ({ readonly read: Read } | { readonly grow: () => Growing });

export type MessageTable = ReadonlyMap<number, { readonly name: string; readonly kind: Kind }>;

/** `[number, JSON name, kind]` for each field. */
export function messageOf(...fields: readonly (readonly [number, string, Kind])[]): MessageTable {
  return new Map(fields.map(([number, name, kind]) => [tagOf(number, kind.wire), { name, kind }]));
}

export function readMessage(message: WireReader, table: MessageTable, budget: NodeBudget): JsonObject {
  const object: Record<string, Json> = {};
  const singles = new Set<number>();
  const growing = new Map<number, Growing>();
  for (let tag = message.next(); tag !== undefined; tag = message.next()) {
    const field = table.get(tag);
    if (field === undefined) {
      message.skip(tag);
      continue;
    }
    spend(budget);
    const { name, kind } = field;
    if ("read" in kind) {
      if (singles.has(tag)) throw new Unreadable("member_duplicated");
      singles.add(tag);
      const value = kind.read(message, budget);
      if (value !== undefined) object[name] = value;
    } else {
      const found = growing.get(tag) ?? kind.grow();
      growing.set(tag, found);
      found.add(message, budget);
      object[name] = found.value;
    }
  }
  return object;
}

function spend(budget: NodeBudget): void {
  budget.nodes -= 1;
  if (budget.nodes < 0) throw new Unreadable("body_too_deep");
}

export const text: Kind = { wire: "delimited", read: (message) => message.text() || undefined };
export const bytes: Kind = { wire: "delimited", read: (message) => message.bytes().toString("base64") || undefined };
/** Enums too. */
export const whole: Kind = { wire: "varint", read: (message) => message.varint() || undefined };
export const flag: Kind = { wire: "varint", read: (message) => message.varint() !== 0 || undefined };
/** Of a `oneof`, which is set also when it is 0 or empty. */
export const chosenWhole: Kind = { wire: "varint", read: (message) => message.varint() };
export const chosenText: Kind = { wire: "delimited", read: (message) => message.text() };

export const inner = (table: MessageTable): Kind => ({
  wire: "delimited",
  read: (message, budget) => readMessage(message.message(), table, budget),
});

export const listOf = (table: MessageTable): Kind => ({
  wire: "delimited",
  grow: () => {
    const value: Json[] = [];
    return { value, add: (message, budget) => void value.push(readMessage(message.message(), table, budget)) };
  },
});

const entry = { key: tagOf(1, "delimited"), value: tagOf(2, "delimited") } as const;

/** A map of texts to what `read` makes of an entry's value; an entry without one has `empty`. */
function mapOf(read: (message: WireReader, budget: NodeBudget) => Json, empty: Json): Kind {
  const grow = (): Growing => {
    const value: Record<string, Json> = {};
    const add = (message: WireReader, budget: NodeBudget): void => {
      const { name, found } = readEntry(message.message(), (member) => read(member, budget));
      if (name === "__proto__") throw new Unreadable("member_forbidden");
      if (Object.hasOwn(value, name)) throw new Unreadable("member_duplicated");
      value[name] = found ?? empty;
    };
    return { value, add };
  };
  return { wire: "delimited", grow };
}

function readEntry(
  message: WireReader,
  read: (message: WireReader) => Json,
): { readonly name: string; readonly found: Json | undefined } {
  let name: string | undefined;
  let found: Json | undefined;
  for (let tag = message.next(); tag !== undefined; tag = message.next()) {
    if (tag === entry.key) name = once(name, message.text());
    else if (tag === entry.value) found = once(found, read(message));
    else message.skip(tag);
  }
  return { name: name ?? "", found };
}

export const textMap = mapOf((message) => message.text(), "");
export const mapOfMessages = (table: MessageTable): Kind =>
  mapOf((message, budget) => readMessage(message.message(), table, budget), {});
export const mapOfStructs = mapOf((message, budget) => readStruct(message.message(), budget, 0), {});
