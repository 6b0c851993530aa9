/** `crypto.*` that needs no key material of the sidecar: digests and keyed digests, as lower-case hex. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Builtin, BuiltinFamily } from "./family.ts";
import { ofText, ofTwoTexts } from "./operands.ts";

const digestOf = (algorithm: string): Builtin =>
  ofText((text) => createHash(algorithm).update(text, "utf8").digest("hex"));

const keyedDigestOf = (algorithm: string): Builtin =>
  ofTwoTexts((text, key) => createHmac(algorithm, key).update(text, "utf8").digest("hex"));

/** In constant time for texts of one length, as Go's `hmac.Equal` does. */
function isEqualSecretly(first: string, second: string): boolean {
  const [left, right] = [Buffer.from(first, "utf8"), Buffer.from(second, "utf8")];
  return left.length === right.length && timingSafeEqual(left, right);
}

export const hashBuiltins: BuiltinFamily = {
  "crypto.md5": digestOf("md5"),
  "crypto.sha1": digestOf("sha1"),
  "crypto.sha256": digestOf("sha256"),
  "crypto.hmac.md5": keyedDigestOf("md5"),
  "crypto.hmac.sha1": keyedDigestOf("sha1"),
  "crypto.hmac.sha256": keyedDigestOf("sha256"),
  "crypto.hmac.sha512": keyedDigestOf("sha512"),
  "crypto.hmac.equal": ofTwoTexts(isEqualSecretly),
};
