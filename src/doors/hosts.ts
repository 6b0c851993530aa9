/**
 * Which `Host` a TCP listener answers to. A web page that rebinds its own name to 127.0.0.1 still sends that name, so
 * only literal addresses, `localhost` and configured names are accepted.
 */
import { isIPv4, isIPv6 } from "node:net";
import type { IncomingMessage } from "node:http";
import { hasDuplicate } from "./headers.ts";

const hostHeader = /^(?:\[([0-9a-f:.]{2,45})\]|([^:[\]]{1,253}))(?::[0-9]{1,5})?$/i;

export type HostCheck = (request: IncomingMessage) => boolean;

export function createHostCheck(names: readonly string[]): HostCheck {
  const accepted = new Set(["localhost", ...names.map((name) => name.toLowerCase())]);
  return (request) => {
    const header = request.headers.host;
    if (header === undefined || hasDuplicate(request, "host")) return false;
    const [, ipv6, name] = hostHeader.exec(header) ?? [];
    if (ipv6 !== undefined) return isIPv6(ipv6);
    return name !== undefined && (isIPv4(name) || accepted.has(name.toLowerCase()));
  };
}

/** A unix socket has no name that a page could rebind; one `Host` of any value is enough (RFC 9112 §3.2). */
export const anySingleHost: HostCheck = (request) =>
  request.headers.host !== undefined && !hasDuplicate(request, "host");
