/** One read of the configured key files: every key parsed and proven, or one closed code for the whole set. */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { readDevelopmentKeys } from "./development-keys.ts";
import { parseJwkSet } from "./jwk-set.ts";
import { type KeyFile, readKeyFile } from "./key-material.ts";
import { parsePemFiles, readPemFolder } from "./pem-folder.ts";
import type { SigningKey } from "./signing-key.ts";
import { tokenBounds } from "./token-bounds.ts";
import type { KeySetOptions, SigningAlgorithm, TokenOptions } from "./token-options.ts";
import { TokenRoomError } from "./token-room-error.ts";

export interface KeySet {
  readonly keys: readonly SigningKey[];
  /** Equal for equal files; tells nothing about them. */
  readonly digest: string;
  /** Others on this machine may read a key. A Secret's mount is often so, hence told rather than refused. */
  readonly isExposed: boolean;
}

/** The folder in which a change of the set is seen. */
export function watchedFolder(options: KeySetOptions): string {
  switch (options.kind) {
    case "jwks":
      return dirname(options.path);
    case "development":
    case "pem":
      return options.folder;
  }
}

/** `known` is the digest of the set that is already held: undefined is answered when nothing changed. */
export async function loadKeySet(options: TokenOptions, known?: string): Promise<KeySet | undefined> {
  const files = await readAtRest(options.keySet);
  const digest = digestOf(files);
  if (digest === known) return undefined;
  const keys = await parseKeys(options.keySet, files, options.algorithm);
  checkSet(keys);
  return { keys, digest, isExposed: files.some(({ mode }) => (mode & 0o004) !== 0) };
}

/** Two reads that agree: a set that is being written, or a mount that is being swapped, is half of two sets. */
async function readAtRest(options: KeySetOptions): Promise<readonly KeyFile[]> {
  let files = await readFiles(options);
  for (let attempt = 1; attempt < tokenBounds.readAttemptsMax; attempt++) {
    const again = await readFiles(options);
    if (digestOf(again) === digestOf(files)) return again;
    files = again;
  }
  throw new TokenRoomError("key_set_unreadable", "the files change faster than they can be read");
}

async function readFiles(options: KeySetOptions): Promise<readonly KeyFile[]> {
  switch (options.kind) {
    case "development":
      return [await readDevelopmentKeys(options.folder)];
    case "jwks":
      return [await readKeyFile(options.path, options.path)];
    case "pem":
      return readPemFolder(options.folder);
  }
}

async function parseKeys(
  options: KeySetOptions,
  files: readonly KeyFile[],
  algorithm: SigningAlgorithm,
): Promise<readonly SigningKey[]> {
  switch (options.kind) {
    case "pem":
      return parsePemFiles(files, algorithm);
    case "development":
    case "jwks": {
      const [file] = files;
      if (file === undefined) throw new TokenRoomError("key_set_missing", watchedFolder(options));
      return parseJwkSet(file, algorithm);
    }
  }
}

function checkSet(keys: readonly SigningKey[]): void {
  if (keys.length === 0) throw new TokenRoomError("key_set_empty");
  if (keys.length > tokenBounds.keysMax) throw new TokenRoomError("key_set_too_large");
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw new TokenRoomError("key_duplicate");
  if (new Set(keys.map(({ activateAt }) => activateAt)).size < keys.length) throw new TokenRoomError("activation_tied");
}

function digestOf(files: readonly KeyFile[]): string {
  const encoded = JSON.stringify(files.map(({ name, text, mode }) => [name, text, mode]));
  return createHash("sha256").update(encoded).digest("base64url");
}
