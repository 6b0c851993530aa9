/** The keys that a bundle's signature is verified with, read once at the start: they are trust, not state. */
import type { BundleKey, PolicyOptions } from "../policy/index.ts";
import { ConfigError } from "./config-error.ts";
import type { PlacedSettings } from "./read-settings.ts";

export function chooseBundleSignature(
  { settings: { policy }, placeOf }: PlacedSettings,
  readFile: (path: string) => string,
): PolicyOptions["signature"] | readonly ConfigError[] {
  const refuse = (detail: string, ...rest: readonly (string | number)[]): ConfigError =>
    new ConfigError("settings_conflict", detail, {
      setting: ["policy", ...rest].join("."),
      place: placeOf(["policy", ...rest]),
    });
  const { signature_keys: keys, signature_key_id: keyId } = policy;
  if (policy.signature === "none") {
    const isMeant = keys.length > 0 || keyId !== undefined;
    return isMeant ? [refuse("keys are given, but no signature is required", "signature")] : { mode: "none" };
  }
  if (keys.length === 0) return [refuse("a required signature needs signature_keys", "signature")];
  if (keyId !== undefined && !keys.some(({ id }) => id === keyId)) {
    return [refuse("none of signature_keys has this id", "signature_key_id")];
  }
  const read: BundleKey[] = [];
  const errors: ConfigError[] = [];
  for (const [at, { id, algorithm, public_key_file: file, scope }] of keys.entries()) {
    try {
      read.push({ id, algorithm, publicKey: readFile(file), ...(scope === undefined ? {} : { scope }) });
    } catch {
      errors.push(refuse("the public key's file cannot be read", "signature_keys", at));
    }
  }
  return errors.length > 0 ? errors : { mode: "required", keys: read, ...(keyId === undefined ? {} : { keyId }) };
}
