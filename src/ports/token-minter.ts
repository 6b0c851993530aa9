import type { Grant } from "../domain/grant.ts";
import type { KeyId, TokenId } from "../domain/identifiers.ts";

/** The claims to be signed, complete, before anything is signed: what goes on record first. */
export interface PreparedToken {
  readonly jti: TokenId;
  readonly kid: KeyId;
  /** Compact JWS. Called at most once, after the record is written. Throws a Fault `mint_failed`. */
  sign(): string | Promise<string>;
}

export interface TokenMinter {
  /** Throws a Fault `signing_unavailable` when no key may sign at `grant.issuedAt`. Nothing leaves and nothing is kept. */
  prepare(grant: Grant): PreparedToken;
}
