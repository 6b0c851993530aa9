/** The frame around a gRPC message: one byte that says whether it is compressed, four with its length. */
import type { GrpcReading } from "./grpc-messages.ts";

export const frameBytes = 5;

/** The message, when there is one and nothing besides. */
export function readFrame(framed: Uint8Array): Buffer | Exclude<GrpcReading["kind"], "value" | "unnamed"> {
  const bytes = Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength);
  if (bytes.length < frameBytes) return "malformed";
  if (bytes[0] !== 0) return bytes[0] === 1 ? "unseen" : "malformed";
  const length = bytes.readUInt32BE(1);
  const message = bytes.subarray(frameBytes);
  if (length > message.length) return "truncated";
  return length < message.length ? "malformed" : message;
}
