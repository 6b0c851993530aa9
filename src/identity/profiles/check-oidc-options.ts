/** A profile that would believe too much is refused at the start. */
import { identityLimits as limits } from "../limits.ts";
import type { ClaimPlace, OidcProfileOptions } from "../options.ts";
import { ProfileError, type ProfileErrorCode } from "./profile-error.ts";

/** Throws a {@link ProfileError}. */
export function checkOidcOptions(options: OidcProfileOptions): void {
  const problem = findProblem(options);
  if (problem !== undefined) throw new ProfileError(problem, options.issuer);
}

function findProblem(options: OidcProfileOptions): ProfileErrorCode | undefined {
  if (options.algorithms.length === 0) return "algorithms_empty";
  if (options.audiences.length === 0) return "audience_missing";
  if (saysLittle(options) && options.clients.length === 0) return "client_pin_missing";
  if (!isWithin(options.leewaySeconds, 0, limits.inboundLeewaySecondsMax)) return "leeway_out_of_range";
  if (!isWithin(options.lifetimeSecondsMax, 1, limits.inboundLifetimeSecondsMax)) return "lifetime_out_of_range";
  const places = [options.capabilities, options.departments, options.roles, options.scopes];
  return places.every(isWellFormed) ? undefined : "claim_path_malformed";
}

/** P3: an access token whose `typ` is any JWT's is told by whom it is for and from. */
function saysLittle({ kinds }: OidcProfileOptions): boolean {
  return [...kinds.access_token, ...kinds.jwt].some((kind) => kind !== "at+jwt");
}

function isWellFormed(place: ClaimPlace | undefined): boolean {
  if (place === undefined) return true;
  return isWithin(place.path.length, 1, limits.claimPathMax) && !place.path.includes("");
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
