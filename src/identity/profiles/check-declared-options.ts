/** A profile that would believe too much is refused at the start. */
import type { ShownTokenType } from "../../domain/evidence.ts";
import { identityLimits as limits } from "../limits.ts";
import type { ClaimPlace, DeclaredProfileOptions } from "../options.ts";
import { ProfileError, type ProfileErrorCode } from "./profile-error.ts";
import type { ProfileTable } from "./profile-table.ts";

/** Throws a {@link ProfileError}. */
export function checkDeclaredOptions(options: DeclaredProfileOptions, table: ProfileTable): void {
  const problem = findMismatch(options, table) ?? findProblem(options, table);
  if (problem !== undefined) throw new ProfileError(problem, options.issuer);
}

/** Configuration may take less than the table says, never more. */
function findMismatch(
  { issuer, kinds, vouchesFor }: DeclaredProfileOptions,
  table: ProfileTable,
): ProfileErrorCode | undefined {
  if (!table.isIssuer(issuer)) return "issuer_not_of_profile";
  const possible = table.vouchesFor(issuer);
  if (possible !== "both" && vouchesFor !== possible) return "use_not_of_profile";
  const types: readonly ShownTokenType[] = ["access_token", "jwt", "id_token"];
  const isPossible = types.every(
    (type) => kinds[type]?.every((kind) => table.kindsPossible[type].includes(kind)) ?? true,
  );
  return isPossible ? undefined : "kind_not_of_profile";
}

function findProblem(options: DeclaredProfileOptions, table: ProfileTable): ProfileErrorCode | undefined {
  if (options.algorithms.length === 0) return "algorithms_empty";
  if (options.audiences.length === 0) return "audience_missing";
  if (saysLittle(options, table) && options.clients.length === 0) return "client_pin_missing";
  if (!isWithin(options.leewaySeconds, 0, limits.inboundLeewaySecondsMax)) return "leeway_out_of_range";
  if (!isWithin(options.lifetimeSecondsMax, 1, limits.inboundLifetimeSecondsMax)) return "lifetime_out_of_range";
  const places = [options.capabilities, options.departments, options.roles, options.scopes];
  return places.every(isWellFormed) ? undefined : "claim_path_malformed";
}

/** P3: an access token whose `typ` is any JWT's is told by whom it is for and from. */
function saysLittle({ kinds }: DeclaredProfileOptions, table: ProfileTable): boolean {
  if (table.client === "audience") return false;
  const { access_token: access = table.kinds.access_token, jwt = table.kinds.jwt } = kinds;
  return [...access, ...jwt].some((kind) => kind !== "at+jwt");
}

function isWellFormed(place: ClaimPlace | undefined): boolean {
  if (place === undefined) return true;
  return isWithin(place.path.length, 1, limits.claimPathMax) && !place.path.includes("");
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
