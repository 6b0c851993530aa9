/** The clients of a token endpoint, as configuration names them. */
import type { Capability, Issuer, PartyId } from "../../domain/identifiers.ts";
import type { StaticKeysOptions } from "../keys/static-keys.ts";

/** One client has one way to prove itself, so that none can be downgraded to an easier one. */
export type ClientAuthentication =
  /** RFC 6749 §2.3.1, in the header or in the body. */
  | { readonly kind: "secret"; readonly secret: string }
  /** RFC 7523 §3. */
  | { readonly kind: "private_key_jwt"; readonly jwks: StaticKeysOptions["jwks"] }
  /** RFC 8705 §2.1: an exact subject alternative name with its type, like `URI:spiffe://…`. */
  | { readonly kind: "certificate"; readonly name: string }
  /** The listener's gateway stands for it. */
  | { readonly kind: "vouched" };

export interface ClientOptions {
  readonly id: PartyId;
  /** Whose party the client is when it acts: `id` is unique only together with it. */
  readonly issuer: Issuer;
  /** What it is able to do when it acts itself: no token of its own says so. Absent: nothing by capability. */
  readonly capabilities?: readonly Capability[];
  readonly authentication: ClientAuthentication;
}

export interface ClientsOptions {
  readonly clients: readonly ClientOptions[];
  /** What an assertion may be for: our issuer identifier and the URL of the token endpoint. */
  readonly audiences: readonly string[];
}
