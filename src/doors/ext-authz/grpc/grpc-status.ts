/** The status codes of gRPC that we answer with; the numbers are the protocol's. */
export const grpcStatus = {
  ok: 0,
  unknown: 2,
  invalid_argument: 3,
  deadline_exceeded: 4,
  not_found: 5,
  permission_denied: 7,
  resource_exhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;
/** What is not `ok`: an `ok` without a message does not exist here. */
export type GrpcFailure = Exclude<keyof typeof grpcStatus, "ok">;
