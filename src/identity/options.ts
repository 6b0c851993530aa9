import type { Issuer } from "../domain/identifiers.ts";

/** How a gateway's decoded claims are read (DESIGN §6 "Claims"). */
export interface GatewayClaimsOptions {
  readonly kind: "gateway-claims";
  /** What separates capabilities in one string; departments and roles are never split. */
  readonly capabilitySeparators: "space" | "comma" | "space_or_comma" | "none";
  /** Issuers that the gateway may vouch for by naming them in `iss`; otherwise claims belong to the gateway. */
  readonly vouchedIssuers: readonly Issuer[];
  /** Our own issuer: claims that name it must come as a token. */
  readonly ownIssuer: Issuer;
  /** Tolerance on `exp` and `nbf`, seconds, at most 30. */
  readonly leewaySeconds: number;
}

export type EvidenceOptions = GatewayClaimsOptions;
