/** Every number of this room that guards something, with its reason. */
import { bounds } from "../domain/bounds.ts";

export const tokenBounds = {
  /** A verifier's leeway lengthens every token's life (P14). */
  clockLeewaySecondsMax: 5,
  /** A verifier that keeps our JWKS for longer than a day would hold a withdrawn key that long. */
  jwksCacheSecondsMax: 86_400,
  /** Beyond the JWKS cache, before a new key signs: the time until every replica has seen the same file. */
  publishMarginSeconds: 60,
  /** A token lives no longer, so a key is dead this long after its last signature (plus leeway). */
  lifetimeSecondsMax: bounds.lifetimeSecondsMax,
  /** Above this, servers refuse the header that carries it. */
  tokenBytesMax: 16_384,
  /** One key file, and one set. */
  keyFileBytesMax: 65_536,
  keysMax: 16,
  /** The files are read this often, for changes that the file system does not tell of. */
  pollMilliseconds: 5_000,
  /** A rotation allows a running sidecar this long to see it, so that the key signs exactly when the file says. */
  rotationSlackSeconds: 10,
  /** Several events of one change are one change. */
  settleMilliseconds: 50,
  /** A set is taken once two reads agree; a writer that never rests is not waited for. */
  readAttemptsMax: 5,
} as const;
