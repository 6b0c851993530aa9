/** The room that mints role tokens and keeps the keys that sign them. */
import type { Issuer } from "../domain/identifiers.ts";
import type { Announcer } from "../ports/announcer.ts";
import type { Clock } from "../ports/clock.ts";
import type { PublishedKeys } from "../ports/published-keys.ts";
import type { TokenMinter } from "../ports/token-minter.ts";
import { KeyFollower } from "./key-follower.ts";
import { KeyRing } from "./key-ring.ts";
import { watchedFolder } from "./key-set.ts";
import type { KeyState } from "./key-state.ts";
import { createRoleTokenMinter } from "./role-token-minter.ts";
import { checkTokenOptions, type TokenOptions } from "./token-options.ts";

export { createIdentifierSource } from "./identifier-source.ts";
export { listKeys, readPublishedKeys, rotateKeys } from "./key-administration.ts";
export type { KeyState, KeyView } from "./key-state.ts";
export type { KeySetOptions, SigningAlgorithm, TokenOptions } from "./token-options.ts";
export { TokenRoomError, type TokenRoomErrorCode, tokenRoomErrors } from "./token-room-error.ts";

export interface TokenRoom {
  readonly issuer: Issuer;
  readonly minter: TokenMinter;
  readonly keys: PublishedKeys;
  /** For the JWKS's `Cache-Control: max-age`. */
  readonly jwksCacheSeconds: number;
  /** Ready when `active` is set. */
  state(): KeyState;
  /** Reads the key files now. Never rejects: what is wrong stands in the state. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Throws a {@link TokenRoomError} for options that would make tokens nobody should trust. Key files that are missing
 * or broken do not throw: the room is then not ready, and becomes ready when they are mended.
 */
export async function createTokenRoom(
  options: TokenOptions,
  world: { readonly clock: Clock; readonly announcer: Announcer },
): Promise<TokenRoom> {
  const issuer = checkTokenOptions(options);
  const ring = new KeyRing(options, world);
  await ring.load();
  const follower = new KeyFollower(watchedFolder(options.keySet), () => void ring.load());
  return {
    issuer,
    minter: createRoleTokenMinter(issuer, (now) => ring.signingKey(now)),
    keys: ring,
    jwksCacheSeconds: options.jwksCacheSeconds,
    state: () => ring.state(),
    reload: () => ring.load(),
    close: async () => {
      follower.close();
      await ring.idle();
    },
  };
}
