/**
 * Why a request could not be understood. Nothing is evaluated and nothing minted; the door answers with a 4xx.
 * `at` is a path of member names that this code expects, never text that the caller chose.
 */
export const requestErrors = {
  request_malformed: "The request is not well-formed HTTP or gRPC.",
  request_too_slow: "The request did not arrive in time.",
  head_too_large: "The request's headers are larger than the limit.",
  body_malformed: "The body is not well-formed JSON in UTF-8.",
  body_too_large: "The body is larger than the limit.",
  body_too_deep: "The body is nested deeper, or has more members, than the limit.",
  member_duplicated: "An object names the same member twice.",
  member_forbidden: "A member name is not allowed in any object.",
  member_missing: "A required member is missing.",
  member_invalid: "A member has the wrong type or an impossible value.",
  member_not_accepted: "A member is not one that callers supply.",
  media_type_unsupported: "The body must be application/json, unencoded.",
  credential_required: "The caller did not prove who it is.",
  host_not_accepted: "The Host header names something this listener is not.",
  origin_not_accepted: "Web pages may not call this listener.",
  route_unknown: "There is nothing at this path.",
  method_not_allowed: "This path does not take this method.",
  busy: "Too many requests are in flight.",
  target_malformed: "The held call's method, host or path could be read in more than one way.",
  operation_unknown: "The held call is none of the operations that are declared.",
  evidence_missing: "The held call does not show its evidence where this listener looks for it.",
} as const;

export type RequestErrorCode = keyof typeof requestErrors;

export class RequestError {
  readonly code: RequestErrorCode;
  readonly at: string | undefined;

  constructor(code: RequestErrorCode, at?: string) {
    this.code = code;
    this.at = at;
  }
}
