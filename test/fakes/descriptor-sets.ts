/** Descriptor sets as operators make them, by protoc itself, and messages as another library encodes them. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import protobuf from "protobufjs";
import { runOrThrow } from "../../scripts/fetch-tool.ts";
import { fetchWheel } from "../../scripts/fetch-wheel.ts";
import { versions } from "../../src/toolchain/versions.ts";
import { root } from "../house/source-tree.ts";

const folder = join(root, "test", "fixtures", "proto");

/** Of files in `test/fixtures/proto`. The first time on a machine this takes as long as a download does. */
export async function compileDescriptors(
  files: readonly string[] = ["bank.proto"],
  flags: readonly string[] = ["--include_imports"],
): Promise<Buffer> {
  const modules = await fetchWheel("grpcio-tools", versions.grpcioTools);
  const out = mkdtempSync(join(tmpdir(), "descriptors-"));
  try {
    const path = join(out, "set.pb");
    const wellKnown = join(modules, "grpc_tools", "_proto");
    const places = [`--proto_path=${folder}`, `--proto_path=${wellKnown}`];
    const command = ["-m", "grpc_tools.protoc", ...places, ...flags, `--descriptor_set_out=${path}`, ...files];
    await runOrThrow("python3", command, { environment: { PYTHONPATH: modules } });
    return readFileSync(path);
  } finally {
    rmSync(out, { recursive: true });
  }
}

const bank = protobuf.loadSync(join(folder, "bank.proto"));
const legacy = protobuf.loadSync(join(folder, "legacy.proto"));

/** Members by the names of the .proto in lowerCamelCase, as protobufjs has them. */
export const encodeTransfer = (members: object = {}): Buffer => encode(bank, "bank.Transfer", members);
export const encodeAccount = (members: object = {}): Buffer => encode(bank, "bank.Account", members);
export const encodeOrder = (members: object = {}): Buffer => encode(legacy, "legacy.Order", members);

export const encodeReceipt = (members: object = {}): Buffer => encode(bank, "bank.Receipt", members);

/** As a service of protobufjs understands it, in JSON. */
export function decodeTransfer(message: Uint8Array): object {
  const type = bank.lookupType("bank.Transfer");
  return type.toObject(type.decode(message), { longs: String, enums: String, bytes: String, json: true });
}

function encode(from: protobuf.Root, name: string, members: object): Buffer {
  const type = from.lookupType(name);
  return Buffer.from(type.encode(type.fromObject(members)).finish());
}

/** As gRPC sends a message. */
export function frame(message: Uint8Array, { flag = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}
