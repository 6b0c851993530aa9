/**
 * A call that a gateway holds until it is answered, as every ext_authz dialect reads it and renders the answer. What a
 * dialect cannot read stands here as missing, never as empty or as something else's value.
 */
import type { GatewayName } from "../../domain/identifiers.ts";
import type { JsonObject } from "../../domain/json.ts";

export interface HeldCall {
  readonly method: string;
  /** Authority as the gateway has it, port included. */
  readonly host: string;
  /** Path and query as the gateway sends them on, not decoded, not normalised. */
  readonly target: string;
  /** By lower-case name, values in order. Pseudo-headers are not among them. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: HeldBody;
  /** What the gateway itself found out, by the name of who did: Envoy's `filter_metadata`. No client can write it. */
  readonly metadata: JsonObject;
  /** Whom mutual TLS between caller and gateway proved (`source.principal`): a URI, or whatever else the certificate has. */
  readonly peer: string | undefined;
}

/** `absent`: none came with the question, which says nothing of the call's. `partial`: there is more that the gateway did not send. */
export type HeldBody = { readonly kind: "absent" } | SentBody;

export interface SentBody {
  readonly kind: "whole" | "partial";
  readonly bytes: Uint8Array;
  /** Byte for byte the call's. As text it may not be: what is no UTF-8 stands there as something else. */
  readonly isExact: boolean;
}

export type HeldCallAnswer = LetThrough | TurnedAway;

export interface LetThrough {
  readonly kind: "let_through";
  /** Each replaces every value that the call has; no name stands in both lists. */
  readonly headersToSet: readonly Header[];
  readonly headersToRemove: readonly string[];
  /** For the gateway's logs and later filters; never a secret. */
  readonly metadata: JsonObject;
}

export interface TurnedAway {
  readonly kind: "turned_away";
  readonly status: TurnedAwayStatus;
  /** What the caller of the gateway may know. */
  readonly title: "denied" | "approval_required" | "limit" | "evidence" | "malformed" | "unavailable";
  /** The decision's, where one was made. */
  readonly decisionId: string | undefined;
  /** The code, for the gateway alone. */
  readonly code: string;
}

/** Never a success, a redirect or a 5xx: gateways take those for something else than a "no". */
export type TurnedAwayStatus = 401 | 403 | 429;

export interface Header {
  readonly name: string;
  readonly value: string;
}

/** Never rejects. */
export type AnswerHeldCall = (call: HeldCall, gateway: GatewayName) => Promise<HeldCallAnswer>;
