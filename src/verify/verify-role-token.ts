/** The order in which a resource server comes to believe a role token. */
import { compactVerify, errors, type JWTVerifyGetKey } from "jose";
import { checkExpectations } from "./check-expectations.ts";
import { issuerKeys } from "./issuer-keys.ts";
import { algorithms, checkCompact, readObject } from "./read-compact.ts";
import { readClaims } from "./read-claims.ts";
import { requirePermissions } from "./require-permissions.ts";
import { RoleTokenError } from "./role-token-error.ts";
import type { RoleToken, RoleTokenExpectations } from "./role-token.ts";

/** Rejects with a {@link RoleTokenError} for a token that is not accepted, with a TypeError for a wrong option. */
export async function verifyRoleToken(token: string, expected: RoleTokenExpectations): Promise<RoleToken> {
  checkExpectations(expected);
  const keys = issuerKeys(expected);
  checkCompact(token);
  const claims = readObject(await verifySignature(token, keys));
  if (claims === undefined) throw new RoleTokenError("claims_malformed");
  const verified = readClaims(claims, expected);
  await requirePermissions(verified, expected);
  return verified;
}

async function verifySignature(token: string, keys: JWTVerifyGetKey): Promise<Uint8Array> {
  try {
    const { payload } = await compactVerify(token, keys, { algorithms });
    return payload;
  } catch (cause) {
    if (cause instanceof errors.JWSSignatureVerificationFailed) throw new RoleTokenError("signature_wrong");
    if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys) {
      throw new RoleTokenError("key_unknown");
    }
    throw new RoleTokenError("keys_unavailable", { cause });
  }
}
