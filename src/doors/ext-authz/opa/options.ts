/** What configuration says of how opa-envoy-plugin's place is taken. */
export interface OpaOptions {
  /** What a gateway gets when the policy gives no usable verdict: `grpc_error` leaves it to the gateway's failure mode. */
  readonly errors: "deny" | "grpc_error";
  /** How `attributes.request.time` looks: `{seconds, nanos}`, or the text that the plugin gave before. */
  readonly requestTime: "object" | "rfc3339";
  /** Whether `parsed_body` and `truncated_body` are given. */
  readonly parsesBody: boolean;
  /** File with a `google.protobuf.FileDescriptorSet`. Absent: a gRPC call's body is null. */
  readonly protobufDescriptors?: string;
}
