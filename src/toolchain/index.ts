/** The room of external tools that policy authors need; nothing here runs while decisions are made. */
export { buildBundle, type BuildBundleOptions, type BuiltBundle } from "./build-bundle.ts";
export { findOpa, type FindOpaOptions } from "./find-opa.ts";
export { ToolchainError } from "./toolchain-error.ts";
