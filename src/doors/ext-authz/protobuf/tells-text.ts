/** Whether ProtoJSON could have a text at a member of a message: what a condition on it needs. */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

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

export function tellsText(message: DescMessage, path: readonly string[]): boolean {
  const [, known = ""] = /^google\.protobuf\.(\w+)$/.exec(message.typeName) ?? [];
  const shape = Object.hasOwn(shapes, known) ? shapes[known] : undefined;
  if (shape === "free") return true;
  if (shape === "object") return path.length > 0;
  if (shape !== undefined) return shape === "text" && path.length === 0;
  const [name, ...inner] = path;
  const field = message.fields.find(({ jsonName }) => jsonName === name);
  if (field === undefined || field.fieldKind === "list") return false;
  if (field.fieldKind !== "map") return tellsTextIn(field, inner);
  return inner.length > 0 && tellsTextIn(field, inner.slice(1));
}

function tellsTextIn(field: Pick<DescField, "scalar" | "enum" | "message">, path: readonly string[]): boolean {
  if (field.message !== undefined) return tellsText(field.message, path);
  return path.length === 0 && (field.enum !== undefined || (field.scalar !== undefined && textual.has(field.scalar)));
}
