import type { AuthenticatedClient } from "../domain/evidence.ts";

/** What a client shows of itself at a token endpoint; at most one way, which the door has checked (RFC 6749 §2.3). */
export type ClientProof =
  | {
      readonly kind: "secret";
      readonly method: "client_secret_basic" | "client_secret_post";
      readonly id: string;
      readonly secret: string;
    }
  | { readonly kind: "assertion"; readonly id: string | undefined; readonly compact: string }
  /** Names of a client certificate that the listener verified, each with its type: `URI:spiffe://…`. */
  | { readonly kind: "certificate"; readonly id: string | undefined; readonly names: readonly string[] }
  /** A gateway that proved itself names the client, in the one field its listener declares. */
  | { readonly kind: "vouched"; readonly id: string };

export interface ClientAuthenticator {
  /**
   * Who the client is, or undefined: unknown and wrong look alike (P32). `now` is epoch seconds. An assertion counts once,
   * whatever becomes of the request. Throws a Fault only when it could not tell.
   */
  authenticate(
    proof: ClientProof,
    now: number,
  ): AuthenticatedClient | undefined | Promise<AuthenticatedClient | undefined>;
  /** RFC 8414 `token_endpoint_auth_methods_supported`: what is really configured. */
  readonly methods: readonly string[];
  /** `token_endpoint_auth_signing_alg_values_supported`, which goes with `private_key_jwt`; else empty. */
  readonly signingAlgorithms: readonly string[];
}
