/** An issuer's JWK set from its URL, or from the one URL that is taken from its discovery document. */
import { isJsonObject, type Json, ownMember } from "../../domain/json.ts";
import { ProfileError } from "../profiles/profile-error.ts";
import { type FetchedJson, fetchJson } from "./fetch-json.ts";
import { isLoopbackHost } from "./key-address.ts";
import { KeyFetchError } from "./key-fetch-error.ts";
import { discoveryLocations, parseKeyLocation } from "./key-location.ts";
import { parseKeySet } from "./key-set.ts";
import type { PublicKey } from "./public-key.ts";

export interface FetchedKeySet {
  /** Perhaps none: the issuer has taken all of them back. */
  readonly keys: readonly PublicKey[];
  readonly maxAgeSeconds: number | undefined;
}

export interface KeySetSource {
  /** What is asked first; for operators. */
  readonly location: string;
  /** Throws a {@link KeyFetchError}. */
  fetch(signal: AbortSignal): Promise<FetchedKeySet>;
}

/** Throws a {@link ProfileError}; nothing is fetched yet. */
export function createUrlSource(text: string, issuer: string): KeySetSource {
  const url = parseKeyLocation(text);
  if (url === undefined) throw new ProfileError("keys_location_refused", issuer);
  return { location: url.href, fetch: (signal) => fetchKeySet(url, issuer, signal) };
}

/** Throws a {@link ProfileError}; nothing is fetched yet. */
export function createDiscoverySource(issuer: string): KeySetSource {
  const locations = discoveryLocations(issuer);
  const [first] = locations ?? [];
  if (locations === undefined || first === undefined) throw new ProfileError("keys_location_refused", issuer);
  return {
    location: first.href,
    fetch: async (signal) => {
      const { json } = await fetchFirst(locations, signal);
      return await fetchKeySet(readLocation(json, issuer), issuer, signal);
    },
  };
}

async function fetchKeySet(url: URL, issuer: string, signal: AbortSignal): Promise<FetchedKeySet> {
  const { json, maxAgeSeconds } = await fetchJson(url, signal);
  const keys = parseKeySet(json, issuer);
  if (keys === undefined) throw new KeyFetchError("keys_malformed");
  return { keys, maxAgeSeconds };
}

/** Only a document that is not there makes way for the next: what is there and wrong is wrong. */
async function fetchFirst([url, ...others]: readonly URL[], signal: AbortSignal): Promise<FetchedJson> {
  if (url === undefined) throw new KeyFetchError("status_wrong", "404");
  try {
    return await fetchJson(url, signal);
  } catch (cause) {
    const isAbsent = cause instanceof KeyFetchError && cause.code === "status_wrong" && cause.detail === "404";
    if (!isAbsent) throw cause;
    return await fetchFirst(others, signal);
  }
}

/** A document of another issuer must not lend it its keys (P43), and no issuer makes this machine ask itself. */
function readLocation(document: Json, issuer: string): URL {
  if (!isJsonObject(document) || ownMember(document, "issuer") !== issuer) throw new KeyFetchError("issuer_differs");
  const named = ownMember(document, "jwks_uri");
  const location = typeof named === "string" ? parseKeyLocation(named) : undefined;
  const isOutside = location !== undefined && !isLoopbackHost(location.hostname);
  if (location === undefined || (!isOutside && !isOnThisMachine(issuer))) throw new KeyFetchError("location_refused");
  return location;
}

function isOnThisMachine(issuer: string): boolean {
  return isLoopbackHost(URL.parse(issuer)?.hostname ?? "");
}
