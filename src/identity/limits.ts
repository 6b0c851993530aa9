/** What this room takes at most of tokens, keys and issuers. */
export const identityLimits = {
  /** Before anything is decoded (P21, P22); a role token has 2 KiB, an access token with many groups 8. */
  tokenBytesMax: 16_384,
  /** A key id is attacker's text until it matched (P16). */
  keyIdLengthMax: 256,
  issuersMax: 64,
  keysMax: 64,
  /** A JWK set or a discovery document, from a file or from outside. */
  keySetBytesMax: 65_536,
  keyHeadBytesMax: 16_384,
  /** From the name's look-up to the last byte, for a discovery document and the set that it names together. */
  keyFetchMilliseconds: 5000,
  /** After an answer, names of keys that nobody knows cause no further fetch for this long (P18, P19). */
  keyCooldownSeconds: 30,
  /** After failures the issuer is asked again after 1, 2, 4 and so on seconds, and at the latest after so many. */
  keyRetrySecondsMax: 30,
  /** How long an issuer's keys may count without being asked for again. */
  keyRefreshSecondsMin: 30,
  keyRefreshSecondsMax: 3600,
  /** How long they may count while the issuer does not answer. */
  keyStaleSecondsMax: 86_400,
  /** NIST SP 800-131A; larger moduli cost time that an attacker may spend for us. */
  rsaBitsMin: 2048,
  rsaBitsMax: 8192,
  /** Whose signatures need no second look; at 16 KiB each a bound on memory too. */
  verifiedTokensMax: 1024,
  inboundLeewaySecondsMax: 30,
  ownLeewaySecondsMax: 5,
  /** From `iat` to `exp`. */
  inboundLifetimeSecondsMax: 86_400,
  claimPathMax: 8,
} as const;
