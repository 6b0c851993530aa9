/** The descriptors that a listener names, read once at its opening: without them it does not open. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { ListenerError } from "../../listener-error.ts";
import { extAuthzLimits } from "../limits.ts";
import type { GrpcMessages } from "./grpc-messages.ts";

/** Throws a ListenerError `listener_descriptors_unusable`. */
export async function loadGrpcMessages(path: string, listener: string): Promise<GrpcMessages> {
  const refuse = (advice: string, cause?: unknown): ListenerError =>
    new ListenerError("listener_descriptors_unusable", listener, `${path}: ${advice}`, { cause });
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readBounded(path);
  } catch (cause) {
    throw refuse("cannot be read", cause);
  }
  if (bytes === undefined) throw refuse("is larger than the limit");
  const { createGrpcMessages } = await import("./decode-messages.ts");
  try {
    return createGrpcMessages(bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "unknown";
    const way = "it must be what protoc --include_imports --descriptor_set_out writes";
    throw refuse(`is no usable FileDescriptorSet (${why}); ${way}`, cause);
  }
}

/** Undefined: there is more than may be. Never waits on a pipe. */
async function readBounded(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error("not a regular file");
    return stats.size > extAuthzLimits.descriptorsBytesMax ? undefined : await file.readFile();
  } finally {
    await file.close();
  }
}
