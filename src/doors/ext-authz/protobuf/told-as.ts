/** As what ProtoJSON could have a member of a message: what conditions and properties of an operation rest on. */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { Told } from "./grpc-messages.ts";

/** Messages whose JSON is no object of their fields. `free`: it may hold anything. */
const shapes: Readonly<Record<string, "free" | "object" | "text" | "other">> = {
  Value: "free",
  Struct: "object",
  Any: "object",
  Timestamp: "text",
  Duration: "text",
  FieldMask: "text",
  StringValue: "text",
  BytesValue: "text",
  Int64Value: "text",
  UInt64Value: "text",
  ListValue: "other",
  BoolValue: "other",
  Int32Value: "other",
  UInt32Value: "other",
  FloatValue: "other",
  DoubleValue: "other",
};

const textual: ReadonlySet<ScalarType> = new Set([
  ScalarType.STRING,
  ScalarType.BYTES,
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);

export function toldAs(message: DescMessage, path: readonly string[]): Told {
  const [, known = ""] = /^google\.protobuf\.(\w+)$/.exec(message.typeName) ?? [];
  const shape = Object.hasOwn(shapes, known) ? shapes[known] : undefined;
  switch (shape) {
    case "free":
      return "text";
    case "object":
      return path.length > 0 ? "text" : "other";
    case "text":
    case "other":
      return path.length > 0 ? "nothing" : shape;
    case undefined:
      return memberToldAs(message, path);
  }
}

function memberToldAs({ fields }: DescMessage, [name, ...inner]: readonly string[]): Told {
  if (name === undefined) return "other";
  const field = fields.find(({ jsonName }) => jsonName === name);
  switch (field?.fieldKind) {
    case undefined:
      return "nothing";
    // Nobody can say which element is meant.
    case "list":
      return inner.length === 0 ? "other" : "nothing";
    case "map":
      return inner.length === 0 ? "other" : valueToldAs(field, inner.slice(1));
    case "scalar":
    case "enum":
    case "message":
      return valueToldAs(field, inner);
  }
}

function valueToldAs(field: Pick<DescField, "scalar" | "enum" | "message">, path: readonly string[]): Told {
  if (field.message !== undefined) return toldAs(field.message, path);
  if (path.length > 0) return "nothing";
  return field.enum !== undefined || (field.scalar !== undefined && textual.has(field.scalar)) ? "text" : "other";
}
