/** What a set of listeners must be before any of them opens; and which doors the credentials at hand can serve. */
import { BlockList, isIP, isIPv4 } from "node:net";
import type { AnyDoor, Door } from "./door.ts";
import type { Credentials, DoorsHouse } from "./house.ts";
import { ListenerError } from "./listener-error.ts";
import type { DoorKind, ListenerOptions, TcpAddress } from "./options.ts";

type DoorTable = { readonly [Kind in DoorKind]: AnyDoor };

/** Throws a ListenerError for the first thing that is wrong. */
export function checkListeners(listeners: readonly ListenerOptions[], doors: DoorTable): void {
  const names = new Set<string>();
  for (const { name } of listeners) {
    if (name === "" || names.has(name)) {
      throw new ListenerError("listener_name_wrong", name, "every listener needs a name of its own");
    }
    names.add(name);
  }
  for (const options of listeners) checkListener(options, doors);
}

function checkListener(options: ListenerOptions, doors: DoorTable): void {
  const { name, address, callers, concurrencyMax } = options;
  if (options.doors.length === 0 || new Set(options.doors).size !== options.doors.length) {
    throw new ListenerError("listener_doors_wrong", name, "name at least one door, and none twice");
  }
  if (options.doors.length > 1 && options.doors.some((kind) => !("routes" in doors[kind]))) {
    throw new ListenerError("listener_doors_wrong", name, "a door for held calls needs a listener of its own");
  }
  if (!Number.isInteger(concurrencyMax) || concurrencyMax < 1) {
    throw new ListenerError("listener_callers_wrong", name, "concurrencyMax is a whole number of at least 1");
  }
  checkClientField(options);
  const admitted = options.doors.map((kind) => doors[kind].admits);
  if (callers.kind === "open" && admitted.includes("gateway")) {
    throw new ListenerError("listener_callers_wrong", name, "a door for gateways needs callers that prove themselves");
  }
  if (address.kind === "tcp") checkTcp(name, address, admitted);
}

/** A field of its own: one that clients or proxies also set would let anybody name a client. */
const ownField = /^x-[a-z0-9-]{1,64}$/i;

function checkClientField({ name, callers, clientField }: ListenerOptions): void {
  if (clientField === undefined) return;
  if (callers.kind !== "socket" && callers.kind !== "mtls") {
    throw new ListenerError(
      "listener_callers_wrong",
      name,
      "only a gateway at a socket or with mtls vouches for clients",
    );
  }
  if (!ownField.test(clientField)) {
    throw new ListenerError("listener_callers_wrong", name, "the field that names a client begins with X-");
  }
}

function checkTcp(name: string, { host, mtls }: TcpAddress, admitted: readonly Door["admits"][]): void {
  if (host !== "localhost" && isIP(host) === 0) {
    throw new ListenerError("listener_address_unusable", name, "host is a literal IP address or localhost");
  }
  const isGuarded = admitted.some((admits) => admits !== "anyone");
  if (isGuarded && mtls === undefined && !isLoopback(host)) {
    const advice = "credentials and tokens would cross a network in the clear: use a loopback address or mtls";
    throw new ListenerError("listener_exposed", name, advice);
  }
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function isLoopback(host: string): boolean {
  return host === "localhost" || loopback.check(host, isIPv4(host) ? "ipv4" : "ipv6");
}

/** One credential, one owner: else a gateway's would open the operator's door, or records would name the wrong one. */
export function checkCredentials({ gateways, operator }: Credentials): void {
  const secrets = gateways.map(({ secret }) => secret);
  if (operator !== undefined) secrets.push(operator);
  if (new Set(secrets).size !== secrets.length) {
    throw new ListenerError("credential_unusable", "credentials", "two owners have the same one");
  }
}

/** The doors that can be served: one that asks for a credential nobody has is not there at all. */
export function servedDoors(
  options: ListenerOptions,
  doors: DoorTable,
  { credentials, clients }: Pick<DoorsHouse, "credentials" | "clients">,
): readonly DoorKind[] {
  const { gateways, operator } = credentials;
  const isGatewayKnown = options.callers.kind !== "credential" || gateways.length > 0;
  return options.doors.filter((kind) => {
    switch (doors[kind].admits) {
      case "gateway":
        return isGatewayKnown;
      case "client":
        return clients !== undefined;
      case "operator":
        return operator !== undefined;
      case "anyone":
        return true;
    }
  });
}
