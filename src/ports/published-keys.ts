/** A public JWK as RFC 7517 shows it; never a private member. */
export interface PublicJwk {
  readonly kty: string;
  readonly kid: string;
  readonly alg: string;
  readonly use: "sig";
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
}

export interface PublishedKeys {
  /** Every key whose tokens may be alive at `now`, and the next one before it signs. */
  publicKeys(now: number): readonly PublicJwk[];
}
