/** Checks and answers as Envoy's own messages encode and decode them. */
import protobuf from "protobufjs";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { loadEnvoyProtos } from "./envoy-protos.ts";

const envoys = loadEnvoyProtos();
const checkRequest = envoys.lookupType("envoy.service.auth.v3.CheckRequest");
const checkResponse = envoys.lookupType("envoy.service.auth.v3.CheckResponse");

/** What the founding question could look like at a gateway. */
export const plainHttp = { method: "GET", path: "/flights?from=OSL", host: "flights.example" } as const;

export function encodeCheck(attributes: object): Buffer {
  return Buffer.from(checkRequest.encode(checkRequest.fromObject({ attributes })).finish());
}

export const encodeHttp = (http: object): Buffer => encodeCheck({ request: { http } });

/** As Envoy would understand it, bytes as base64; throws where it would not. */
export const decodeCheck = (bytes: Uint8Array): JsonObject => decode(checkRequest, bytes);

/** As Envoy would understand it; enums as their numbers. */
export const decodeAnswer = (bytes: Uint8Array): JsonObject => decode(checkResponse, bytes);

function decode(type: protobuf.Type, bytes: Uint8Array): JsonObject {
  const value: unknown = type.toObject(type.decode(bytes), { longs: Number, bytes: String });
  if (!isJsonObject(value)) throw new Error("no message");
  return value;
}

/** A field by its number, for messages that no encoder would write. */
export function field(number: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([
    protobuf.Writer.create()
      .uint32((number << 3) | 2)
      .bytes(bytes)
      .finish(),
  ]);
}

export function varintField(number: number, value: number): Buffer {
  return Buffer.from(
    protobuf.Writer.create()
      .uint32(number << 3)
      .uint32(value)
      .finish(),
  );
}

/** CheckRequest.attributes.request.http, around fields of its own. */
export const aroundHttp = (...fields: Buffer[]): Buffer => field(1, field(4, field(2, Buffer.concat(fields))));

/** The three fields without which nothing is read. */
export const named: readonly Buffer[] = [field(2, "GET"), field(4, "/flights"), field(5, "flights.example")];
