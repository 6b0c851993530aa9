/**
 * The doors there are, and how listeners open with them. A new door is one file and one line in {@link doors}; who may
 * call, where, and through which door is the listeners' configuration, never read from a request.
 */
import { adminDoor } from "./admin.ts";
import { Answers } from "./answers.ts";
import { authorizeDoor } from "./authorize.ts";
import { createCallers } from "./callers.ts";
import { checkCredentials, checkListeners, servedDoors } from "./check-listeners.ts";
import { BearerCredentials } from "./credentials.ts";
import type { Door, DoorSite, GrpcDoor } from "./door.ts";
import { extAuthzGrpcDoor } from "./ext-authz/grpc/grpc-door.ts";
import { openGrpcListener } from "./ext-authz/grpc/grpc-listener.ts";
import { GrpcReception } from "./ext-authz/grpc/grpc-reception.ts";
import { anySingleHost, createHostCheck } from "./hosts.ts";
import type { DoorsHouse } from "./house.ts";
import { type DoorLimits, doorLimits } from "./limits.ts";
import { type Listener, openListener } from "./listener.ts";
import { ListenerError } from "./listener-error.ts";
import type { DoorKind, ListenerOptions } from "./options.ts";
import { probeDoor } from "./probe.ts";
import { publicDoor } from "./public.ts";
import { Reception } from "./reception.ts";
import { tokenDoor } from "./token.ts";
import { wellKnown } from "./well-known.ts";

export { wellKnown } from "./well-known.ts";
export type { Credentials, DoorsHouse, Readiness } from "./house.ts";
export type { ListenerErrorCode } from "./listener-error.ts";
export type { CallerOptions, DoorKind, ListenerOptions, UnixAddress } from "./options.ts";

export const doors: { readonly [Kind in DoorKind]: Kind extends "ext_authz_grpc" ? GrpcDoor : Door } = {
  authorize: authorizeDoor,
  token: tokenDoor,
  ext_authz_grpc: extAuthzGrpcDoor,
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
      const listener = served.length === 0 ? undefined : await open(options, { served, servesTokens, house, limits });
      if (listener !== undefined) opened.push(listener);
      addresses.push({ name: options.name, doors: served, address: listener?.address, withheld });
    }
  } catch (cause) {
    await drain(0);
    throw cause;
  }
  return { addresses, drain };
}

interface Opening {
  readonly served: readonly DoorKind[];
  readonly servesTokens: boolean;
  readonly house: DoorsHouse;
  readonly limits: DoorLimits;
}

function open(options: ListenerOptions, { served, servesTokens, house, limits }: Opening): Promise<Listener> {
  const { name, clientField } = options;
  const answers = new Answers(name, house.observer);
  const site = { house, listener: name, answers, limits, clientField, servesTokens };
  const found = served.map((kind) => doors[kind]);
  const [grpcDoor] = found.filter((door) => "methods" in door);
  if (grpcDoor !== undefined) return openGrpc(options, site, grpcDoor);
  return openHttp(
    options,
    site,
    found.filter((door) => "routes" in door),
  );
}

function openHttp(options: ListenerOptions, site: DoorSite, served: readonly Door[]): Promise<Listener> {
  const { name, address, callers, concurrencyMax } = options;
  const { house, answers, limits } = site;
  const { operator } = house.credentials;
  const routes = served.flatMap((door) => door.routes(site));
  if (new Set(routes.map(({ path }) => path)).size !== routes.length) {
    throw new ListenerError("listener_doors_wrong", name, "two of its doors serve the same path");
  }
  const identifyGateway = createCallers(options, house.credentials);
  const reception = new Reception({
    routes,
    isHostAccepted:
      address.kind === "unix"
        ? anySingleHost
        : createHostCheck([wellKnown(house.issuer).host, ...(options.hosts ?? [])]),
    identifyGateway,
    identifyVoucher: callers.kind === "credential" ? () => undefined : identifyGateway,
    operators: new BearerCredentials(
      operator === undefined ? [] : [{ owner: "operator" as const, name: "operator", secret: operator }],
    ),
    concurrencyMax,
    answers,
  });
  return openListener(options, reception, answers, limits);
}

function openGrpc(options: ListenerOptions, site: DoorSite, door: GrpcDoor): Promise<Listener> {
  const { house, answers, limits, listener } = site;
  const answerHeldCall = house.heldCalls?.get(listener);
  if (answerHeldCall === undefined) {
    throw new ListenerError("listener_doors_wrong", listener, "it does not say what is made of the calls held there");
  }
  const reception = new GrpcReception({
    methods: door.methods(site, answerHeldCall),
    isReady: () => house.readiness().ready,
    identifyGateway: createCallers(options, house.credentials),
    concurrencyMax: options.concurrencyMax,
    answers,
    limits,
  });
  return openGrpcListener(options, reception, answers, limits);
}
