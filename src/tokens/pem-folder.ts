/**
 * A folder of PEM files, as a Kubernetes Secret is mounted: each `<name>.pem` is one private key (PKCS#8 or SEC 1),
 * and `<name>.activate_at` beside it says from when it signs. Other files are not looked at.
 */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { asTokenRoomError, type KeyFile, parseActivation, readKeyFile } from "./key-material.ts";
import { createSigningKey, type SigningKey } from "./signing-key.ts";
import { tokenBounds } from "./token-bounds.ts";
import type { SigningAlgorithm } from "./token-options.ts";
import { TokenRoomError } from "./token-room-error.ts";

const keyEnding = ".pem";
const activationEnding = ".activate_at";

export async function readPemFolder(folder: string): Promise<readonly KeyFile[]> {
  const names = await listNames(folder);
  if (names.length > tokenBounds.keysMax * 2) throw new TokenRoomError("key_set_too_large", folder);
  return Promise.all(names.map((name) => readKeyFile(join(folder, name), name)));
}

async function listNames(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => !name.startsWith(".") && (name.endsWith(keyEnding) || name.endsWith(activationEnding)))
      .sort();
  } catch (cause) {
    throw asTokenRoomError(cause, folder);
  }
}

export async function parsePemFiles(
  files: readonly KeyFile[],
  algorithm: SigningAlgorithm,
): Promise<readonly SigningKey[]> {
  const activations = new Map<string, string>();
  for (const { name, text } of files) {
    if (name.endsWith(activationEnding)) activations.set(name.slice(0, -activationEnding.length), text.trim());
  }
  const keys: SigningKey[] = [];
  for (const { name, text } of files) {
    if (!name.endsWith(keyEnding)) continue;
    const stem = name.slice(0, -keyEnding.length);
    const activateAt = parseActivation(activations.get(stem), stem + activationEnding);
    activations.delete(stem);
    keys.push(await createSigningKey({ privateKey: parsePem(text, name), activateAt, place: name }, algorithm));
  }
  const [orphan] = activations.keys();
  if (orphan !== undefined) throw new TokenRoomError("activation_without_key", orphan + activationEnding);
  return keys;
}

function parsePem(text: string, place: string): KeyObject {
  // `openssl ecparam -genkey` writes the curve's parameters before the key.
  const labels = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)]
    .map(([, label]) => label ?? "")
    .filter((label) => label !== "EC PARAMETERS");
  const [label] = labels;
  if (label === undefined || labels.length > 1) throw new TokenRoomError("key_malformed", place);
  if (label.startsWith("ENCRYPTED") || text.includes("Proc-Type: 4,ENCRYPTED")) {
    throw new TokenRoomError("key_encrypted", place);
  }
  if (!label.endsWith("PRIVATE KEY")) throw new TokenRoomError("key_private_missing", place);
  try {
    return createPrivateKey({ key: text, format: "pem" });
  } catch {
    throw new TokenRoomError("key_malformed", place);
  }
}
