/**
 * gRPC messages by an operator's descriptors, as ProtoJSON. Loaded only where a listener names a file of them: the
 * library behind it takes memory and time to load.
 */
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { bounds } from "../../../domain/bounds.ts";
import { Unreadable, WireReader } from "../grpc/wire-reader.ts";
import { checkMessage, Unseen } from "./check-message.ts";
import type { Emits, GrpcMessages, GrpcReading } from "./grpc-messages.ts";
import { frameBytes, readFrame } from "./read-frame.ts";
import { isSurelyTold } from "./surely-told.ts";
import { toldAs } from "./told-as.ts";

/** Throws an Error for what is no usable `google.protobuf.FileDescriptorSet`. */
export function createGrpcMessages(descriptors: Uint8Array): GrpcMessages {
  const registry = readDescriptors(descriptors);
  const inputs = inputsOf(registry);
  if (inputs.size === 0) throw new Error("it names no method that takes one message");
  return {
    read: (path, framed, emits) => {
      const type = inputs.get(path);
      return type === undefined ? { kind: "unnamed" } : read(type, framed, registry, emits);
    },
    toldAs: (path, member) => {
      const type = inputs.get(path);
      return type && toldAs(type, member);
    },
    isSurelyTold: (path, member, text) => {
      const type = inputs.get(path);
      return type === undefined || isSurelyTold(type, member, text);
    },
  };
}

function readDescriptors(bytes: Uint8Array): FileRegistry {
  const set = fromBinary(FileDescriptorSetSchema, bytes);
  if (new Set(set.file.map(({ name }) => name)).size < set.file.length) {
    throw new Error("two of its files have one name");
  }
  const registry = createFileRegistry(set);
  for (const type of registry) if (type.kind === "message") checkNames(type);
  return registry;
}

/** A member that another one hides, or that no object can have, would pass unseen. */
function checkNames({ typeName, fields }: DescMessage): void {
  const names = new Set(fields.map(({ jsonName }) => jsonName));
  if (names.has("")) throw new Error(`fields of ${typeName} have no JSON names, which protoc writes`);
  if (names.size < fields.length) throw new Error(`two fields of ${typeName} have one JSON name`);
  if (names.has("__proto__") || names.has("@type"))
    throw new Error(`a field of ${typeName} has a JSON name of its own`);
  if (new Set(fields.map(({ number }) => number)).size < fields.length) {
    throw new Error(`two fields of ${typeName} have one number`);
  }
}

/** By path. What a client streams is more than one message, and is asked about when the stream opens. */
function inputsOf(registry: Registry): ReadonlyMap<string, DescMessage> {
  const services = [...registry].filter((type) => type.kind === "service");
  return new Map(
    services.flatMap(({ typeName, methods }) =>
      methods
        .filter(({ methodKind }) => methodKind === "unary" || methodKind === "server_streaming")
        .map(({ name, input }) => [`/${typeName}/${name}`, input] as const),
    ),
  );
}

function read(type: DescMessage, framed: Uint8Array, registry: Registry, emits: Emits): GrpcReading {
  if (framed.byteLength > bounds.bodyBytesMax + frameBytes) return { kind: "malformed" };
  const message = readFrame(framed);
  if (typeof message === "string") return { kind: message };
  try {
    checkMessage(new WireReader(message), type, registry);
  } catch (cause) {
    if (cause instanceof Unseen) return { kind: "unseen" };
    if (cause instanceof Unreadable) return { kind: "malformed" };
    throw cause;
  }
  return decode(type, message, registry, emits);
}

/** What well-formed bytes can still say and JSON cannot: a time out of range, a required field that is not there. */
function decode(type: DescMessage, message: Uint8Array, registry: Registry, emits: Emits): GrpcReading {
  try {
    const alwaysEmitImplicit = emits === "implicit";
    return { kind: "value", value: toJson(type, fromBinary(type, message), { alwaysEmitImplicit, registry }) };
  } catch {
    return { kind: "malformed" };
  }
}
