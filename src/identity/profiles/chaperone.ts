/**
 * Our own role token, exchanged onward (DESIGN §5): a parent grant and the chain that holds it. It is never an actor's
 * token, and of the person it says the name alone; what may be done stands in the grant.
 */
import { bounds } from "../../domain/bounds.ts";
import type { Issuer } from "../../domain/identifiers.ts";
import type { IssuerKeys } from "../keys/issuer-keys.ts";
import { createOwnKeys } from "../keys/own-keys.ts";
import { identityLimits } from "../limits.ts";
import type { ChaperoneProfileOptions, TokensOptions } from "../options.ts";
import { untrusted } from "../token-problem.ts";
import type { IssuerProfile } from "./issuer-profile.ts";
import { ProfileError } from "./profile-error.ts";
import { usualShape } from "./profile-table.ts";
import { readRoleToken } from "./read-role-token.ts";

/** Throws a {@link ProfileError}. */
export function createChaperoneProfile(
  { leewaySeconds }: ChaperoneProfileOptions,
  { issuer, keys }: TokensOptions["own"],
): IssuerProfile {
  return createRoleTokenProfile(issuer, createOwnKeys(keys), leewaySeconds);
}

/** Role tokens of any Chaperone. Throws a {@link ProfileError}. */
export function createRoleTokenProfile(issuer: Issuer, keys: IssuerKeys, leewaySeconds: number): IssuerProfile {
  const isLeeway = Number.isSafeInteger(leewaySeconds) && leewaySeconds >= 0;
  if (!isLeeway || leewaySeconds > identityLimits.ownLeewaySecondsMax) {
    throw new ProfileError("leeway_out_of_range", issuer);
  }
  return {
    rules: {
      issuer,
      keys,
      algorithms: ["ES256", "EdDSA"],
      kinds: { access_token: ["at+jwt"], jwt: ["at+jwt"], id_token: [] },
      shape: usualShape,
      vouchesFor: "subjects",
      audiences: undefined,
      multipleAudiences: "refuse",
      clients: [],
      leewaySeconds,
      lifetimeSecondsMax: bounds.lifetimeSecondsMax,
    },
    readSubject: readRoleToken,
    readActor: () => untrusted("actor", "use"),
  };
}
