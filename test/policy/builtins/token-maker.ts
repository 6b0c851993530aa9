/** Keys of every kind and tokens that they sign, also those that no honest issuer makes. */
import {
  constants,
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Signer {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const pair = (name: string, keys: { publicKey: KeyObject; privateKey: KeyObject }): Signer => ({ name, ...keys });
const rsa = (name: string, modulusLength = 2048): Signer => pair(name, generateKeyPairSync("rsa", { modulusLength }));
const curve = (name: string, namedCurve: string): Signer => pair(name, generateKeyPairSync("ec", { namedCurve }));

export const signers = {
  rsa: rsa("rsa"),
  otherRsa: rsa("other-rsa"),
  smallRsa: rsa("small-rsa", 1024),
  p256: curve("p256", "P-256"),
  p384: curve("p384", "P-384"),
  p521: curve("p521", "P-521"),
  ed25519: pair("ed25519", generateKeyPairSync("ed25519")),
} as const satisfies Readonly<Record<string, Signer>>;

const readPem = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../fixtures/mtls", `${name}.pem`), "utf8");
/** A certificate of the test mesh, and who it is of. */
export const certificate = readPem("gateway");
export const certified: Signer = {
  name: "certified",
  publicKey: new X509Certificate(certificate).publicKey,
  privateKey: createPrivateKey(readPem("gateway-key")),
};

export const pemOf = ({ publicKey }: Signer): string => publicKey.export({ format: "pem", type: "spki" });

export const jwkOf = (signer: Signer, more: object = {}): object => ({
  ...signer.publicKey.export({ format: "jwk" }),
  kid: signer.name,
  ...more,
});
export const jwksOf = (...keys: readonly object[]): string => JSON.stringify({ keys });

export interface SigningWay {
  readonly algorithm: string;
  readonly saltLength?: number;
  readonly dsaEncoding?: "der" | "ieee-p1363";
}

export const base64url = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value), "utf8").toString("base64url");

/** Signs as `way` says, whatever the header says. */
export function signToken(signer: Signer | string, header: unknown, payload: unknown, way: SigningWay): string {
  const signed = `${base64url(header)}.${base64url(payload)}`;
  return `${signed}.${signatureOf(signer, Buffer.from(signed, "utf8"), way).toString("base64url")}`;
}

function signatureOf(signer: Signer | string, signed: Buffer, way: SigningWay): Buffer {
  const { algorithm, dsaEncoding = "ieee-p1363", saltLength = constants.RSA_PSS_SALTLEN_DIGEST } = way;
  const hash = `sha${algorithm.slice(2)}`;
  if (typeof signer === "string") return createHmac(hash, signer).update(signed).digest();
  const key = signer.privateKey;
  switch (algorithm.slice(0, 2)) {
    case "ES":
      return sign(hash, signed, { key, dsaEncoding });
    case "RS":
      return sign(hash, signed, key);
    case "PS":
      return sign(hash, signed, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
    default:
      return sign(null, signed, key);
  }
}
