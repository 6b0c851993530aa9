/** The shape of a gRPC method: one message in, one out, by bytes. A listener serves such methods and nothing else. */
import type { GatewayName } from "../../../domain/identifiers.ts";
import type { RequestErrorCode } from "../../../domain/request-error.ts";
import type { GrpcFailure } from "./grpc-status.ts";

/** Only an authenticated gateway gets here. */
export interface GatewayMethod {
  readonly admits: "gateway";
  /** `/package.Service/Method`, compared byte for byte. */
  readonly path: string;
  readonly messageBytesMax: number;
  answer(message: Buffer, gateway: GatewayName): Promise<Buffer | GrpcFailure>;
  /** A refusal in the method's own words, for what a gateway's clients can bring about: an error could be let through. */
  refuse(code: Extract<RequestErrorCode, "busy" | "body_too_large"> | "internal_fault"): Buffer;
}

export interface OpenMethod {
  readonly admits: "anyone";
  readonly path: string;
  readonly messageBytesMax: number;
  answer(message: Buffer): Buffer | GrpcFailure;
}

export type UnaryMethod = GatewayMethod | OpenMethod;
