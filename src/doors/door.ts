/** The shape of a door: the routes it serves and whom each route admits. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayName } from "../domain/identifiers.ts";
import type { DoorsHouse } from "./house.ts";
import type { Answers } from "./answers.ts";
import type { Dialect } from "./ext-authz/http/dialect.ts";
import type { UnaryMethod } from "./ext-authz/grpc/unary-method.ts";
import type { GrpcMessages } from "./ext-authz/protobuf/grpc-messages.ts";
import type { DoorLimits } from "./limits.ts";
import type { ListenerOptions } from "./options.ts";

/** What a door is built from; the listener's part is fixed by configuration. */
export interface DoorSite {
  readonly house: DoorsHouse;
  readonly listener: string;
  readonly answers: Answers;
  readonly limits: DoorLimits;
  /** The header field in which this listener's gateway may name a client. */
  readonly clientField: string | undefined;
  /** What gRPC calls that are held here may say; undefined: the listener names no descriptors. */
  readonly messages: GrpcMessages | undefined;
  /** Whether any listener serves a token endpoint. */
  readonly servesTokens: boolean;
}

/** Paths match the raw request-target, byte for byte: no decoding, no `..`, no query, no trailing slash. */
export type Route = GatewayRoute | ClientRoute | GuardedRoute;

/** Only an authenticated gateway gets here. */
export interface GatewayRoute {
  readonly admits: "gateway";
  readonly path: string;
  readonly methods: readonly string[];
  answer(request: IncomingMessage, response: ServerResponse, gateway: GatewayName): Promise<void>;
}

/**
 * Clients get here unproven and prove themselves in what they send. `gateway` is who may vouch for one: proved by the
 * socket or its certificate, never by a bearer credential, because `Authorization` is the client's here.
 */
export interface ClientRoute {
  readonly admits: "client";
  readonly path: string;
  readonly methods: readonly string[];
  answer(request: IncomingMessage, response: ServerResponse, gateway: GatewayName | undefined): Promise<void>;
}

export interface GuardedRoute {
  readonly admits: "operator" | "anyone";
  readonly path: string;
  readonly methods: readonly string[];
  answer(request: IncomingMessage, response: ServerResponse): void;
}

export interface Door {
  /** Whom its routes admit; a listener that cannot tell them apart does not serve the door. */
  readonly admits: Route["admits"];
  routes(site: DoorSite): readonly Route[];
}

export type AnyDoor = Door | GrpcDoor | DialectDoor;

/** A door for held calls over HTTP is alone on its listener, because any path there is one. */
export interface DialectDoor {
  readonly admits: "gateway";
  readonly dialect: Dialect;
}

/** A door of gRPC methods is alone on its listener, whose transport is another one. */
export interface GrpcDoor {
  readonly admits: "gateway";
  /** Throws a ListenerError for a listener that does not say what it needs. */
  methods(site: DoorSite, options: ListenerOptions): readonly UnaryMethod[];
}
