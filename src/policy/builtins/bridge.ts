/**
 * The five imports through which OPA's WASM calls its host. The SDK's own pass arguments as JSON, which loses sets and
 * rounds nanoseconds, let the SDK's functions win over ours, and throw strings; these pass the WASM's own value text.
 */
import { BuiltinLimitError } from "./bounds.ts";
import type { Builtin } from "./family.ts";
import { parseRegoValue, printRegoValue } from "./rego-value.ts";

/** What the bridge uses of an instance. */
export interface BridgedModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  allocate(sizeBytes: number): number;
  /** `opa_value_dump`: the address of a zero-terminated text. */
  dumpValue(address: number): number;
  /** `opa_value_parse`: zero when the text is no value. */
  parseValue(address: number, sizeBytes: number): number;
  /** The module's `builtins()`: name → id. */
  readonly builtinIds: Readonly<Record<string, number>>;
}

export interface BuiltinBridge {
  readonly imports: Readonly<Record<`opa_builtin${0 | 1 | 2 | 3 | 4}`, (...args: readonly number[]) => number>>;
  /** To be called once, after instantiation and before the first evaluation. */
  connect(module: BridgedModule): void;
  /** The limit that a call since the last asking passed. Whatever that evaluation said, it said without an answer. */
  takeLimit(): BuiltinLimitError | undefined;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export function createBuiltinBridge(builtins: Readonly<Record<string, Builtin>>): BuiltinBridge {
  let limit: BuiltinLimitError | undefined;
  let connected: { readonly module: BridgedModule; readonly byId: ReadonlyMap<number, Builtin> } | undefined;
  const call = (id: number, _context: number, ...addresses: readonly number[]): number => {
    const builtin = connected?.byId.get(id);
    if (connected === undefined || builtin === undefined) {
      throw new Error("the policy called a built-in that this host does not have");
    }
    // The evaluation has no answer any more and is to end soon.
    if (limit !== undefined) return 0;
    const { module } = connected;
    try {
      const result = builtin(...addresses.map((address) => parseRegoValue(readText(module, address))));
      return result === undefined ? 0 : writeText(module, printRegoValue(result));
    } catch (cause) {
      // Thrown through the module it would leave the instance in no known state, and another one takes long to make.
      if (!(cause instanceof BuiltinLimitError)) throw cause;
      limit = cause;
      return 0;
    }
  };
  return {
    imports: { opa_builtin0: call, opa_builtin1: call, opa_builtin2: call, opa_builtin3: call, opa_builtin4: call },
    connect: (module) => {
      const byId = new Map<number, Builtin>();
      for (const [name, id] of Object.entries(module.builtinIds)) {
        const builtin = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
        if (builtin !== undefined) {
          byId.set(id, builtin);
        }
      }
      connected = { module, byId };
    },
    takeLimit: () => {
      const taken = limit;
      limit = undefined;
      return taken;
    },
  };
}

function readText(module: BridgedModule, address: number): string {
  const start = module.dumpValue(address);
  const bytes = new Uint8Array(module.memory.buffer);
  return decoder.decode(bytes.subarray(start, bytes.indexOf(0, start)));
}

function writeText(module: BridgedModule, text: string): number {
  const bytes = encoder.encode(text);
  const start = module.allocate(bytes.length);
  // Allocation may have grown the memory, which replaces its buffer: look it up only now.
  new Uint8Array(module.memory.buffer).set(bytes, start);
  const address = module.parseValue(start, bytes.length);
  if (address === 0) {
    throw new Error("the policy module refused the value of a built-in");
  }
  return address;
}
