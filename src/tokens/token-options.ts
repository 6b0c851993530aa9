/** What the room is built from, and what it refuses to be built from. */
import { type Issuer, parseIssuer } from "../domain/identifiers.ts";
import { TokenRoomError } from "./token-room-error.ts";
import { tokenBounds } from "./token-bounds.ts";

export type SigningAlgorithm = "ES256" | "EdDSA";

/** Where the signing keys come from. Only the development key is made here; the others are given and shared. */
export type KeySetOptions =
  /** A folder of its own, within the state folder; made when it is missing. */
  | { readonly kind: "development"; readonly folder: string }
  | { readonly kind: "jwks"; readonly path: string }
  | { readonly kind: "pem"; readonly folder: string };

export interface TokenOptions {
  /** `iss` of every role token. */
  readonly issuer: string;
  readonly algorithm: SigningAlgorithm;
  readonly keySet: KeySetOptions;
  /** How long a resource server may keep our JWKS (`Cache-Control: max-age`). */
  readonly jwksCacheSeconds: number;
  /** What verifiers of our tokens may allow past `exp`. */
  readonly clockLeewaySeconds: number;
}

const loopbackHosts: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** The issuer to sign as. Throws a {@link TokenRoomError} for options that would make tokens nobody should trust. */
export function checkTokenOptions(options: TokenOptions): Issuer {
  if (!isWithin(options.jwksCacheSeconds, tokenBounds.jwksCacheSecondsMax)) {
    throw new TokenRoomError("jwks_cache_out_of_range");
  }
  if (!isWithin(options.clockLeewaySeconds, tokenBounds.clockLeewaySecondsMax)) {
    throw new TokenRoomError("clock_leeway_out_of_range");
  }
  const issuer = parseIssuer(options.issuer);
  const url = URL.parse(options.issuer);
  if (issuer === undefined || url === null || hasMoreThanOriginAndPath(url, issuer)) {
    throw new TokenRoomError("issuer_malformed");
  }
  if (url.protocol === "http:" && loopbackHosts.includes(url.hostname)) return issuer;
  if (url.protocol !== "https:") throw new TokenRoomError("issuer_not_https");
  if (options.keySet.kind === "development") throw new TokenRoomError("issuer_needs_key_set");
  return issuer;
}

/** RFC 8414 §2: no query, no fragment; a user name has no business in an issuer either. */
function hasMoreThanOriginAndPath(url: URL, issuer: string): boolean {
  return /[?#@\\]/.test(issuer) || url.host === "" || url.username !== "" || url.password !== "";
}

function isWithin(seconds: number, max: number): boolean {
  return Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= max;
}
