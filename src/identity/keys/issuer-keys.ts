import type { KeyObject } from "node:crypto";
import type { SignatureAlgorithm } from "./signature-algorithm.ts";

/** One issuer's public keys. */
export interface IssuerKeys {
  /**
   * The one key that `keyId` names and that is good for `algorithm`, or undefined: the issuer has none. Without a key id
   * only where exactly one key is. The same key is the same object for as long as it stands. `now` is epoch seconds.
   * A promise only when the issuer has to be asked. Throws a Fault, or rejects with it, when it could not tell.
   */
  find(
    keyId: string | undefined,
    algorithm: SignatureAlgorithm,
    now: number,
  ): KeyObject | undefined | Promise<KeyObject | undefined>;
}
