/** What one of our own tokens proves of its grant: what a child may narrow and never exceed (DESIGN §5 "Onward"). */
import { type AuthorizationDetail, isDetailWithin } from "./authorization-detail.ts";
import type { PermissionSet } from "./exact-set.ts";
import type { Audience, ChainId, GrantId } from "./identifiers.ts";

export interface ParentGrant {
  readonly id: GrantId;
  /** Root first, without the parent itself. */
  readonly lineage: readonly GrantId[];
  readonly chainId: ChainId;
  readonly audience: Audience;
  /** Where its holder may go next; empty: the parent's own audience only. */
  readonly audiences: readonly Audience[];
  readonly permissions: PermissionSet;
  readonly details: readonly AuthorizationDetail[];
  /** Number of actors in the parent's chain. */
  readonly depth: number;
  readonly depthMax: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** Where a child of this grant may be for. */
export function onwardAudiences({ audience, audiences }: ParentGrant): readonly Audience[] {
  return audiences.length === 0 ? [audience] : audiences;
}

/** Permissions without strings attached, and those with. */
export interface Permitted {
  readonly permissions: PermissionSet;
  readonly details: readonly AuthorizationDetail[];
}

/** True when the grant holds all of it: freely what is free, and freely or with strings no tighter what has some. */
export function holds(parent: ParentGrant, { permissions, details }: Permitted): boolean {
  return (
    parent.permissions.covers(permissions) &&
    details.every(
      (detail) =>
        parent.permissions.covers(detail.permissions) || parent.details.some((outer) => isDetailWithin(detail, outer)),
    )
  );
}
