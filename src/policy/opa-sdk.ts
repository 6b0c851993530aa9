/**
 * The one name of OPA's SDK that this room uses. `LoadedPolicy` lays data out in a module's memory and knows its
 * entrypoints. Not used, and why:
 * - `loadPolicy` makes the imports itself, and its own `regex.split` (backtracking), `sprintf`, `yaml.*` and
 *   `json.is_valid` win over a host's functions of the same name; builtins/bridge.ts makes them instead.
 * - `evaluate` takes falsy inputs for no input and throws strings; it also searches the end of the result byte by byte
 *   and makes a new view, encoder and decoder per call: 10 µs beside the 30 that the WASM took for the founding request,
 *   where policy-instance.ts takes 6 (thread CPU, same instance, best of 40 rounds on a busy machine).
 */
import * as sdk from "@open-policy-agent/opa-wasm";

export interface LoadedPolicy {
  /** JSON text; called once per instance, because it resets the heap. */
  setData(text: ArrayBuffer): void;
  readonly dataAddr: number;
  readonly entrypoints: Readonly<Record<string, number>>;
  /** Only tests call it, to compare. */
  evaluate(input: unknown, entrypoint: number): unknown;
}

type LoadedPolicyClass = new (
  instance: WebAssembly.Instance,
  memory: WebAssembly.Memory,
  minorVersion: number,
) => LoadedPolicy;

export const LoadedPolicy = findLoadedPolicy();

/** The package's types export the class by name; its ES module has it only inside the default export. */
function findLoadedPolicy(): LoadedPolicyClass {
  const exported: unknown = Reflect.get(sdk, "default");
  if (hasLoadedPolicy(exported)) return exported.LoadedPolicy;
  throw new Error("the pinned @open-policy-agent/opa-wasm has no LoadedPolicy");
}

function hasLoadedPolicy(value: unknown): value is { readonly LoadedPolicy: LoadedPolicyClass } {
  return typeof value === "object" && value !== null && "LoadedPolicy" in value;
}
