/** Another's Envoy authorization policy: what decides at the door `ext_authz_opa`, in the place of opa-envoy-plugin. */
import { z } from "zod";
import type { OpaOptions } from "../doors/index.ts";
import type { CallPolicyOptions, PolicyOptions } from "../policy/index.ts";
import { path, text } from "./field.ts";
import { limits } from "./limits.ts";
import type { ListenerSettings } from "./listener-schema.ts";

export const extAuthzOpaSchema = z
  .strictObject({
    bundle: path().describe("The bundle (tar.gz or folder) that `opa build -t wasm -e envoy/authz/allow` made."),
    id: text(64).default("envoy-authz").describe("The policy's name in records."),
    entrypoint: text(limits.nameLengthMax)
      .regex(/^[A-Za-z_]\w*(?:\/[A-Za-z_]\w*)*$/, "must be a rule's path, like envoy/authz/allow")
      .default("envoy/authz/allow")
      .describe("The rule that is asked. Its result is a boolean, or an object with `allowed`."),
    errors: z
      .enum(["deny", "grpc_error"])
      .default("deny")
      .describe(
        "What the gateway gets when the policy is undefined, late or says neither yes nor no: a denial, or as from the plugin a gRPC error, which the gateway's failure mode may let through.",
      ),
    request_time: z
      .enum(["object", "rfc3339"])
      .default("object")
      .describe("`input.attributes.request.time`: `{seconds, nanos}`, or the text that older plugins gave."),
    parse_body: z
      .boolean()
      .default(true)
      .describe("Whether the input has `parsed_body` and `truncated_body`. A body that cannot be parsed is a 400."),
    protobuf_descriptors: path()
      .optional()
      .describe(
        "Serialized `FileDescriptorSet` (`protoc --include_imports --descriptor_set_out`), up to 4 MiB: the plugin's `proto-descriptor`. Without it a gRPC call's `parsed_body` is null. Read at the start.",
      ),
  })
  .optional()
  .describe(
    "Another's Envoy authorization policy, for the door `ext_authz_opa`. It decides, and nothing is minted. `policy` says how its bundle is signed, followed and bounded in time as well.",
  );

export type ExtAuthzOpaSettings = NonNullable<z.output<typeof extAuthzOpaSchema>>;

export function checkOpaDoor({ doors }: ListenerSettings, hasPolicy: boolean): string[] {
  return doors.includes("ext_authz_opa") && !hasPolicy ? ["doors: ext_authz_opa needs ext_authz_opa.bundle"] : [];
}

export function renderOpa(settings: ExtAuthzOpaSettings): OpaOptions {
  const { errors, request_time: requestTime, parse_body: parsesBody } = settings;
  const { protobuf_descriptors: descriptors } = settings;
  return {
    errors,
    requestTime,
    parsesBody,
    ...(descriptors === undefined ? {} : { protobufDescriptors: descriptors }),
  };
}

/** Everything but the bundle, its name and its rule is as for `policy`. */
export function renderCallPolicy(
  { bundle, id, entrypoint }: ExtAuthzOpaSettings,
  policy: PolicyOptions,
): CallPolicyOptions {
  return { ...policy, path: bundle, id, entrypoint };
}
