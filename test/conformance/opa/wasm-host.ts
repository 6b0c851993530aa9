/** One compiled case, run on the host built-ins through the very bridge that the engine uses. */
import { createBuiltinBridge } from "../../../src/policy/builtins/bridge.ts";
import type { BuiltinFamily } from "../../../src/policy/builtins/family.ts";
import {
  isRegoObject,
  parseRegoValue,
  printRegoValue,
  type RegoValue,
} from "../../../src/policy/builtins/rego-value.ts";

export interface LoadedCase {
  /** Built-ins that the module asks its host for. */
  readonly needed: readonly string[];
  /** The value of the entrypoint's result set. Throws when the policy aborts. */
  evaluate(entrypoint: string, data: RegoValue, input: RegoValue | undefined): RegoValue;
}

export async function loadCase(wasm: Uint8Array<ArrayBuffer>, builtins: BuiltinFamily): Promise<LoadedCase> {
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 4096 });
  const bridge = createBuiltinBridge(builtins);
  const readText = (address: number): string => {
    const bytes = new Uint8Array(memory.buffer);
    return new TextDecoder().decode(bytes.subarray(address, bytes.indexOf(0, address)));
  };
  const { exports } = new WebAssembly.Instance(await WebAssembly.compile(wasm), {
    env: {
      memory,
      opa_abort: (address: number) => {
        throw new Error(readText(address));
      },
      opa_println: () => 0,
      ...bridge.imports,
    },
  });
  const call = (name: string, ...operands: readonly number[]): number => {
    const exported = exports[name];
    if (typeof exported !== "function") throw new Error(`the module exports no ${name}`);
    return Number(Reflect.apply(exported, undefined, operands));
  };
  const write = (value: RegoValue): number => {
    const bytes = new TextEncoder().encode(printRegoValue(value));
    const start = call("opa_malloc", bytes.length);
    new Uint8Array(memory.buffer).set(bytes, start);
    const address = call("opa_value_parse", start, bytes.length);
    if (address === 0) throw new Error("the module does not take the value");
    return address;
  };
  const readIds = (name: string): Record<string, number> => {
    const value = parseRegoValue(readText(call("opa_json_dump", call(name))));
    return isRegoObject(value) ? Object.fromEntries(Object.entries(value).map(([key, id]) => [key, Number(id)])) : {};
  };
  const builtinIds = readIds("builtins");
  bridge.connect({
    memory,
    allocate: (sizeBytes) => call("opa_malloc", sizeBytes),
    dumpValue: (address) => call("opa_value_dump", address),
    parseValue: (address, sizeBytes) => call("opa_value_parse", address, sizeBytes),
    builtinIds,
  });
  return {
    needed: Object.keys(builtinIds),
    evaluate: (entrypoint, data, input) => {
      const context = call("opa_eval_ctx_new");
      call("opa_eval_ctx_set_data", context, write(data));
      if (input !== undefined) call("opa_eval_ctx_set_input", context, write(input));
      call("opa_eval_ctx_set_entrypoint", context, readIds("entrypoints")[entrypoint] ?? -1);
      call("eval", context);
      return parseRegoValue(readText(call("opa_value_dump", call("opa_eval_ctx_get_result", context))));
    },
  };
}
