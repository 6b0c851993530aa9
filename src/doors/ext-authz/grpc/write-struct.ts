/** Writes JSON as google.protobuf.Struct. */
import { bounds } from "../../../domain/bounds.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../../domain/json.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Throws beyond the depth that JSON of ours never has. */
export function writeStruct(writer: WireWriter, object: JsonObject, depth = 0): void {
  if (depth > bounds.jsonDepthMax) throw new Error("metadata nests deeper than it may");
  for (const [name, value] of Object.entries(object).toReversed()) {
    writer.message(1, () => {
      writer.message(2, () => writeValue(writer, value, depth));
      writer.text(1, name);
    });
  }
}

function writeValue(writer: WireWriter, value: Json, depth: number): void {
  if (value === null) writer.varint(1, 0);
  else if (typeof value === "number") writer.double(2, value);
  else if (typeof value === "string") writer.text(3, value);
  else if (typeof value === "boolean") writer.varint(4, value ? 1 : 0);
  else if (isJsonObject(value)) writer.message(5, () => writeStruct(writer, value, depth + 1));
  else if (isJsonArray(value)) writer.message(6, () => writeList(writer, value, depth + 1));
}

function writeList(writer: WireWriter, list: readonly Json[], depth: number): void {
  if (depth > bounds.jsonDepthMax) throw new Error("metadata nests deeper than it may");
  for (const value of list.toReversed()) writer.message(1, () => writeValue(writer, value, depth));
}
