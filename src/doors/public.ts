/** The public door, for resource servers: the keys that verify role tokens and the issuer's metadata (RFC 8414). */
import type { Issuer } from "../domain/identifiers.ts";
import { createAnswer } from "./express-answer.ts";
import type { Door, DoorSite, GuardedRoute } from "./door.ts";
import { ListenerError } from "./listener-error.ts";

export const publicDoor: Door = {
  admits: "anyone",
  routes: (site) => {
    const { house } = site;
    const { metadataPath, jwksPath, jwksUri } = wellKnown(house.issuer);
    return [
      reading(site, metadataPath, () => renderMetadata(house.issuer, jwksUri)),
      reading(site, jwksPath, () => ({ keys: house.keys.publicKeys(house.clock.read().epochSeconds) })),
    ];
  },
};

function reading(site: DoorSite, path: string, render: () => object): GuardedRoute {
  const cacheControl = `public, max-age=${site.house.jwksCacheSeconds}`;
  return {
    admits: "anyone",
    path,
    methods: ["GET", "HEAD"],
    answer: createAnswer(site, (response) => {
      const body = render();
      response.set("Cache-Control", cacheControl).json(body);
    }),
  };
}

/**
 * Only what is on. The two empty lists are written out against RFC 8414 §3.2: the first is a required member, and the
 * second, left out, would claim the authorization code and implicit grants (§2).
 */
function renderMetadata(issuer: Issuer, jwksUri: string): object {
  return { issuer, jwks_uri: jwksUri, response_types_supported: [], grant_types_supported: [] };
}

const issuerParts = /^(https?:\/\/([^/?#@]+))(\/[^?#]*)?$/;

export interface WellKnown {
  readonly host: string;
  readonly metadataPath: string;
  readonly jwksPath: string;
  readonly jwksUri: string;
}

/**
 * Well-known names stand between the issuer's host and its path (RFC 8414 §3.1). The issuer is never passed through a
 * URL parser, which would add a slash to an empty path.
 */
export function wellKnown(issuer: Issuer): WellKnown {
  const [, origin, authority, path = ""] = issuerParts.exec(issuer) ?? [];
  if (origin === undefined || authority === undefined) {
    throw new ListenerError("issuer_unusable", issuer, "an issuer is http(s), a host and a path, nothing else");
  }
  const rest = path.endsWith("/") ? path.slice(0, -1) : path;
  const jwksPath = `/.well-known/jwks.json${rest}`;
  return {
    host: authority.replace(/:[0-9]+$/, ""),
    metadataPath: `/.well-known/oauth-authorization-server${rest}`,
    jwksPath,
    jwksUri: `${origin}${jwksPath}`,
  };
}
