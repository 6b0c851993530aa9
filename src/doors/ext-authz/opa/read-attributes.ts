/** Envoy's CheckRequest in full, by the numbers of `envoy.service.auth.v3` and under its JSON names. */
import { bounds } from "../../../domain/bounds.ts";
import { type JsonObject } from "../../../domain/json.ts";
import { RequestError } from "../../../domain/request-error.ts";
import { checkBytesMax, headersMax } from "../grpc/limits.ts";
import { Unreadable, WireReader } from "../grpc/wire-reader.ts";
import * as field from "./read-fields.ts";

const { messageOf, text, whole, inner } = field;

const socketAddress = messageOf(
  [1, "protocol", whole],
  [2, "address", text],
  [3, "portValue", field.chosenWhole],
  [4, "namedPort", field.chosenText],
  [5, "resolverName", text],
  [6, "ipv4Compat", field.flag],
  [7, "networkNamespaceFilepath", text],
);
const address = messageOf(
  [1, "socketAddress", inner(socketAddress)],
  [2, "pipe", inner(messageOf([1, "path", text], [2, "mode", whole]))],
  [3, "envoyInternalAddress", inner(messageOf([1, "serverListenerName", field.chosenText], [2, "endpointId", text]))],
);
const peer = messageOf(
  [1, "address", inner(address)],
  [2, "service", text],
  [3, "labels", field.textMap],
  [4, "principal", text],
  [5, "certificate", text],
);
const headerValue = messageOf([1, "key", text], [2, "value", text], [3, "rawValue", field.bytes]);
const http = messageOf(
  [1, "id", text],
  [2, "method", text],
  [3, "headers", field.textMap],
  [4, "path", text],
  [5, "host", text],
  [6, "scheme", text],
  [7, "query", text],
  [8, "fragment", text],
  [9, "size", whole],
  [10, "protocol", text],
  [11, "body", text],
  [12, "rawBody", field.bytes],
  [13, "headerMap", inner(messageOf([1, "headers", field.listOf(headerValue)]))],
);
const request = messageOf(
  [1, "time", inner(messageOf([1, "seconds", whole], [2, "nanos", whole]))],
  [2, "http", inner(http)],
);
const metadata = messageOf(
  [1, "filterMetadata", field.mapOfStructs],
  [2, "typedFilterMetadata", field.mapOfMessages(messageOf([1, "typeUrl", text], [2, "value", field.bytes]))],
);
const attributes = messageOf(
  [1, "source", inner(peer)],
  [2, "destination", inner(peer)],
  [4, "request", inner(request)],
  [10, "contextExtensions", field.textMap],
  [11, "metadataContext", inner(metadata)],
  [12, "tlsSession", inner(messageOf([1, "sni", text]))],
  [13, "routeMetadataContext", inner(metadata)],
);
const checkRequest = messageOf([1, "attributes", inner(attributes)]);

/** `{ attributes }`, or nothing in it when the message has none. */
export function readAttributes(message: Buffer): JsonObject | RequestError {
  if (message.length > checkBytesMax) return new RequestError("body_too_large");
  try {
    return field.readMessage(new WireReader(message), checkRequest, { nodes: bounds.jsonNodesMax + headersMax });
  } catch (cause) {
    if (cause instanceof Unreadable) return new RequestError(cause.code);
    throw cause;
  }
}
