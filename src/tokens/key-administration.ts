/** What the command line does with the keys of a sidecar, running or not: it works on the files, the sidecar follows. */
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import type { PublishedKeys } from "../ports/published-keys.ts";
import {
  type DevelopmentKeyFile,
  generateEntry,
  readDevelopmentKeys,
  replaceDevelopmentKeys,
} from "./development-keys.ts";
import { listEntries, parseJwkSet } from "./jwk-set.ts";
import { asTokenRoomError } from "./key-material.ts";
import { KeySchedule, publishLeadSeconds } from "./key-schedule.ts";
import { loadKeySet, watchedFolder } from "./key-set.ts";
import { type KeyState, renderKeyState } from "./key-state.ts";
import { tokenBounds } from "./token-bounds.ts";
import type { TokenOptions } from "./token-options.ts";
import { TokenRoomError } from "./token-room-error.ts";

/** The keys as the files have them at `now`. Creates nothing; what is wrong stands in `problem`. */
export async function listKeys(options: TokenOptions, now: number): Promise<KeyState> {
  const empty = KeySchedule.empty(options);
  try {
    const set = await loadKeySet(options);
    const schedule = set === undefined ? empty : empty.replacedBy(set.keys, now);
    return renderKeyState(schedule, now, { problem: undefined, isExposed: set?.isExposed ?? false });
  } catch (cause) {
    const { code, message } = asTokenRoomError(cause, watchedFolder(options.keySet));
    return renderKeyState(empty, now, { problem: { code, detail: message, since: now }, isExposed: false });
  }
}

/** The public keys as the files have them, for verifying beside a sidecar. Creates nothing; throws a {@link TokenRoomError}. */
export async function readPublishedKeys(options: TokenOptions, now: number): Promise<PublishedKeys> {
  const set = await loadKeySet(options).catch((cause: unknown) => {
    throw asTokenRoomError(cause, watchedFolder(options.keySet));
  });
  const schedule = KeySchedule.empty(options).replacedBy(set?.keys ?? [], now);
  return { publicKeys: (at) => schedule.published(at).map(({ key }) => key.publicJwk) };
}

export interface Rotation {
  readonly kid: string;
  /** Epoch seconds. */
  readonly activateAt: number;
}

/**
 * Adds the next development key; it signs once every cached JWKS knows it. Keys whose last token is dead are dropped.
 * Throws a {@link TokenRoomError}: `rotation_not_ours` for a shared set, `rotation_pending` while a key waits already.
 */
export async function rotateKeys(options: TokenOptions, now: number): Promise<Rotation> {
  if (options.keySet.kind !== "development") throw new TokenRoomError("rotation_not_ours");
  const { folder } = options.keySet;
  const activateAt = now + publishLeadSeconds(options) + tokenBounds.rotationSlackSeconds;
  for (let attempt = 1; attempt <= tokenBounds.readAttemptsMax; attempt++) {
    const file = await readDevelopmentKeys(folder);
    const kept = await keptEntries(file, options, now);
    const entry = await generateEntry(options.algorithm, activateAt);
    if (await replaceDevelopmentKeys(folder, file.generation, [...kept, entry])) {
      return { kid: entry.kid, activateAt };
    }
  }
  throw new TokenRoomError("key_set_unwritable", folder);
}

async function keptEntries(file: DevelopmentKeyFile, options: TokenOptions, now: number): Promise<JsonObject[]> {
  const keys = await parseJwkSet(file, options.algorithm);
  if (keys.some(({ activateAt }) => activateAt > now)) throw new TokenRoomError("rotation_pending");
  const published = KeySchedule.empty(options).replacedBy(keys, now).published(now);
  const kids = new Set<unknown>(published.map(({ key }) => key.kid));
  return listEntries(file)
    .filter(isJsonObject)
    .filter((entry, index) => kids.has(entry["kid"] ?? keys[index]?.kid));
}
