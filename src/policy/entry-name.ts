/** One spelling for the name of a bundle's entry: `opa build` writes "/a/b", other tools "./a/b" or "a/b". */
import { BundleRejected } from "./bundle-rejected.ts";
import { policyLimits } from "./policy-limits.ts";

/** The name without its leading "/" or "./"; throws for a name that could mean another place than it says. */
export function normaliseEntryName(name: string): string {
  const relative = name.replace(/^(?:\.?\/)+/, "");
  if (Buffer.byteLength(relative) > policyLimits.pathBytesMax) throw refused(name, "is too long");
  const parts = relative.split("/");
  if (parts.length > policyLimits.pathDepthMax) throw refused(name, "is too deep");
  if (parts.some((part) => part === "" || part === "." || part === "..")) throw refused(name, "is not a plain path");
  // U+FFFD is what a name that is no UTF-8 decodes to.
  // oxlint-disable-next-line no-control-regex -- control characters are what this refuses.
  if (/[\u0000-\u001f\u007f\\\ufffd]/.test(relative)) throw refused(name, "holds a character that no path needs");
  return relative;
}

function refused(name: string, why: string): BundleRejected {
  return new BundleRejected("bundle_entry_refused", `the entry ${JSON.stringify(name.slice(0, 80))} ${why}`);
}
