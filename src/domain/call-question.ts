/** A held call as another's policy is asked about it: whole, and about nobody whom the sidecar verified. */
import type { RequestOrigin } from "./decision-request.ts";
import type { JsonObject } from "./json.ts";

export interface CallQuestion {
  readonly origin: RequestOrigin;
  /** For the record; undefined: the connection that is held is no HTTP, or what it says there are no names. */
  readonly http: { readonly method: string; readonly host: string } | undefined;
  /** The policy's whole input, in the form that opa-envoy-plugin gives it. */
  readonly input: JsonObject;
}
