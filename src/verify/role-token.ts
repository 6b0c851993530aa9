/** What a verified role token says, and what a resource server says of itself to have one verified. */
import type { JSONWebKeySet } from "jose";

/** A name means something only together with its issuer. */
export interface Party {
  readonly issuer: string;
  readonly id: string;
}

/** Permissions with strings attached (RFC 9396, type `chaperone_action`). */
export interface LimitedPermissions {
  readonly actions: readonly string[];
  /** The one object that they are about; absent: any. */
  readonly identifier?: string;
  readonly constraints?: Readonly<Record<string, unknown>>;
  readonly limits?: Readonly<Record<string, unknown>>;
}

export interface RoleToken {
  readonly subject: Party;
  /** Who acts now: decide with this one, never with an earlier one. */
  readonly actor: Party;
  /** Every actor, the first one first, the current one last; evidence, not authority. */
  readonly chain: readonly Party[];
  /** Without strings attached. */
  readonly permissions: readonly string[];
  readonly roles: readonly string[];
  readonly details: readonly LimitedPermissions[];
  readonly grantId: string;
  /** The grants that this one derives from, root first: revoked is it with any of them. */
  readonly lineage: readonly string[];
  readonly chainId: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly decisionId: string;
}

/** One permission that this call needs and that the token holds only with strings attached. */
export interface LimitedUse {
  readonly permission: string;
  readonly detail: LimitedPermissions;
  readonly token: RoleToken;
}

interface Expectations {
  /** `iss`, byte for byte. */
  readonly issuer: string;
  /** Your own identifier, byte for byte. */
  readonly audience: string;
  /** Epoch seconds; the system's clock unless given. */
  readonly now?: number;
  /** Whole seconds, 0 unless given, 5 at most. */
  readonly clockToleranceSeconds?: number;
  /** What this call needs, one at least. Without it, a token with limited permissions is refused. */
  readonly requirePermissions?: readonly string[];
  /**
   * Holds this call to what is attached to a permission, e.g. by asking the sidecar's `/v1/use`. Asked last, when
   * all else is well, once per permission and detail; only `true` lets the call through.
   */
  readonly use?: (use: LimitedUse) => boolean | Promise<boolean>;
}

/** Either the address of the issuer's keys (fetched and kept), or the keys themselves. */
export type RoleTokenExpectations = Expectations &
  (
    | { readonly jwks: string | URL; readonly keys?: undefined }
    | { readonly keys: JSONWebKeySet; readonly jwks?: undefined }
  );
