/**
 * Whether a condition can tell by a text: not when no message is ever told with it (another name of an enum's number, a
 * number with a zero before it), and not when one means it by leaving the member out. Its calls would fall to a weaker line.
 */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { isImplicit } from "./message-plan.ts";

/** `path` leads to a text (`toldAs`). */
export function isSurelyTold(message: DescMessage, path: readonly string[], wanted: string): boolean {
  return isTold(message, path, wanted, true);
}

/** `isThere`: no message leaves this one out. */
function isTold(message: DescMessage, path: readonly string[], wanted: string, isThere: boolean): boolean {
  if (/^google\.protobuf\.\w+Value$/.test(message.typeName)) {
    const [wrapped] = message.fields;
    return wrapped === undefined || isLeafTold(wrapped, wanted, false);
  }
  const [name, ...inner] = path;
  const field = message.fields.find(({ jsonName }) => jsonName === name);
  // Of the other messages whose JSON is no object of their fields, any text may come.
  if (field === undefined) return true;
  if (field.fieldKind === "map") {
    return field.message === undefined
      ? isLeafTold(field, wanted, false)
      : isTold(field.message, inner.slice(1), wanted, false);
  }
  return field.message === undefined
    ? isLeafTold(field, wanted, isThere && isImplicit(field))
    : isTold(field.message, inner, wanted, false);
}

function isLeafTold(field: DescField, wanted: string, isThere: boolean): boolean {
  return (isThere || wanted !== unsaid(field)) && isSayable(field, wanted);
}

/** What a server reads where nothing was said. */
function unsaid(field: DescField): string {
  if (field.enum !== undefined) {
    const number = (field.fieldKind === "enum" ? field.getDefaultValue() : undefined) ?? field.enum.values[0]?.number;
    return (number === undefined ? undefined : field.enum.value[number]?.jsonName) ?? "";
  }
  const value = field.fieldKind === "scalar" ? field.getDefaultValue() : undefined;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return String(value ?? (isWritten(field) ? "" : 0));
}

const isWritten = ({ scalar }: DescField): boolean => scalar === ScalarType.STRING || scalar === ScalarType.BYTES;

function isSayable({ enum: names, scalar }: DescField, wanted: string): boolean {
  // Of two names of one number JSON has the first, and of this enum none.
  if (names !== undefined) {
    const told = Object.values(names.value).some(({ jsonName }) => jsonName === wanted);
    return told && names.typeName !== "google.protobuf.NullValue";
  }
  if (scalar === ScalarType.STRING) return true;
  if (scalar === ScalarType.BYTES) return Buffer.from(wanted, "base64").toString("base64") === wanted;
  return /^(?:0|-?[1-9]\d{0,19})$/.test(wanted);
}
