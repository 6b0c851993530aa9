/** Why a bundle is not activated. Thrown while it is read and tried, caught once, in policy-room.ts. */
import type { BundleRejectionCode } from "../ports/policy-status.ts";

/** `detail` is for operators: names of entries, rules and samples, never their content. */
export class BundleRejected extends Error {
  readonly code: BundleRejectionCode;
  readonly detail: string;

  constructor(code: BundleRejectionCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.name = "BundleRejected";
    this.code = code;
    this.detail = detail;
  }
}
