/** What this room takes at most of tokens, keys and issuers. */
export const identityLimits = {
  /** Before anything is decoded (P21, P22); a role token has 2 KiB, an access token with many groups 8. */
  tokenBytesMax: 16_384,
  /** A key id is attacker's text until it matched (P16). */
  keyIdLengthMax: 256,
  issuersMax: 64,
  keysMax: 64,
  keyFileBytesMax: 65_536,
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
