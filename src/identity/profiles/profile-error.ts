/** Why an issuer's profile cannot be used: closed codes, said at the start. */
const profileErrors = {
  keys_unreadable: "The file of the issuer's keys cannot be read.",
  keys_malformed: "The issuer's keys are no JWK set of public keys with a name each.",
  keys_empty: "The issuer has no key for signatures.",
  keys_location_refused:
    "The issuer's keys, or its discovery document, are at no URL that is asked: https (http on this machine), no user, no fragment.",
  keys_times_out_of_range: "Keys are asked for every 30 to 3600 seconds, and count for that long up to a day.",
  algorithms_empty: "The profile accepts no algorithm.",
  issuer_duplicate: "Two profiles are of one issuer.",
  issuer_reserved: "The issuer is this sidecar's own; its profile is `chaperone`.",
  issuer_not_of_profile: "No issuer of the profile's product has such a name.",
  kind_not_of_profile: "The profile's product has no tokens of a kind that is to be accepted.",
  use_not_of_profile: "The issuer cannot vouch for whom it is to vouch.",
  issuers_too_many: "There are too many profiles.",
  audience_missing: "The profile pins no audience.",
  client_pin_missing: "Tokens whose `typ` is `JWT` or absent are accepted only from pinned clients.",
  leeway_out_of_range: "The leeway is no whole number from 0 to 30 seconds; for our own tokens 5.",
  lifetime_out_of_range: "The longest lifetime is no whole number from 1 to 86400 seconds.",
  claim_path_malformed: "A claim's place is no list of one to eight names.",
  permission_malformed: "A scope is mapped to something that is no permission.",
} as const;

export type ProfileErrorCode = keyof typeof profileErrors;

export class ProfileError extends Error {
  readonly code: ProfileErrorCode;

  constructor(code: ProfileErrorCode, issuer: string, options?: ErrorOptions) {
    super(`${code}: ${profileErrors[code]} (${issuer})`, options);
    this.name = "ProfileError";
    this.code = code;
  }
}
