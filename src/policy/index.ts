/** The room "policy": bundle → WASM → verdict. */
export {
  type BundleKey,
  type BundleSignature,
  type PolicyOptions,
  signatureAlgorithms,
  type SignatureAlgorithm,
} from "./options.ts";
export { createPolicyRoom, type PolicyRoom, type PolicyWorld } from "./policy-room.ts";
export { startWatchdog, type Watchdog, type WatchdogOptions } from "./watchdog.ts";
