/** What a descriptor says of a message's bytes, looked up by field number. */
import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { wireType } from "../grpc/wire-reader.ts";

export type ListField = DescField & { fieldKind: "list" };
export type MapField = DescField & { fieldKind: "map" };

/** A field, an element of a list, or the value of a map's entry. */
export interface Valued {
  readonly scalar: ScalarType | undefined;
  readonly enum: DescEnum | undefined;
  readonly message: DescMessage | undefined;
  readonly delimitedEncoding?: boolean | undefined;
}

export interface MessagePlan {
  readonly fields: ReadonlyMap<number, DescField>;
  /** How many members its JSON has in any case, where unset ones are told. */
  readonly implicit: number;
}

const plans = new WeakMap<DescMessage, MessagePlan>();

export function planOf(message: DescMessage): MessagePlan {
  let plan = plans.get(message);
  if (plan === undefined) {
    plan = {
      fields: new Map(message.fields.map((field) => [field.number, field])),
      implicit: message.fields.filter(isImplicit).length,
    };
    plans.set(message, plan);
  }
  return plan;
}

/** It cannot be left unset: a number that is not there is 0. */
export const isImplicit = ({ presence }: DescField): boolean => presence === FeatureSet_FieldPresence.IMPLICIT;

export function wireOf(scalar: ScalarType | undefined): number {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return wireType.delimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return wireType.fixed64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return wireType.fixed32;
    default:
      return wireType.varint;
  }
}
