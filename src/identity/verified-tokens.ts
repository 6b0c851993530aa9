/**
 * Which token's signature was verified with which key, by the hash of the whole token (P10, P42). It spares the
 * signature and the decoding, nothing else: times, audience and the key's standing are asked again each time.
 */
import { hash, type KeyObject } from "node:crypto";
import { identityLimits } from "./limits.ts";
import type { ReadToken } from "./read-token.ts";

export interface VerifiedSignature {
  readonly token: ReadToken;
  readonly key: KeyObject;
  /** Epoch seconds; from then on it is forgotten. */
  readonly expiresAt: number;
}

export class VerifiedTokens {
  readonly #byHash = new Map<string, VerifiedSignature>();

  find(hash: string, now: number): VerifiedSignature | undefined {
    const found = this.#byHash.get(hash);
    if (found === undefined) return undefined;
    this.#byHash.delete(hash);
    if (now >= found.expiresAt) return undefined;
    // The last one used stands last, so the first is the one to give up.
    this.#byHash.set(hash, found);
    return found;
  }

  keep(hash: string, verified: VerifiedSignature): void {
    this.#byHash.set(hash, verified);
    for (const [oldest] of this.#byHash) {
      if (this.#byHash.size <= identityLimits.verifiedTokensMax) return;
      this.#byHash.delete(oldest);
    }
  }
}

export function hashToken(compact: string): string {
  return hash("sha256", compact, "base64url");
}
