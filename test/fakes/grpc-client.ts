/** Calls `Check` as a gateway does, with a gRPC library and the generated messages of our own .proto: the wire's other side. */
import { join } from "node:path";
import { ChannelCredentials, Client, type ClientUnaryCall, Metadata, type ServiceError } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { onTestFinished } from "vitest";

const protoFile = join(import.meta.dirname, "../../src/doors/ext-authz/grpc/envoy-auth-v3.proto");
const root = new protobuf.Root().loadSync(protoFile, { keepCase: true });
export const checkRequestType = root.lookupType("envoy.service.auth.v3.CheckRequest");
export const checkResponseType = root.lookupType("envoy.service.auth.v3.CheckResponse");

export const checkPath = "/envoy.service.auth.v3.Authorization/Check";
export const healthPath = "/grpc.health.v1.Health/Check";

export interface Answered {
  /** gRPC's own, and undefined when there is a message. */
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
  close(): void;
}

/** To an address as `openListeners` prints it; closed when the test ends. */
export function connectGrpc(
  address: string | undefined,
  credentials = ChannelCredentials.createInsecure(),
): GrpcClient {
  const target = (address ?? "").replace(/^https?:\/\//, "");
  const client = new Client(target, credentials);
  onTestFinished(() => client.close());
  return {
    close: () => client.close(),
    call: (message, { path = checkPath, metadata = {}, deadlineMilliseconds = 5_000 } = {}) => {
      const sent = new Metadata();
      for (const [name, value] of Object.entries(metadata)) sent.add(name, value);
      return new Promise((resolve) => {
        const asIs = (bytes: Buffer): Buffer => bytes;
        const options = { deadline: Date.now() + deadlineMilliseconds };
        const done = (error: ServiceError | null, bytes?: Buffer): void =>
          resolve({ error: error ?? undefined, bytes: bytes ?? Buffer.alloc(0) });
        const called: ClientUnaryCall = client.makeUnaryRequest(path, asIs, asIs, message, sent, options, done);
        called.on("error", () => undefined);
      });
    },
  };
}

/** As the generated types encode it. */
export function encodeCheck(value: object): Buffer {
  return Buffer.from(checkRequestType.encode(checkRequestType.fromObject(value)).finish());
}
