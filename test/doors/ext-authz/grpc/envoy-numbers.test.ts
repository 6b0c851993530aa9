/** Our .proto and our code hold to Envoy's own messages: a number that slips turns a denial into an allow. */
import { join } from "node:path";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { loadEnvoyProtos } from "../../../fakes/envoy-protos.ts";

const folder = join(import.meta.dirname, "../../../../src/doors/ext-authz/grpc");
const ours = new protobuf.Root().loadSync(join(folder, "envoy-auth-v3.proto"), { keepCase: true }).resolveAll();
const envoys = loadEnvoyProtos();

/** Ours is one package; Envoy's are several. */
const origins = [
  "envoy.service.auth.v3",
  "envoy.config.core.v3",
  "envoy.type.v3",
  "google.rpc",
  "google.protobuf",
] as const;

function findEnvoys(path: string): protobuf.Type | protobuf.Enum {
  const local = path.replace(/^\.(?:envoy\.service\.auth\.v3|google\.protobuf)\./, "");
  for (const origin of origins) {
    const found = envoys.lookup(`.${origin}.${local}`, [protobuf.Type, protobuf.Enum]);
    if (found instanceof protobuf.Type || found instanceof protobuf.Enum) return found;
  }
  throw new Error(`Envoy has no ${path}`);
}

function typesIn(namespace: protobuf.NamespaceBase): (protobuf.Type | protobuf.Enum)[] {
  return namespace.nestedArray.flatMap((one) => {
    if (one instanceof protobuf.Enum) return [one];
    if (one instanceof protobuf.Type) return [one, ...typesIn(one)];
    return one instanceof protobuf.Namespace ? typesIn(one) : [];
  });
}

const types = typesIn(ours);

/** What decides how a field stands on the wire. */
const wireOf = (field: protobuf.Field) => ({
  number: field.id,
  isRepeated: field.repeated,
  isMap: field.map,
  type: field.resolvedType?.name ?? field.type,
});

describe.each(types.map((type) => [type.fullName, type] as const))("%s", (path, type) => {
  test("has Envoy's names, numbers and types", () => {
    const envoys = findEnvoys(path);
    if (type instanceof protobuf.Enum) return expect(envoys).toMatchObject({ values: type.values });
    expect(type.fieldsArray.length).toBeGreaterThan(0);
    for (const field of type.fieldsArray) {
      const found =
        envoys instanceof protobuf.Type
          ? envoys.fieldsArray.find((one) => one.protoName === field.name || one.name === field.name)
          : undefined;
      expect(found === undefined ? field.name : wireOf(found)).toEqual(wireOf(field));
    }
  });
});

test("the messages are seen", () => {
  expect(types.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["CheckRequest", "HttpRequest", "CheckResponse", "HeaderValueOption", "Status", "Struct"]),
  );
});
