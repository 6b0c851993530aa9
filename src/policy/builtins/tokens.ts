/** `io.jwt.decode` and `io.jwt.verify_*`: what a token says, and whether a key signed it. */
import type { Builtin, BuiltinFamily } from "./family.ts";
import type { RegoValue } from "./rego-value.ts";
import { readTokenKeys, type TokenKey } from "./token-keys.ts";
import { createSecretCheck } from "./token-signature.ts";
import {
  decodeSection,
  decodeText,
  memberOf,
  parseMembers,
  parseObject,
  parseToken,
  signedBytes,
  splitToken,
  type Token,
  unquote,
} from "./token-text.ts";

/** Header, payload and signature in hex, of the innermost token; nothing of it is verified. */
function decodeToken(text: RegoValue | undefined): RegoValue | undefined {
  const sections = splitToken(text);
  const header = sections === undefined ? undefined : parseMembers(sections);
  const said = sections === undefined ? undefined : decodeText(sections.payload);
  if (sections === undefined || header === undefined || said === undefined) return undefined;
  const contentType = memberOf(header, "cty");
  if (contentType !== undefined && typeof contentType !== "string") return undefined;
  // A payload that is a token itself may stand in quotes.
  if (contentType === "JWT") return decodeToken(unquote(said));
  const [payload, signature] = [parseObject(said), decodeSection(sections.signature)];
  return payload === undefined || signature === undefined ? undefined : [header, payload, signature.toString("hex")];
}

/**
 * Undefined when the signature is no base64url. Stricter than OPA, which asks neither the key that `kid` names nor,
 * in `verify_*`, the header: the algorithm is the header's and the key's, and a header with extensions is not understood.
 */
export function isSignedByOne(keys: readonly TokenKey[], token: Token): boolean | undefined {
  const signature = decodeSection(token.sections.signature);
  if (signature === undefined || token.isCritical) return signature === undefined ? undefined : false;
  const named = token.keyId === "" ? undefined : keys.find(({ id }) => id === token.keyId);
  const candidates = named === undefined ? keys : [named];
  const signed = signedBytes(token.sections);
  return candidates.some(
    ({ algorithm, isSignedBy }) =>
      (algorithm === "" || algorithm === token.algorithm) && isSignedBy(token.algorithm, signed, signature),
  );
}

const verifyWithKey =
  (isNamed: (algorithm: string) => boolean): Builtin =>
  (text, keyText) => {
    const token = parseToken(text);
    const keys = typeof keyText === "string" ? readTokenKeys(keyText) : undefined;
    if (keys === undefined || token === undefined) return undefined;
    const isSigned = isSignedByOne(keys, token);
    return isSigned === undefined ? undefined : isSigned && isNamed(token.algorithm);
  };

/** OPA does not look at the header here; a wrong one is only seen where the code is right. */
const verifyWithSecret =
  (algorithm: string): Builtin =>
  (text, secret) => {
    const sections = splitToken(text);
    const signature = sections === undefined ? undefined : decodeSection(sections.signature);
    if (sections === undefined || signature === undefined || typeof secret !== "string") return undefined;
    const isSignedBy = createSecretCheck(Buffer.from(secret, "utf8"));
    if (!isSignedBy(algorithm, signedBytes(sections), signature)) return false;
    const token = parseToken(text);
    return token?.algorithm === algorithm && !token.isCritical;
  };

const sizes = [256, 384, 512];
const verifyFamily = (family: string, verifyWith: (algorithm: string) => Builtin): BuiltinFamily =>
  Object.fromEntries(
    sizes.map((size) => [`io.jwt.verify_${family.toLowerCase()}${size}`, verifyWith(`${family}${size}`)]),
  );

const withAlgorithm = (algorithm: string): Builtin => verifyWithKey((named) => named === algorithm);

export const tokenBuiltins: BuiltinFamily = {
  "io.jwt.decode": decodeToken,
  ...verifyFamily("RS", withAlgorithm),
  ...verifyFamily("PS", withAlgorithm),
  ...verifyFamily("ES", withAlgorithm),
  ...verifyFamily("HS", verifyWithSecret),
  "io.jwt.verify_eddsa": verifyWithKey((named) => named === "EdDSA" || named === "Ed25519"),
};
