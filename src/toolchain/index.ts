/** The room of external tools that policy authors need; nothing here runs while decisions are made. */
export { buildBundle } from "./build-bundle.ts";
export { findOpa } from "./find-opa.ts";
export { createBundleLoader } from "./load-bundle.ts";
export { type PolicyReport, testPolicies } from "./test-policies.ts";
export { ToolchainError } from "./toolchain-error.ts";
