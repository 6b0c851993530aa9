/** Calls unary methods as a gateway does, with a gRPC library: the other side of the wire. */
import { ChannelCredentials, type ChannelOptions, Client, Metadata, type ServiceError } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";

export const checkPath = "/envoy.service.auth.v3.Authorization/Check";
export const healthPath = "/grpc.health.v1.Health/Check";

export interface Answered {
  /** gRPC's own; undefined when there is a message. */
  readonly error: ServiceError | undefined;
  readonly bytes: Buffer;
}

export interface CallParts {
  readonly path?: string;
  readonly metadata?: Record<string, string>;
  readonly deadlineMilliseconds?: number;
}

export interface GrpcClient {
  call(message: Buffer, parts?: CallParts): Promise<Answered>;
}

const asIs = (bytes: Buffer): Buffer => bytes;

/** To an address as a listener tells it; closed when the test ends. */
export function connectGrpc(
  address: string,
  credentials = ChannelCredentials.createInsecure(),
  authority = "localhost",
  options: ChannelOptions = {},
): GrpcClient {
  const client = new Client(address.replace(/^https?:\/\//, ""), credentials, {
    "grpc.ssl_target_name_override": "localhost",
    "grpc.default_authority": authority,
    ...options,
  });
  onTestFinished(() => client.close());
  return {
    call: (message, { path = checkPath, metadata = {}, deadlineMilliseconds = 10_000 } = {}) => {
      const sent = new Metadata();
      for (const [name, value] of Object.entries(metadata)) sent.add(name, value);
      const deadline = Date.now() + deadlineMilliseconds;
      return new Promise((resolve) => {
        client.makeUnaryRequest(path, asIs, asIs, message, sent, { deadline }, (error, bytes) => {
          resolve({ error: error ?? undefined, bytes: bytes ?? Buffer.alloc(0) });
        });
      });
    },
  };
}
