/**
 * From grant to signed role token, in two calls with the record between them: what is signed is, byte for byte,
 * what was prepared.
 */
import type { Grant } from "../domain/grant.ts";
import type { Issuer, KeyId, TokenId } from "../domain/identifiers.ts";
import { Fault } from "../domain/refusal.ts";
import type { PreparedToken, TokenMinter } from "../ports/token-minter.ts";
import { drawTokenId } from "./identifier-source.ts";
import { renderClaims } from "./role-token-claims.ts";
import type { SigningKey } from "./signing-key.ts";
import { tokenBounds } from "./token-bounds.ts";

/** `signingKey` answers which key signs at an instant, if any. */
export function createRoleTokenMinter(
  issuer: Issuer,
  signingKey: (now: number) => SigningKey | undefined,
): TokenMinter {
  return {
    prepare(grant: Grant): PreparedToken {
      const key = signingKey(grant.issuedAt);
      if (key === undefined) throw new Fault("signing_unavailable", "no key may sign now");
      const jti = drawTokenId();
      const claims = JSON.stringify(renderClaims(grant, issuer, jti));
      return new PreparedRoleToken(key, jti, key.encodedHeader + Buffer.from(claims).toString("base64url"));
    },
  };
}

class PreparedRoleToken implements PreparedToken {
  readonly jti: TokenId;
  readonly kid: KeyId;
  readonly #key: SigningKey;
  #signingInput: string | undefined;

  constructor(key: SigningKey, jti: TokenId, signingInput: string) {
    if (signingInput.length > tokenBounds.tokenBytesMax) throw new Fault("mint_failed", "the token would be too large");
    this.jti = jti;
    this.kid = key.kid;
    this.#key = key;
    this.#signingInput = signingInput;
  }

  sign(): string {
    const signingInput = this.#signingInput;
    if (signingInput === undefined) throw new Fault("mint_failed", "the token was already signed");
    this.#signingInput = undefined;
    try {
      return `${signingInput}.${this.#key.sign(signingInput)}`;
    } catch (cause) {
      throw new Fault("mint_failed", "the key did not sign", { cause });
    }
  }
}
