/**
 * Reading single claims: exact, all or nothing. No trimming, no case folding of values; an element that is no string
 * refuses the whole claim, and two spellings with different values refuse both (P24, P25).
 */
import { bounds } from "../domain/bounds.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../domain/json.ts";
import { Refusal } from "../domain/refusal.ts";
import type { ClaimPlace, Separator } from "./options.ts";

export const separators: Readonly<Record<Separator, RegExp | undefined>> = {
  space: / /,
  comma: /,/,
  space_or_comma: /[ ,]/,
  none: undefined,
};

/** The strings of a claim that gateways send as a string or an array, under any one of `spellings`. */
export function readStrings(
  claims: JsonObject,
  spellings: readonly string[],
  separator?: RegExp,
): readonly string[] | Refusal {
  let found: readonly string[] | undefined;
  for (const spelling of spellings) {
    const value = ownMember(claims, spelling);
    if (value === undefined) continue;
    const strings = toStrings(value, separator);
    if (strings === undefined) return Refusal.because("claim_malformed");
    if (found !== undefined && !sameStrings(found, strings)) return Refusal.because("claims_conflict");
    found = strings;
  }
  return found ?? [];
}

/** A claim that must be one string when it is there at all. */
export function readString(claims: JsonObject, name: string): string | undefined | Refusal {
  const value = ownMember(claims, name);
  return value === undefined || typeof value === "string" ? value : Refusal.because("claim_malformed");
}

/** A NumericDate (RFC 7519 §2) that is a safe, non-negative number of seconds. */
export function readNumericDate(claims: JsonObject, name: string): number | undefined | Refusal {
  const value = ownMember(claims, name);
  if (value === undefined) return undefined;
  return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER
    ? value
    : Refusal.because("claim_malformed");
}

/** The names at one place of a token; nothing there, or no place, means none. */
export function readPlace(claims: JsonObject, place: ClaimPlace | undefined): readonly string[] | Refusal {
  const last = place?.path.at(-1);
  if (place === undefined || last === undefined) return [];
  let holder = claims;
  for (const member of place.path.slice(0, -1)) {
    const next = ownMember(holder, member);
    if (next === undefined) return [];
    if (!isJsonObject(next)) return Refusal.because("claim_malformed");
    holder = next;
  }
  return readStrings(holder, [last], separators[place.separator]);
}

/** Names separated by single spaces, and not many: the role token repeats them, and no other text of a claim. */
const profileNames = /^[\w.:/-]+(?: [\w.:/-]+)*$/;

/** `sub_profile`: what kind of actor it is. */
export function readProfile(claims: JsonObject): string | undefined | Refusal {
  const profile = readString(claims, "sub_profile");
  if (profile === undefined || profile instanceof Refusal) return profile;
  const isNames = profile.length <= bounds.nameLengthMax && profileNames.test(profile);
  return isNames ? profile : Refusal.because("claim_malformed");
}

function toStrings(value: Json, separator: RegExp | undefined): readonly string[] | undefined {
  const elements = isJsonArray(value) ? value : [value];
  if (elements.length > bounds.setSizeMax) return undefined;
  const strings: string[] = [];
  for (const element of elements) {
    if (typeof element !== "string") return undefined;
    // Only a bare string is split: an array's elements are already what the issuer meant as one each.
    strings.push(
      ...(separator === undefined || isJsonArray(value) ? [element] : element.split(separator).filter(Boolean)),
    );
  }
  return strings.length > bounds.setSizeMax || strings.some((text) => !isName(text)) ? undefined : strings;
}

function isName(text: string): boolean {
  return text.length > 0 && text.length <= bounds.nameLengthMax;
}

function sameStrings(left: readonly string[], right: readonly string[]): boolean {
  return new Set(left).symmetricDifference(new Set(right)).size === 0;
}
