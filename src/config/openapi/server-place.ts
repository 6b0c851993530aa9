/** Where an operation is served, by the servers that are declared nearest to it. */
import { readHost } from "../../doors/index.ts";
import { isJsonObject, type JsonObject, ownMember } from "../../domain/json.ts";
import { listAt, OpenApiError } from "./openapi-document.ts";
import { openapiLimits } from "./openapi-limits.ts";

export interface ServerPlace {
  /** Undefined: it has to be filled in. */
  readonly host: string | undefined;
  readonly basePath: string;
  readonly why?: string;
}

/** `levels` from the operation outwards; `instead` is an address that takes the place of all that are declared. */
export function readServers(levels: readonly JsonObject[], instead: string | undefined, where: string): ServerPlace[] {
  if (instead !== undefined) return [readPlace(instead, "the given server")];
  const declared = levels.find((level) => listAt(level, "servers", where).length > 0);
  const servers = declared === undefined ? [{ url: "/" }] : listAt(declared, "servers", where);
  if (servers.length > openapiLimits.serversMax) throw new OpenApiError(`${where}: too many servers`);
  const places = new Map<string, ServerPlace>();
  for (const server of servers) {
    const url = isJsonObject(server) ? ownMember(server, "url") : undefined;
    if (typeof url !== "string") throw new OpenApiError(`${where}: a server has no url`);
    const place = readPlace(url, where);
    // http and https of one host are one place.
    places.set(JSON.stringify([place.host, place.basePath]), place);
  }
  return [...places.values()];
}

function readPlace(url: string, where: string): ServerPlace {
  if (/[{}]/.test(url)) throw new OpenApiError(`${where}: the server's address has variables; give it by --server`);
  const [, authority, path = ""] = /^https?:\/\/([^/?#@]+)(\/[^?#]*)?$/i.exec(url) ?? [];
  if (authority !== undefined) {
    const host = readHost(authority);
    if (host === undefined) throw new OpenApiError(`${where}: a server's host is none`);
    return { host, basePath: withoutEnd(path) };
  }
  if (!/^\/(?!\/)[^?#]*$/.test(url)) throw new OpenApiError(`${where}: is no address of a server, http or https`);
  return { host: undefined, basePath: withoutEnd(url), why: "the server's address names none" };
}

function withoutEnd(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}
