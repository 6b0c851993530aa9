/** The room "policy": bundle → WASM → verdict. */
export { loadEntrypoints } from "./load-entrypoints.ts";
export {
  type BundleKey,
  type BundleSignature,
  type CallPolicyOptions,
  type PolicyOptions,
  signatureAlgorithms,
  type SignatureAlgorithm,
} from "./options.ts";
export { type CallPolicyRoom, createCallPolicyRoom, createPolicyRoom, type PolicyRoom } from "./policy-room.ts";
export { startWatchdog } from "./watchdog.ts";
