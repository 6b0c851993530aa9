/** Where keys may be fetched: https, or plain http on this machine; by configuration, never by a token (P17). */
import { bounds } from "../../domain/bounds.ts";
import { isAddressAccepted, isLoopbackHost } from "./key-address.ts";

/** Undefined for what is no such location. A user in a URL would be a credential that nobody meant to send. */
export function parseKeyLocation(text: string): URL | undefined {
  if (text.length > bounds.uriLengthMax || !/^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/.test(text)) return undefined;
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || text.includes("#")) return undefined;
  if (url.protocol !== "https:" && !isLoopbackHost(url.hostname)) return undefined;
  return isAddressAccepted(url.hostname) === false ? undefined : url;
}

/**
 * The issuer's discovery documents, the first to be tried first: OpenID Connect puts its name behind the issuer's path
 * (Discovery §4), RFC 8414 before it (§3.1). Undefined when the issuer is no location itself.
 */
export function discoveryLocations(issuer: string): readonly URL[] | undefined {
  const [, origin = "", path = ""] = /^(https?:\/\/[^/?#]+)(\/[^?#]*)?$/.exec(issuer) ?? [];
  const rest = path.replace(/\/$/, "");
  const found = [
    `${origin}${rest}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${rest}`,
  ].map(parseKeyLocation);
  const locations = found.filter((location) => location !== undefined);
  return locations.length < found.length ? undefined : locations;
}
