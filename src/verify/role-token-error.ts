/** Why a role token is not accepted: a closed list of codes. The text never holds any part of a token. */

export const roleTokenErrors = {
  token_malformed: "The token is no compact JWS of a role token's size, written the one canonical way.",
  header_wrong: "The header is not exactly typ at+jwt, an accepted algorithm and a key id.",
  key_unknown: "No published key of the issuer fits the token's key id and algorithm.",
  keys_unavailable: "The issuer's keys could not be read.",
  signature_wrong: "The signature is not the issuer's.",
  claims_malformed: "A claim is missing, there twice or of another form than in a role token.",
  issuer_wrong: "The token is of another issuer.",
  audience_wrong: "The token is not for this audience alone.",
  token_expired: "The token's life is over.",
  token_premature: "The token's life has not begun.",
  lifetime_excessive: "The token lives longer than a role token may.",
  chain_malformed: "The actors, the delegation and the lineage do not fit together.",
  proof_unsupported: "The token is bound to a key, and nothing here proves possession of it.",
  permission_missing: "The token does not hold a permission that is required.",
  permission_limited: "A permission has strings attached, and nothing here holds the call to them.",
  use_refused: "The call is not within what is attached to the permission.",
  use_failed: "Whether the call is within what is attached to the permission could not be told.",
} as const;

export type RoleTokenErrorCode = keyof typeof roleTokenErrors;

export class RoleTokenError extends Error {
  override readonly name = "RoleTokenError";
  readonly code: RoleTokenErrorCode;

  constructor(code: RoleTokenErrorCode, options?: ErrorOptions) {
    super(roleTokenErrors[code], options);
    this.code = code;
  }
}
