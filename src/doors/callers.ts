/** Which gateway is calling, by the one proof that the listener's configuration names. */
import type { IncomingMessage } from "node:http";
import { type GatewayName, parseGatewayName } from "../domain/identifiers.ts";
import { BearerCredentials } from "./credentials.ts";
import type { Credentials } from "./house.ts";
import { ListenerError } from "./listener-error.ts";
import { peerNames } from "./mutual-tls.ts";
import type { ListenerOptions } from "./options.ts";

/** As certificates print their names; one without a type would never match, and nobody would know why. */
const typedName = /^(?:URI|DNS|IP Address|email):./;

/** A gateway as one listener knows it. */
export interface Gateway {
  readonly name: GatewayName;
  inFlight: number;
}

/** What proves a caller, in HTTP/1 and HTTP/2 alike. */
export type Presented = Pick<IncomingMessage, "headers" | "rawHeaders" | "socket">;

/** The gateway that the request proves to come from, or undefined. */
export type IdentifyGateway = (request: Presented) => Gateway | undefined;

/** Throws a ListenerError when the proof cannot be had at this address. */
export function createCallers(
  options: ListenerOptions,
  credentials: Credentials,
  credentialField = "authorization",
): IdentifyGateway {
  const { callers, address, name } = options;
  switch (callers.kind) {
    case "socket": {
      if (address.kind !== "unix") throw wrong(name, "`socket` proves a caller only at a unix address");
      const gateway = createGateway(name, callers.gateway);
      return () => gateway;
    }
    case "mtls": {
      if (address.kind !== "tcp" || address.mtls === undefined) throw wrong(name, "`mtls` needs an address with mtls");
      const { allowedNames } = address.mtls;
      if (allowedNames.length === 0)
        throw wrong(name, "a mesh certificate alone proves nothing: list the allowed names");
      if (!allowedNames.every((allowed) => typedName.test(allowed)))
        throw wrong(name, "write names with their type, like URI:…");
      const known = new Map(allowedNames.map((allowed) => [allowed, createGateway(name, allowed)]));
      return (request) => findKnown(known, peerNames(request.socket));
    }
    case "credential": {
      const secrets = credentials.gateways.map((gateway) => ({
        owner: createGateway(name, gateway.name),
        name: gateway.name,
        secret: gateway.secret,
      }));
      const bearers = new BearerCredentials(secrets, credentialField);
      return (request) => bearers.ownerOf(request);
    }
    case "open":
      return () => undefined;
  }
}

function createGateway(listener: string, given: string): Gateway {
  const name = parseGatewayName(given);
  if (name === undefined) throw wrong(listener, "a gateway's name must be printable and not empty");
  return { name, inFlight: 0 };
}

function findKnown(known: ReadonlyMap<string, Gateway>, names: readonly string[]): Gateway | undefined {
  for (const name of names) {
    const gateway = known.get(name);
    if (gateway !== undefined) return gateway;
  }
  return undefined;
}

function wrong(listener: string, advice: string): ListenerError {
  return new ListenerError("listener_callers_wrong", listener, advice);
}
