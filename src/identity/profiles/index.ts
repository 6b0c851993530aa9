/** How an issuer's tokens are read: one profile per kind of issuer. A new kind is one file and one line here. */
import type { Issuer } from "../../domain/identifiers.ts";
import { identityLimits } from "../limits.ts";
import type { ProfileOptions, TokensOptions } from "../options.ts";
import { createChaperoneProfile } from "./chaperone.ts";
import type { IssuerProfile } from "./issuer-profile.ts";
import { createOidcProfile } from "./oidc.ts";
import { ProfileError } from "./profile-error.ts";

type Profiles = {
  [Kind in ProfileOptions["kind"]]: (
    options: Extract<ProfileOptions, { kind: Kind }>,
    own: TokensOptions["own"],
    openKeys: TokensOptions["openKeys"],
  ) => IssuerProfile;
};

const profiles: Profiles = {
  chaperone: createChaperoneProfile,
  oidc: (options, _own, openKeys) => createOidcProfile(options, openKeys),
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
  switch (options.kind) {
    case "chaperone":
      return profiles.chaperone(options, own, openKeys);
    case "oidc":
      return profiles.oidc(options, own, openKeys);
  }
}
