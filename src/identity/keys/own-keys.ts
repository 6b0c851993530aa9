/** Our own keys, as they are published at this moment: a key that is withdrawn verifies nothing any more. */
import type { KeyObject } from "node:crypto";
import type { PublishedKeys } from "../../ports/published-keys.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { parsePublicKey } from "./public-key.ts";

export function createOwnKeys(published: PublishedKeys): IssuerKeys {
  // By thumbprint, so one name is one key; importing costs as much as verifying.
  let imported: ReadonlyMap<string, KeyObject> = new Map();
  return {
    find(keyId, algorithm, now) {
      const jwks = published.publicKeys(now);
      const jwk = jwks.find(({ kid, alg }) => kid === keyId && alg === algorithm);
      if (jwk === undefined) return undefined;
      const known = imported.get(jwk.kid);
      if (known !== undefined) return known;
      const parsed = parsePublicKey({ ...jwk });
      if (parsed === undefined || parsed === "unused" || !parsed.isGoodFor(algorithm)) return undefined;
      const standing = [...imported].filter(([kid]) => jwks.some((one) => one.kid === kid));
      imported = new Map([...standing, [jwk.kid, parsed.key]]);
      return parsed.key;
    },
  };
}
