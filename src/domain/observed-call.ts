/**
 * A call that a gateway holds, as policies see it: where it goes, as sent and as matched, and what its body is. None of it
 * is claimed by a caller of ours; the gateway read it off the wire.
 */
import type { Json, JsonObject } from "./json.ts";

export interface ObservedCall {
  readonly method: string;
  /** Lower case, without a trailing dot and without the scheme's default port. */
  readonly host: string;
  /** The one that the table of operations was asked with. */
  readonly path: string;
  /** As it came, not decoded. */
  readonly rawPath: string;
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** What the matching operation's template captured. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly body: CallBody;
}

/**
 * `absent`: none came with the question; the call may have one that the gateway does not send. `opaque`: of a kind that is not read. `malformed`: it says that it is of a kind that it is not. `partial`: the gateway
 * did not send all of it, so what it says is unknown. `grpc`: its message, as JSON.
 */
export type CallBody =
  | { readonly form: "absent" | "opaque" | "malformed" | "partial" }
  | { readonly form: "json" | "grpc"; readonly value: Json }
  | { readonly form: "fields"; readonly value: JsonObject };
