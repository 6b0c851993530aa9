/** Mutual TLS on a listener: who may shake hands, and under which exact names. */
import { readFileSync } from "node:fs";
import type { ServerOptions } from "node:https";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { ListenerError } from "./listener-error.ts";
import type { MutualTlsOptions } from "./options.ts";

/** Throws a ListenerError `listener_tls_unusable`. */
export function loadMutualTls(options: MutualTlsOptions, listener: string): ServerOptions {
  return {
    cert: readMaterial(options.certFile, listener),
    key: readMaterial(options.keyFile, listener),
    ca: readMaterial(options.caFile, listener),
    requestCert: true,
    rejectUnauthorized: true,
    // Envoy's client side speaks at most 1.2 unless told otherwise.
    minVersion: "TLSv1.2",
  };
}

function readMaterial(path: string, listener: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ListenerError("listener_tls_unusable", listener, `cannot read ${path}`, { cause });
  }
}

const noNames: readonly string[] = [];
const namesOfSocket = new WeakMap<Socket, readonly string[]>();

/** The peer's subject alternative names with their type, as proved in the handshake; asked once per connection. */
export function peerNames(socket: Socket): readonly string[] {
  let names = namesOfSocket.get(socket);
  if (names === undefined) {
    names = socket instanceof TLSSocket && socket.authorized ? readNames(socket) : noNames;
    namesOfSocket.set(socket, names);
  }
  return names;
}

function readNames(socket: TLSSocket): readonly string[] {
  const names = socket.getPeerX509Certificate()?.subjectAltName;
  // OpenSSL's printed form quotes a name that holds a separator; such a name could pose as two, so none is believed.
  return names === undefined || names.includes('"') ? noNames : names.split(", ");
}
