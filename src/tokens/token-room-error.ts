/** Why the room cannot be built or its keys cannot be used: closed codes, and no key material in any text. */

export const tokenRoomErrors = {
  issuer_malformed: "The issuer is no absolute URL of scheme, host and path.",
  issuer_not_https: "The issuer must be https; http is for loopback only.",
  issuer_needs_key_set:
    "An issuer beyond loopback needs a configured key set; the development key is this machine's own.",
  jwks_cache_out_of_range: "jwksCacheSeconds must be a whole number from 0 to 86400.",
  clock_leeway_out_of_range: "clockLeewaySeconds must be a whole number from 0 to 5.",
  key_set_missing: "There is no key file at the configured place.",
  key_set_unreadable: "The key files cannot be read.",
  key_set_malformed: "The key file is no JSON object with a list `keys`.",
  key_set_empty: "The key set holds no key.",
  key_set_too_large: "The key set holds too many keys or a file that is too large.",
  key_set_unwritable: "The development key cannot be written to its folder.",
  key_folder_exposed: "Others may write to the folder of the development key.",
  key_file_exposed: "Others may read the development key; its file must be 0600.",
  key_malformed: "A key cannot be parsed.",
  key_encrypted: "A key is encrypted; mount it decrypted.",
  key_private_missing: "An entry holds no private key.",
  key_algorithm_wrong: "A key is not of the configured algorithm (ES256: P-256, EdDSA: Ed25519).",
  key_use_wrong: "A key is marked for something other than signing.",
  key_id_wrong: "A `kid` is not the RFC 7638 thumbprint of its key.",
  key_inconsistent: "The public half of a key does not belong to its private half.",
  key_duplicate: "One key stands in the set twice.",
  activation_malformed: "An `activate_at` is neither epoch seconds nor an RFC 3339 time.",
  activation_tied: "Two keys have the same `activate_at`, so neither is the newer one; give each its own.",
  activation_without_key: "An `.activate_at` file stands without its `.pem` file.",
  keys_all_in_future: "No key of the set may sign yet.",
  rotation_not_ours:
    "This key set is shared and not ours to rotate: add a key with a later `activate_at` to it, where it is kept.",
  rotation_pending: "The next key is already published and has not begun to sign.",
} as const;

export type TokenRoomErrorCode = keyof typeof tokenRoomErrors;

/** `place` names a file or an entry for the operator, never what stands in it. */
export class TokenRoomError extends Error {
  readonly code: TokenRoomErrorCode;
  readonly place: string | undefined;

  constructor(code: TokenRoomErrorCode, place?: string, options?: ErrorOptions) {
    super(`${code}: ${tokenRoomErrors[code]}${place === undefined ? "" : ` (${place})`}`, options);
    this.name = "TokenRoomError";
    this.code = code;
    this.place = place;
  }
}
