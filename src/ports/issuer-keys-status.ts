/** Why an issuer's keys could not be fetched; docs/identity/keys.md says what to do about each. */
export const issuerKeysProblems = {
  unreachable: "No whole answer came: no such host, no connection, no trusted certificate, or cut off.",
  timed_out: "The answer was not whole in time.",
  address_refused: "The host has an address that keys are never fetched from.",
  redirected: "The answer points elsewhere, and no redirect is followed.",
  status_wrong: "The answer's status is not 200.",
  encoded: "The answer is compressed, which nobody asked for.",
  media_type_wrong: "The answer does not say that it is JSON.",
  too_large: "The answer is larger than the limit.",
  not_json: "The answer is not the strict JSON that is read here.",
  keys_malformed: "The answer is no JWK set of public keys with a name each.",
  issuer_differs: "The discovery document is of another issuer.",
  location_refused: "The discovery document names no location that keys may be fetched from.",
} as const;

export type IssuerKeysProblem = keyof typeof issuerKeysProblems;

/** How the keys of one issuer stand that are fetched from outside. */
export interface IssuerKeysState {
  readonly issuer: string;
  /** What is asked: the JWK set, or the discovery document that names it. */
  readonly location: string;
  /** Keys for signatures in the newest good answer; undefined before there is one. */
  readonly keys: number | undefined;
  /** Epoch seconds: when the newest good answer was asked for. */
  readonly confirmedAt: number | undefined;
  /** Epoch seconds, from which on they count no longer unless they are confirmed again. */
  readonly usableUntil: number | undefined;
  /** Set while the newest answer was not a good one. */
  readonly failure: IssuerKeysFailure | undefined;
}

export interface IssuerKeysFailure {
  readonly code: IssuerKeysProblem;
  /** For operators: a status, or the system's own word for it. */
  readonly detail: string | undefined;
  /** Epoch seconds. */
  readonly at: number;
}

export interface IssuerKeysStatus {
  /** One for each issuer whose keys are fetched; none for keys from files. */
  states(): readonly IssuerKeysState[];
}
