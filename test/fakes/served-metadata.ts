/** The metadata (RFC 8414) of a sidecar that serves the token door: every member, for whole documents to be compared. */
export const assertionAlgorithms = ["ES256", "EdDSA", "Ed25519", "PS256", "RS256"];

interface Ways {
  readonly methods: readonly string[];
  /** Where clients with keys are. */
  readonly algorithms?: readonly string[];
}

export function servedMetadata(issuer: string, origin: string, { methods, algorithms }: Ways): object {
  return {
    issuer,
    jwks_uri: `${origin}/.well-known/jwks.json`,
    response_types_supported: [],
    token_endpoint: `${issuer}/oauth2/token`,
    grant_types_supported: [
      "urn:ietf:params:oauth:grant-type:token-exchange",
      "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ],
    token_endpoint_auth_methods_supported: methods,
    ...(algorithms === undefined ? {} : { token_endpoint_auth_signing_alg_values_supported: algorithms }),
    authorization_details_types_supported: ["chaperone_action"],
  };
}
