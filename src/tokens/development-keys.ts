/**
 * The development key set: made on this machine, kept in the state folder, rotated by command.
 *
 * A set is never changed in place. Each change is a new file `development-keys.<number>.json`, complete and on disk
 * before it gets its name, and the highest number is the set. Taking a name fails when somebody else has it, so two
 * writers cannot lose each other's keys and a crash leaves either the old set or the new one; there is no lock to
 * leave behind.
 */
import { generateKeyPairSync } from "node:crypto";
import { link, mkdir, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import type { JsonObject } from "../domain/json.ts";
import { drawTokenId } from "./identifier-source.ts";
import { type KeyFile, readKeyFile, systemCode } from "./key-material.ts";
import { tokenBounds } from "./token-bounds.ts";
import type { SigningAlgorithm } from "./token-options.ts";
import { TokenRoomError } from "./token-room-error.ts";

export interface DevelopmentKeyFile extends KeyFile {
  readonly generation: number;
}

const fileName = /^development-keys\.(\d{6})\.json$/;
const nameOf = (generation: number): string => `development-keys.${String(generation).padStart(6, "0")}.json`;

/** The newest set. Throws a {@link TokenRoomError}: missing, unreadable, or open to others. */
export async function readDevelopmentKeys(folder: string): Promise<DevelopmentKeyFile> {
  for (let attempt = 1; ; attempt++) {
    const generation = Math.max(0, ...(await listGenerations(folder)));
    if (generation === 0) throw new TokenRoomError("key_set_missing", folder);
    await assertFolderIsOurs(folder);
    try {
      const file = await readKeyFile(join(folder, nameOf(generation)), nameOf(generation));
      if ((file.mode & 0o077) !== 0) throw new TokenRoomError("key_file_exposed", file.name);
      return { ...file, generation };
    } catch (cause) {
      // Between listing and reading, a newer set may have taken its place.
      const wasReplaced = cause instanceof TokenRoomError && cause.code === "key_set_missing";
      if (!wasReplaced || attempt >= tokenBounds.readAttemptsMax) throw cause;
    }
  }
}

/** The set that follows `generation`; false when another writer was first and the caller must read again. */
export async function replaceDevelopmentKeys(
  folder: string,
  generation: number,
  entries: readonly JsonObject[],
): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 }).catch(ignoreExisting);
    await assertFolderIsOurs(folder);
    const draft = join(folder, `.draft-${drawTokenId()}`);
    try {
      await writeDurably(draft, `${JSON.stringify({ keys: entries }, null, 2)}\n`);
      await link(draft, join(folder, nameOf(generation + 1)));
    } finally {
      await unlink(draft).catch(ignoreMissing);
    }
    await syncFolder(folder);
    return await settle(folder, generation + 1);
  } catch (cause) {
    if (systemCode(cause) === "EEXIST") return false;
    throw cause instanceof TokenRoomError ? cause : new TokenRoomError("key_set_unwritable", folder, { cause });
  }
}

/**
 * A writer that slept may have taken a name below the highest, freed when that one was tidied away:
 * what it wrote is then not the set.
 */
async function settle(folder: string, own: number): Promise<boolean> {
  const generations = await listGenerations(folder);
  const isNewest = generations.every((other) => other <= own);
  const stale = isNewest ? generations.filter((other) => other < own) : [own];
  for (const generation of stale) await unlink(join(folder, nameOf(generation))).catch(ignoreMissing);
  return isNewest;
}

/** Makes the first key when there is none. Another process may make it first; that one is then used. */
export async function ensureDevelopmentKey(folder: string, algorithm: SigningAlgorithm, now: number): Promise<void> {
  try {
    await readDevelopmentKeys(folder);
  } catch (cause) {
    if (!(cause instanceof TokenRoomError) || cause.code !== "key_set_missing") throw cause;
    await replaceDevelopmentKeys(folder, 0, [await generateEntry(algorithm, now)]);
  }
}

/** A private key as it stands in the set. */
export type DevelopmentEntry = JsonObject & { readonly kid: string; readonly activate_at: number };

export async function generateEntry(algorithm: SigningAlgorithm, activateAt: number): Promise<DevelopmentEntry> {
  const { privateKey } =
    algorithm === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
  const { kty, crv, x, y, d } = privateKey.export({ format: "jwk" });
  if (kty === undefined || crv === undefined || x === undefined || d === undefined) {
    throw new TokenRoomError("key_malformed");
  }
  const members = { kty, crv, x, ...(y === undefined ? {} : { y }) };
  const kid = await calculateJwkThumbprint(members, "sha256");
  return { ...members, d, kid, alg: algorithm, use: "sig", activate_at: activateAt };
}

async function listGenerations(folder: string): Promise<readonly number[]> {
  try {
    const names = await readdir(folder);
    return names.flatMap((name) => fileName.exec(name)?.[1] ?? []).map(Number);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw new TokenRoomError("key_set_unreadable", folder, { cause });
  }
}

/** Who may write to the folder may put a key of his own there. */
async function assertFolderIsOurs(folder: string): Promise<void> {
  const { mode } = await stat(folder);
  if ((mode & 0o022) !== 0) throw new TokenRoomError("key_folder_exposed", folder);
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await file.writeFile(text);
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

function ignoreExisting(cause: unknown): void {
  if (systemCode(cause) !== "EEXIST") throw cause;
}

function ignoreMissing(cause: unknown): void {
  if (systemCode(cause) !== "ENOENT") throw cause;
}
