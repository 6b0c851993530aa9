/** What the room must be told; the configuration's schema satisfies it. */

/** JWS algorithms that a bundle's signature may have (RFC 7518 §3.1); HMAC is not among them: whoever verifies could sign. */
export const signatureAlgorithms = [
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

export interface BundleKey {
  /** What the signature's `kid` names. */
  readonly id: string;
  /** The only one accepted for this key; the header's own is not believed. */
  readonly algorithm: SignatureAlgorithm;
  /** A PEM public key or certificate, or a public JWK as JSON text. */
  readonly publicKey: string;
  /** What the signature's `scope` must be; absent: none. */
  readonly scope?: string;
}

export type BundleSignature =
  | { readonly mode: "none" }
  /** `keyId` names the key whatever the signature says. */
  | { readonly mode: "required"; readonly keys: readonly BundleKey[]; readonly keyId?: string };

export interface PolicyOptions {
  /** The policy's name in tokens and records. */
  readonly id: string;
  /** A `.tar.gz` that `opa build -t wasm` made, or a folder that holds the same entries. */
  readonly path: string;
  readonly signature: BundleSignature;
  /** An evaluation that takes longer is denied. */
  readonly deadlineMilliseconds: number;
  /** Deny once the bundle has not been confirmed as the newest for so long; absent: never. */
  readonly maxAgeSeconds?: number;
  /** Follow changes of the file or folder. */
  readonly watch: boolean;
}

/** Another's Envoy authorization policy; everything else is as for the policy of role tokens. */
export interface CallPolicyOptions extends PolicyOptions {
  /** The rule that is asked, like `envoy/authz/allow`; the bundle is built for it. */
  readonly entrypoint: string;
}
