/** A map's key, told so that two keys are one text when they are one key. */
import { ScalarType } from "@bufbuild/protobuf";
import type { WireReader } from "../grpc/wire-reader.ts";

export function readMapKey(entry: WireReader, type: ScalarType): string {
  switch (type) {
    case ScalarType.STRING:
      return entry.text();
    case ScalarType.BOOL:
      return String(entry.bool());
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return entry.fixed(4).toString("hex");
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return entry.fixed(8).toString("hex");
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
      return String(BigInt.asUintN(32, entry.varint64()));
    default:
      return String(entry.varint64());
  }
}

/** Of an entry that does not say its key. */
export function zeroMapKey(type: ScalarType): string {
  switch (type) {
    case ScalarType.STRING:
      return "";
    case ScalarType.BOOL:
      return "false";
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return "0".repeat(8);
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return "0".repeat(16);
    default:
      return "0";
  }
}
