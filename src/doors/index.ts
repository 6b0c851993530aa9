/**
 * The doors there are, and how listeners open with them. A new door is one file and one line in {@link doors}; who may
 * call, where, and through which door is the listeners' configuration, never read from a request.
 */
import { adminDoor } from "./admin.ts";
import { authorizeDoor } from "./authorize.ts";
import { checkCredentials, checkListeners, servedDoors } from "./check-listeners.ts";
import type { DialectDoor, Door, GrpcDoor } from "./door.ts";
import { extAuthzGrpcDoor } from "./ext-authz/grpc/grpc-door.ts";
import { type DialectName, dialects } from "./ext-authz/http/dialects.ts";
import { extAuthzOpaDoor } from "./ext-authz/opa/opa-door.ts";
import type { DoorsHouse } from "./house.ts";
import { type DoorLimits, doorLimits } from "./limits.ts";
import type { Listener } from "./listener.ts";
import { open } from "./open.ts";
import type { DoorKind, ListenerOptions } from "./options.ts";
import { probeDoor } from "./probe.ts";
import { publicDoor } from "./public.ts";
import { tokenDoor } from "./token.ts";

export { wellKnown } from "./well-known.ts";
export type { Credentials, DoorsHouse, Readiness } from "./house.ts";
export type { ListenerErrorCode } from "./listener-error.ts";
export type { CallerOptions, DoorKind, ListenerOptions, UnixAddress } from "./options.ts";
export { readHost, readSegments } from "./ext-authz/call-target.ts";
export { clientCertificateHeader } from "./ext-authz/http/client-certificate.ts";
export { createOperationTable } from "./ext-authz/operations.ts";
export type { OpaOptions } from "./ext-authz/opa/options.ts";
export type {
  ConditionOptions,
  ExtAuthzOptions,
  IssueEvidenceOptions,
  OperationOptions,
  PropertyPaths,
} from "./ext-authz/options.ts";

type DoorOf<Kind extends DoorKind> = Kind extends "ext_authz_grpc" | "ext_authz_opa"
  ? GrpcDoor
  : Kind extends DialectName
    ? DialectDoor
    : Door;

export const doors: { readonly [Kind in DoorKind]: DoorOf<Kind> } = {
  authorize: authorizeDoor,
  token: tokenDoor,
  ext_authz_grpc: extAuthzGrpcDoor,
  ext_authz_opa: extAuthzOpaDoor,
  ext_authz_http: { admits: "gateway", dialect: dialects.ext_authz_http },
  auth_request: { admits: "gateway", dialect: dialects.auth_request },
  forward_auth: { admits: "gateway", dialect: dialects.forward_auth },
  public: publicDoor,
  probe: probeDoor,
  admin: adminDoor,
};

export interface OpenListeners {
  readonly addresses: readonly OpenAddress[];
  /** Stops accepting, finishes what is in flight and cuts what is left after the grace period; may be called again. */
  readonly drain: (graceMilliseconds: number) => Promise<void>;
}

export interface OpenAddress {
  readonly name: string;
  readonly doors: readonly DoorKind[];
  /** Undefined: nothing is left to serve there, so nothing listens. */
  readonly address: string | undefined;
  /** Doors that are configured here but not served, because no credential is set that could open them. */
  readonly withheld: readonly DoorKind[];
}

/** All or none: when one cannot open, those before it are closed again and its ListenerError is thrown. */
export async function openListeners(
  listeners: readonly ListenerOptions[],
  house: DoorsHouse,
  limits: DoorLimits = doorLimits,
): Promise<OpenListeners> {
  checkCredentials(house.credentials);
  checkListeners(listeners, doors);
  const opened: Listener[] = [];
  const addresses: OpenAddress[] = [];
  const servesTokens = listeners.some((options) => servedDoors(options, doors, house).includes("token"));
  const drain = async (graceMilliseconds: number): Promise<void> => {
    await Promise.all(opened.map((listener) => listener.drain(graceMilliseconds)));
  };
  try {
    for (const options of listeners) {
      const served = servedDoors(options, doors, house);
      const withheld = options.doors.filter((kind) => !served.includes(kind));
      const listener =
        served.length === 0
          ? undefined
          : await open(options, { doors: served.map((kind) => doors[kind]), servesTokens, house, limits });
      if (listener !== undefined) opened.push(listener);
      addresses.push({ name: options.name, doors: served, address: listener?.address, withheld });
    }
  } catch (cause) {
    await drain(0);
    throw cause;
  }
  return { addresses, drain };
}
