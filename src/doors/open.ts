/** Opens one listener with the doors that it serves: routes over HTTP, a dialect for held calls, or gRPC methods. */
import { Answers } from "./answers.ts";
import { createCallers } from "./callers.ts";
import { BearerCredentials } from "./credentials.ts";
import type { AnyDoor, DialectDoor, Door, DoorSite, GrpcDoor } from "./door.ts";
import { openGrpcListener } from "./ext-authz/grpc/grpc-listener.ts";
import { GrpcReception } from "./ext-authz/grpc/grpc-reception.ts";
import { credentialHeader } from "./ext-authz/http/held-headers.ts";
import { HeldCallReception } from "./ext-authz/http/held-call-reception.ts";
import { openHeldCalls } from "./ext-authz/open-held-calls.ts";
import { loadGrpcMessages } from "./ext-authz/protobuf/load-grpc-messages.ts";
import { anySingleHost, createHostCheck } from "./hosts.ts";
import type { DoorsHouse } from "./house.ts";
import type { DoorLimits } from "./limits.ts";
import { type Listener, openListener } from "./listener.ts";
import { ListenerError } from "./listener-error.ts";
import type { ListenerOptions } from "./options.ts";
import { Reception } from "./reception.ts";
import { wellKnown } from "./well-known.ts";

export interface Opening {
  readonly doors: readonly AnyDoor[];
  readonly servesTokens: boolean;
  readonly house: DoorsHouse;
  readonly limits: DoorLimits;
}

export async function open(
  options: ListenerOptions,
  { doors, servesTokens, house, limits }: Opening,
): Promise<Listener> {
  const { name, clientField, extAuthz, opa } = options;
  const descriptors = extAuthz?.protobufDescriptors ?? opa?.protobufDescriptors;
  const messages = descriptors === undefined ? undefined : await loadGrpcMessages(descriptors, name);
  const answers = new Answers(name, house.observer);
  const site = { house, listener: name, answers, limits, clientField, messages, servesTokens };
  const [first] = doors;
  if (first !== undefined && "methods" in first) return openGrpc(options, site, first);
  if (first !== undefined && "dialect" in first) return openDialect(options, site, first);
  return openHttp(
    options,
    site,
    doors.filter((door) => "routes" in door),
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
  const { house, answers, limits } = site;
  const reception = new GrpcReception({
    methods: door.methods(site, options),
    isReady: () => house.readiness().ready,
    identifyGateway: createCallers(options, house.credentials),
    concurrencyMax: options.concurrencyMax,
    answers,
    limits,
  });
  return openGrpcListener(options, reception, answers, limits);
}

function openDialect(options: ListenerOptions, site: DoorSite, { dialect }: DialectDoor): Promise<Listener> {
  const { house, answers, limits } = site;
  const reception = new HeldCallReception({
    dialect,
    answerHeldCall: openHeldCalls(options, site),
    // `Authorization` there is the held call's.
    identifyGateway: createCallers(options, house.credentials, credentialHeader),
    concurrencyMax: options.concurrencyMax,
    answers,
    limits,
  });
  return openListener(options, reception, answers, limits);
}
