/** What configuration says of a listener: where it listens, what it serves and how a gateway proves itself there. */

import type { DialectName } from "./ext-authz/http/dialects.ts";
import type { OpaOptions } from "./ext-authz/opa/options.ts";
import type { ExtAuthzOptions } from "./ext-authz/options.ts";

/** Every kind of door; the table in `index.ts` has one line for each. */
export type DoorKind =
  | "authorize"
  | "token"
  | "ext_authz_grpc"
  | "ext_authz_opa"
  | "public"
  | "probe"
  | "admin"
  | DialectName;

export interface UnixAddress {
  readonly kind: "unix";
  readonly path: string;
  /** Mode of the folder that holds the socket, when the listener makes it; a looser existing folder is refused. */
  readonly folderMode: number;
  readonly socketMode: number;
  /** Numeric group that folder and socket are given to. */
  readonly group?: number;
}

export interface TcpAddress {
  readonly kind: "tcp";
  /** A literal IP address, or `localhost`, which means 127.0.0.1. */
  readonly host: string;
  readonly port: number;
  readonly mtls?: MutualTlsOptions;
}

export interface MutualTlsOptions {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** Exact subject alternative names with their type, e.g. `URI:spiffe://mesh.example/ns/edge/sa/gateway`. */
  readonly allowedNames: readonly string[];
}

/**
 * How a gateway proves itself. `socket`: by being able to open the unix socket, and it is called `gateway`.
 * `mtls`: by a certificate with an allowed name. `credential`: by a bearer credential. `open`: not at all, so no door
 * that asks for a gateway may be served. A listener reads one of them and ignores the others.
 */
export type CallerOptions =
  | { readonly kind: "socket"; readonly gateway: string }
  | { readonly kind: "mtls" }
  | { readonly kind: "credential" }
  | { readonly kind: "open" };

export interface ListenerOptions {
  /** Names the listener in records, metrics and messages. */
  readonly name: string;
  readonly address: UnixAddress | TcpAddress;
  readonly doors: readonly DoorKind[];
  readonly callers: CallerOptions;
  /** Requests of one gateway in flight at once on this listener; one more is answered 429. */
  readonly concurrencyMax: number;
  /** Header field in which the gateway names the client it vouches for at a token endpoint; only with `socket` or `mtls`. */
  readonly clientField?: string;
  /** For doors that hold calls, and there required. */
  readonly extAuthz?: ExtAuthzOptions;
  /** For the door `ext_authz_opa`, and there required. */
  readonly opa?: OpaOptions;
  /** Names accepted in `Host` besides literal IP addresses, `localhost` and the issuer's host. */
  readonly hosts?: readonly string[];
}
