/**
 * Envoy's own messages, from the Go module in which Envoy publishes them at every version: what our numbers are held to,
 * and a second hand that encodes and decodes.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";
import { versions } from "../../src/toolchain/versions.ts";

const envoyModule = "github.com/envoyproxy/go-control-plane/envoy";

/** By module: files with the messages of one .proto each. The other modules' versions are those that Envoy's requires. */
const files: Readonly<Record<string, readonly string[]>> = {
  [envoyModule]: [
    "service/auth/v3/external_auth",
    "service/auth/v3/attribute_context",
    "config/core/v3/address",
    "config/core/v3/backoff",
    "config/core/v3/base",
    "config/core/v3/extension",
    "config/core/v3/http_uri",
    "config/core/v3/socket_option",
    "type/v3/http_status",
    "type/v3/percent",
    "type/v3/semantic_version",
  ],
  "github.com/cncf/xds/go": ["xds/core/v3/context_params"],
  "google.golang.org/genproto/googleapis/rpc": ["status/status"],
  "google.golang.org/protobuf": [
    "types/known/anypb/any",
    "types/known/durationpb/duration",
    "types/known/structpb/struct",
    "types/known/timestamppb/timestamp",
    "types/known/wrapperspb/wrappers",
  ],
};

export function loadEnvoyProtos(): protobuf.Root {
  const envoy = fetchModule(`${envoyModule}@v${versions.envoy}`);
  const required = readFileSync(join(envoy, "go.mod"), "utf8").split("\n");
  const file = Object.entries(files).flatMap(([module, names]) => {
    const line = required.map((text) => text.trim().split(" ")).find(([name]) => name === module);
    const folder = module === envoyModule ? envoy : fetchModule(`${module}@${line?.[1] ?? ""}`);
    return names.map((name) => descriptor.FileDescriptorProto.decode(readDescriptor(join(folder, `${name}.pb.go`))));
  });
  const all = descriptor.FileDescriptorSet.encode(descriptor.FileDescriptorSet.fromObject({ file })).finish();
  return protobuf.Root.fromDescriptor(all);
}

function fetchModule(name: string): string {
  const folder = join(go(["env", "GOMODCACHE"]).trim(), name);
  if (!existsSync(folder)) go(["mod", "download", name]);
  if (!existsSync(folder)) throw new Error(`${name} is not at ${folder}, although Go says that it fetched it`);
  return folder;
}

function go(command: readonly string[]): string {
  try {
    return execFileSync("go", command, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], cwd: "/" });
  } catch (cause) {
    throw new Error(`Envoy's messages come from a Go module: install Go and run it again (go ${command.join(" ")})`, {
      cause,
    });
  }
}

/** The serialized FileDescriptorProto, which generated code keeps as quoted lines or, of older making, as bytes. */
function readDescriptor(path: string): Uint8Array {
  const text = readFileSync(path, "utf8");
  const bytes = /_rawDesc = \[\]byte\{([^}]*)\}/.exec(text)?.[1]?.match(/0x[0-9a-f]{2}/g);
  if (bytes) return Buffer.from(bytes.map(Number));
  const quoted = /_rawDesc = "" \+\n((?:\t".*" \+\n)*\t".*"\n)/.exec(text)?.[1];
  if (quoted === undefined) throw new Error(`no descriptor in ${path}`);
  return Buffer.concat([...quoted.matchAll(/^\t"(.*)"(?: \+)?$/gm)].map(([, literal]) => unquote(literal ?? "")));
}

const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, "\\": 92 };

/** What a Go string literal holds. */
function unquote(literal: string): Buffer {
  const parts: Buffer[] = [];
  for (const [whole, hex, unicode, simple] of literal.matchAll(
    /\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\([abtnvfr"\\])|[^\\]/gsu,
  )) {
    if (hex !== undefined) parts.push(Buffer.from(hex, "hex"));
    else if (unicode !== undefined) parts.push(Buffer.from(String.fromCharCode(Number.parseInt(unicode, 16))));
    else if (simple !== undefined) parts.push(Buffer.of(escapes[simple] ?? 0));
    else parts.push(Buffer.from(whole));
  }
  return Buffer.concat(parts);
}
