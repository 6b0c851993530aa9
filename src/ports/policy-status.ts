import type { PolicyReference } from "../domain/grant.ts";

/** Why the latest bundle is not the active one; `detail` is for operators. */
export interface PolicyRejection {
  readonly code: BundleRejectionCode;
  readonly detail: string;
  /** Epoch seconds. */
  readonly at: number;
}

export type BundleRejectionCode =
  | "bundle_missing"
  | "bundle_unreadable"
  | "bundle_too_large"
  | "bundle_entry_refused"
  | "bundle_signature_wrong"
  | "bundle_entrypoint_missing"
  | "bundle_layout_wrong"
  | "bundle_catalogue_wrong"
  | "bundle_builtin_missing"
  | "bundle_samples_failed";

export interface PolicyState {
  readonly active: PolicyReference | undefined;
  /** Epoch seconds of the activation. */
  readonly activatedAt: number | undefined;
  /** Set while the newest bundle that was seen is refused. */
  readonly rejection: PolicyRejection | undefined;
}

export interface PolicyStatus {
  state(): PolicyState;
}
