/** How an issuer's tokens are read: one profile per kind of issuer. A new kind is one file and one line here. */
import type { Issuer } from "../../domain/identifiers.ts";
import { identityLimits } from "../limits.ts";
import type { ProductKind, ProfileOptions, TokensOptions } from "../options.ts";
import { auth0 } from "./auth0.ts";
import { createChaperoneProfile } from "./chaperone.ts";
import { cognito } from "./cognito.ts";
import { entra } from "./entra.ts";
import type { IssuerProfile } from "./issuer-profile.ts";
import { keycloak } from "./keycloak.ts";
import { createDeclaredProfile } from "./declared-profile.ts";
import { oidc } from "./oidc.ts";
import { ProfileError } from "./profile-error.ts";
import type { ProfileTable } from "./profile-table.ts";
import { vault } from "./vault.ts";

export const products: Readonly<Record<ProductKind, ProfileTable>> = {
  oidc,
  keycloak,
  vault,
  entra,
  auth0,
  cognito,
};

/** By issuer, and one each: two profiles of one issuer would let a token choose. Throws a {@link ProfileError}. */
export function createProfiles({ issuers, own, openKeys }: TokensOptions): ReadonlyMap<Issuer, IssuerProfile> {
  if (issuers.length > identityLimits.issuersMax) throw new ProfileError("issuers_too_many", own.issuer);
  const byIssuer = new Map<Issuer, IssuerProfile>();
  for (const options of issuers) {
    const profile = createProfile(options, own, openKeys);
    const { issuer } = profile.rules;
    if (options.kind !== "chaperone" && issuer === own.issuer) throw new ProfileError("issuer_reserved", issuer);
    if (byIssuer.has(issuer)) throw new ProfileError("issuer_duplicate", issuer);
    byIssuer.set(issuer, profile);
  }
  return byIssuer;
}

function createProfile(
  options: ProfileOptions,
  own: TokensOptions["own"],
  openKeys: TokensOptions["openKeys"],
): IssuerProfile {
  return options.kind === "chaperone"
    ? createChaperoneProfile(options, own)
    : createDeclaredProfile(options, products[options.kind], openKeys);
}
