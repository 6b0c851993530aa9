/** Stand-in: unsigned only. */
import { BundleRejected } from "./bundle-rejected.ts";
import type { BundleSignature } from "./options.ts";
import type { BundleEntries } from "./read-archive.ts";

export function verifySignature(entries: BundleEntries, signature: BundleSignature): void {
  if (signature.mode === "required" || entries.has(".signatures.json")) {
    throw new BundleRejected("bundle_signature_wrong", "signatures cannot be verified yet");
  }
}
