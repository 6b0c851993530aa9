/**
 * Holds a message's bytes to its descriptor before they are decoded: nothing that it does not name, nothing said twice
 * (decoders differ in what then counts), text that is UTF-8, nesting and size within bounds. The decoder that comes after
 * asks little of this: it skips what it does not know, and takes any wire type for the one it expects.
 */
import { type DescEnum, type DescMessage, type Registry, ScalarType } from "@bufbuild/protobuf";
import { bounds } from "../../../domain/bounds.ts";
import { once, Unreadable, type WireReader, wireType } from "../grpc/wire-reader.ts";
import { readMapKey, zeroMapKey } from "./map-key.ts";
import { isImplicit, type ListField, type MapField, planOf, type Valued, wireOf } from "./message-plan.ts";

/** Something stands there that the descriptors do not name. */
export class Unseen extends Error {}

/** Throws Unseen, or Unreadable for what is no message. */
export function checkMessage(message: WireReader, type: DescMessage, registry: Registry): void {
  new MessageCheck(registry).check(message, type);
}

class MessageCheck {
  readonly #registry: Registry;
  /** What the value may still hold. */
  #nodes: number = bounds.jsonNodesMax;
  #depth = 0;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  check(message: WireReader, type: DescMessage): void {
    if (this.#depth > bounds.jsonDepthMax) throw new Unreadable("body_too_deep");
    this.#depth += 1;
    if (type.typeName === "google.protobuf.Any") this.#checkAny(message);
    else this.#checkFields(message, type);
    this.#depth -= 1;
  }

  #checkFields(message: WireReader, type: DescMessage): void {
    const { fields, implicit } = planOf(type);
    this.#spend(implicit);
    const said = new Set<unknown>();
    const keys = new Map<number, Set<string>>();
    for (let tag = message.next(); tag !== undefined; tag = message.next()) {
      const field = fields.get(tag >>> 3);
      if (field === undefined) throw new Unseen();
      if (field.fieldKind === "list") {
        this.#checkElements(message, tag, field);
      } else if (field.fieldKind === "map") {
        checkWire(tag, wireType.delimited);
        const known = keys.get(field.number) ?? new Set();
        keys.set(field.number, known);
        this.#checkEntry(message.message(), field, known);
      } else {
        const one = field.oneof ?? field;
        if (said.has(one)) throw new Unreadable("member_duplicated");
        said.add(one);
        if (!isImplicit(field)) this.#spend(1);
        this.#checkValue(message, tag, field);
      }
    }
  }

  #spend(nodes: number): void {
    this.#nodes -= nodes;
    if (this.#nodes < 0) throw new Unreadable("body_too_deep");
  }

  #checkValue(message: WireReader, tag: number, field: Valued): void {
    if (field.message !== undefined) {
      // A group, in wire types of its own.
      if (field.delimitedEncoding === true) throw new Unseen();
      checkWire(tag, wireType.delimited);
      this.check(message.message(), field.message);
    } else if (field.enum !== undefined) {
      checkWire(tag, wireType.varint);
      checkNumber(message, field.enum);
    } else {
      checkWire(tag, wireOf(field.scalar));
      if (field.scalar === ScalarType.STRING) message.textBytes();
      else if (field.scalar === ScalarType.BOOL) message.bool();
      else message.skip(tag);
    }
  }

  /** One element, or numbers packed as one: readers take either, whatever the descriptor prefers. */
  #checkElements(message: WireReader, tag: number, field: ListField): void {
    const wire = wireOf(field.scalar);
    const isPackable = field.message === undefined && wire !== wireType.delimited;
    if (!isPackable || (tag & 7) !== wireType.delimited) return this.#checkElement(message, tag, field);
    const packed = message.message();
    while (!packed.isAtEnd) this.#checkElement(packed, wire, field);
  }

  #checkElement(message: WireReader, tag: number, field: ListField): void {
    this.#spend(1);
    this.#checkValue(message, tag, field);
  }

  #checkEntry(entry: WireReader, field: MapField, known: Set<string>): void {
    this.#spend(1);
    let key: string | undefined;
    let isValued = false;
    for (let tag = entry.next(); tag !== undefined; tag = entry.next()) {
      switch (tag >>> 3) {
        case 1:
          checkWire(tag, wireOf(field.mapKey));
          key = once(key, readMapKey(entry, field.mapKey));
          break;
        case 2:
          if (isValued) throw new Unreadable("member_duplicated");
          isValued = true;
          this.#checkValue(entry, tag, field);
          break;
        default:
          throw new Unseen();
      }
    }
    key ??= zeroMapKey(field.mapKey);
    if (key === "__proto__") throw new Unreadable("member_forbidden");
    if (known.has(key)) throw new Unreadable("member_duplicated");
    known.add(key);
    if (!isValued && field.message !== undefined) this.#spend(planOf(field.message).implicit);
  }

  /** What is inside is held to its own descriptor; of a type that nobody named, nothing is known. */
  #checkAny(any: WireReader): void {
    let url: string | undefined;
    let inside: WireReader | undefined;
    for (let tag = any.next(); tag !== undefined; tag = any.next()) {
      checkWire(tag, wireType.delimited);
      if (tag >>> 3 === 1) url = once(url, any.text());
      else if (tag >>> 3 === 2) inside = once(inside, any.message());
      else throw new Unseen();
    }
    if (url === undefined && inside === undefined) return;
    const type = this.#registry.getMessage((url ?? "").replace(/^.*\//s, ""));
    if (type === undefined) throw new Unseen();
    this.#spend(2);
    if (inside === undefined) this.#spend(planOf(type).implicit);
    else this.check(inside, type);
  }
}

/** By the rules of protobuf another wire type makes it another field. */
function checkWire(tag: number, expected: number): void {
  if ((tag & 7) !== expected) throw new Unseen();
}

/** A number that a closed enum does not have is an unknown field by the rules of protobuf. */
function checkNumber(message: WireReader, { open, value }: DescEnum): void {
  const number = Number(BigInt.asIntN(32, message.varint64()));
  if (!open && !Object.hasOwn(value, number)) throw new Unseen();
}
