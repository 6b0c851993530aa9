/** Where issuers' keys come from: one line per kind. What is fetched from outside is followed and closed together. */
import type { IssuerKeysState, IssuerKeysStatus } from "../../ports/issuer-keys-status.ts";
import { identityLimits as limits } from "../limits.ts";
import { ProfileError } from "../profiles/profile-error.ts";
import { createDiscoverySource, createUrlSource, type KeySetSource } from "./fetch-key-set.ts";
import { FollowedKeys, type FollowingOptions, type FollowingWorld } from "./followed-keys.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { createStaticKeys, type StaticKeysOptions } from "./static-keys.ts";

/** A JWK set at a URL. */
export interface RemoteKeysOptions extends FollowingOptions {
  readonly kind: "remote";
  readonly url: string;
}

/** The JWK set that the issuer's own discovery document names. */
export interface DiscoveredKeysOptions extends FollowingOptions {
  readonly kind: "discovery";
}

export type KeysOptions = StaticKeysOptions | RemoteKeysOptions | DiscoveredKeysOptions;

/** Throws a {@link ProfileError}; `issuer` names the place in it. */
export type OpenKeys = (options: KeysOptions, issuer: string) => IssuerKeys;

/** Where nothing may be fetched. */
export const openStaticKeys: OpenKeys = (options, issuer) => {
  if (options.kind !== "static") throw new TypeError("keys from outside need a room that follows them");
  return createStaticKeys(options, issuer);
};

export class KeySources implements IssuerKeysStatus {
  readonly #world: FollowingWorld;
  readonly #followed: FollowedKeys[] = [];

  constructor(world: FollowingWorld) {
    this.#world = world;
  }

  /** Fetches nothing yet. */
  readonly open: OpenKeys = (options, issuer) => {
    switch (options.kind) {
      case "static":
        return createStaticKeys(options, issuer);
      case "remote":
        return this.#follow(createUrlSource(options.url, issuer), options, issuer);
      case "discovery":
        return this.#follow(createDiscoverySource(issuer), options, issuer);
    }
  };

  states(): readonly IssuerKeysState[] {
    return this.#followed.map((keys) => keys.state());
  }

  /** Asks every issuer now. Never rejects. */
  async refresh(): Promise<void> {
    await Promise.all(this.#followed.map((keys) => keys.refresh()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#followed.map((keys) => keys.close()));
  }

  #follow(source: KeySetSource, options: FollowingOptions, issuer: string): IssuerKeys {
    const { refreshSeconds: refresh, staleSeconds: stale } = options;
    const isInRange = refresh >= limits.keyRefreshSecondsMin && refresh <= limits.keyRefreshSecondsMax;
    if (!isInRange || !(stale >= refresh && stale <= limits.keyStaleSecondsMax)) {
      throw new ProfileError("keys_times_out_of_range", issuer);
    }
    const keys = new FollowedKeys(issuer, source, options, this.#world);
    this.#followed.push(keys);
    return keys;
  }
}
