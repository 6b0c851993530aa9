/**
 * What a caller shows of the parties. Who the actor is comes in one of four forms, told apart by `kind`, so that no
 * verifier can take one for another: a peer has no claims to be read, and a token is nobody before it is verified.
 */
import type { CapabilitySet } from "./exact-set.ts";
import type { Audience, Issuer, PartyId } from "./identifiers.ts";
import type { JsonObject } from "./json.ts";
import type { WorkloadName } from "./workload-name.ts";

/** Decoded claims; believed only because the gateway was authenticated (MISSION, invariant 7). */
export interface ClaimsEvidence {
  readonly kind: "claims";
  readonly subject: JsonObject;
  readonly actor: ClaimsActor | PeerActor;
}

/** What the shown token is said to be (RFC 8693 §3); its verifier holds it to that (TX-6). */
export type ShownTokenType = "access_token" | "jwt" | "id_token";

export interface ShownToken {
  /** Compact JWS. Never logged, never recorded. */
  readonly compact: string;
  readonly type: ShownTokenType;
}

/**
 * Tokens that the sidecar verifies itself. A subject token alone is never enough, because that would be impersonation
 * (TX-10): there is always an actor.
 */
export interface TokensEvidence {
  readonly kind: "tokens";
  readonly subject: ShownToken;
  readonly actor: TokenActor | ClientActor | PeerActor;
  /** Whether the subject's may be a role token of ours: only a token endpoint exchanges onward. */
  readonly isOnwardAccepted: boolean;
}

/** A role token of ours, shown at the resource that it is for. */
export interface RoleTokenEvidence {
  readonly kind: "role_token";
  readonly token: ShownToken;
  /** Whom this gateway stands in front of: the token is for one of these, or it is somebody else's. */
  readonly audiences: readonly Audience[];
}

export interface ClaimsActor {
  readonly kind: "claims";
  readonly claims: JsonObject;
}

export interface TokenActor {
  readonly kind: "token";
  readonly token: ShownToken;
  /** Who shows both tokens; undefined only where a door has no clients. */
  readonly client: AuthenticatedClient | undefined;
}

/** The authenticated client acts itself (RFC 7523). */
export interface ClientActor {
  readonly kind: "client";
  readonly client: AuthenticatedClient;
}

/** A workload that mutual TLS proved to the gateway: a name and nothing more, and the gateway's word for it. */
export interface PeerActor {
  readonly kind: "peer";
  readonly name: WorkloadName;
}

/** Who asked at a token endpoint, after it proved itself or its gateway stood for it. */
export interface AuthenticatedClient {
  readonly id: PartyId;
  readonly issuer: Issuer;
  /** What it is able to do when it acts itself; absent: nothing by capability. */
  readonly capabilities?: CapabilitySet;
  /** It proved nothing itself: that it is the one rests on the word of the listener's gateway. */
  readonly isVouchedFor?: true;
}

/** Undefined at doors that have no clients. */
export function clientOf(
  evidence: ClaimsEvidence | TokensEvidence | RoleTokenEvidence,
): AuthenticatedClient | undefined {
  if (evidence.kind !== "tokens" || evidence.actor.kind === "peer") return undefined;
  return evidence.actor.client;
}
