/** The room of external tools that policy authors need; nothing here runs while decisions are made. */
export { buildBundle, type BuildBundleOptions, type BuiltBundle } from "./build-bundle.ts";
export { findOpa, type FindOpaOptions } from "./find-opa.ts";
export { ToolchainError } from "./toolchain-error.ts";
export { type PolicyReport, type StepReport, testPolicies, type TestPoliciesOptions } from "./test-policies.ts";
export type { EvaluateEntrypoint, LoadBundle } from "./wasm-cases.ts";
export { createBundleLoader, type HostBuiltin } from "./load-bundle.ts";
