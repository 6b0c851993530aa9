/** Where an issuer's own pages and its token endpoint are, made from its identifier and from nothing else. */
import type { Issuer } from "../domain/identifiers.ts";
import { ListenerError } from "./listener-error.ts";

const issuerParts = /^(https?:\/\/([^/?#@]+))(\/[^?#]*)?$/;

export interface WellKnown {
  readonly host: string;
  readonly metadataPath: string;
  readonly jwksPath: string;
  readonly jwksUri: string;
  readonly tokenPath: string;
  readonly tokenEndpoint: string;
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
  const tokenPath = `${rest}/oauth2/token`;
  const jwksPath = `/.well-known/jwks.json${rest}`;
  return {
    host: authority.replace(/:[0-9]+$/, ""),
    metadataPath: `/.well-known/oauth-authorization-server${rest}`,
    jwksPath,
    jwksUri: `${origin}${jwksPath}`,
    tokenPath,
    tokenEndpoint: `${origin}${tokenPath}`,
  };
}
