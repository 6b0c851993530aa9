/** One token room of every kind of key set and algorithm, for the suites that hold for all of them. */
import { createPrivateKey } from "node:crypto";
import { join } from "node:path";
import type { KeySetOptions, SigningAlgorithm, TokenOptions } from "../../src/tokens/index.ts";
import { createEntry, createFolder, developmentOptions, sharedOptions, writeKeySet, writeText } from "./token-world.ts";

type Kind = KeySetOptions["kind"];

const make: { readonly [K in Kind]: (algorithm: SigningAlgorithm) => Promise<TokenOptions> } = {
  development: (algorithm) => developmentOptions({ algorithm }),
  async jwks(algorithm) {
    const path = join(await createFolder(), "keys.json");
    await writeKeySet(path, [await createEntry(undefined, algorithm)]);
    return sharedOptions({ kind: "jwks", path }, { algorithm });
  },
  async pem(algorithm) {
    const folder = await createFolder();
    const key = createPrivateKey({ key: { ...(await createEntry(undefined, algorithm)) }, format: "jwk" });
    await writeText(join(folder, "first.pem"), key.export({ format: "pem", type: "pkcs8" }));
    return sharedOptions({ kind: "pem", folder }, { algorithm });
  },
};

export const roomKinds: readonly (readonly [string, () => Promise<TokenOptions>])[] = Object.entries(make).flatMap(
  ([kind, create]) =>
    (["ES256", "EdDSA"] as const).map((algorithm) => [`${kind}, ${algorithm}`, () => create(algorithm)] as const),
);
