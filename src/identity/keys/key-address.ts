/**
 * Which addresses keys are fetched from. What the name of a host means is looked up for the very connection that is
 * made, and judged then (P17): a name that changes its meaning in between gains nothing.
 */
import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { KeyFetchError } from "./key-fetch-error.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");

/** Never an issuer: this network, link-local, groups, and where clouds tell a machine about itself. */
const refused = new BlockList();
refused.addSubnet("0.0.0.0", 8);
refused.addSubnet("169.254.0.0", 16);
refused.addSubnet("192.0.0.0", 24);
refused.addSubnet("224.0.0.0", 3);
refused.addAddress("100.100.100.200");
refused.addAddress("168.63.129.16");
refused.addAddress("::", "ipv6");
refused.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");
refused.addSubnet("fe80::", 10, "ipv6");
refused.addSubnet("fd00:ec2::", 32, "ipv6");
refused.addSubnet("fd20:ce::", 32, "ipv6");
refused.addSubnet("ff00::", 8, "ipv6");

/** `host` is of a parsed URL: an IPv6 address stands in brackets. */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || isIn(loopback, withoutBrackets(host));
}

/** Undefined for a name, which says nothing before it is looked up. */
export function isAddressAccepted(host: string): boolean | undefined {
  const address = withoutBrackets(host);
  return isIP(address) === 0 ? undefined : !isIn(refused, address);
}

/** One refused address among several refuses them all. A loopback host is on this machine, and no other host is. */
export function createLookup(host: string): LookupFunction {
  const mustBeLoopback = isLoopbackHost(host);
  const isAccepted = (address: string): boolean =>
    !isIn(refused, address) && isIn(loopback, address) === mustBeLoopback;
  return (name, options, callback) => {
    lookup(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, "");
      const [first] = found;
      if (first === undefined || !found.every(({ address }) => isAccepted(address))) {
        return callback(new KeyFetchError("address_refused"), "");
      }
      if (options.all === true) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}

function isIn(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
