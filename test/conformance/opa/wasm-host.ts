/** One compiled case, run on the host built-ins through the very bridge that the engine uses. */
import { createBuiltinBridge } from "../../../src/policy/builtins/bridge.ts";
import type { BuiltinFamily } from "../../../src/policy/builtins/family.ts";
import {
  isRegoObject,
  parseRegoValue,
  printRegoValue,
  type RegoValue,
} from "../../../src/policy/builtins/rego-value.ts";

type WasmFunction = (...args: readonly number[]) => number;
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, WasmFunction> };
  readonly Memory: new (descriptor: { initial: number }) => Memory;
};

export interface CaseRun {
  /** Built-ins that the module asks its host for. */
  readonly needed: readonly string[];
  /** Throws when the policy aborts. The value text of the result keeps sets apart from arrays. */
  evaluate(entrypoint: string, data: RegoValue, inputText: string | undefined): RegoValue;
}

export function loadCase(wasm: Uint8Array, builtins: BuiltinFamily): CaseRun {
  const memory = new WebAssembly.Memory({ initial: 8 });
  const bridge = createBuiltinBridge(builtins);
  const text = (address: number): string => {
    const bytes = new Uint8Array(memory.buffer);
    return new TextDecoder().decode(bytes.subarray(address, bytes.indexOf(0, address)));
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {
    env: {
      memory,
      opa_abort: (address: number) => {
        throw new Error(text(address));
      },
      opa_println: () => 0,
      ...bridge.imports,
    },
  });
  const named = (name: string): WasmFunction => {
    const found = exports[name];
    if (found === undefined) {
      throw new Error(`the module exports no ${name}`);
    }
    return found;
  };
  const write = (source: string): number => {
    const bytes = new TextEncoder().encode(source);
    const start = named("opa_malloc")(bytes.length);
    new Uint8Array(memory.buffer).set(bytes, start);
    const address = named("opa_value_parse")(start, bytes.length);
    if (address === 0) {
      throw new Error("the module does not take the value");
    }
    return address;
  };
  const ids = (name: string): Record<string, number> => {
    const value = parseRegoValue(text(named("opa_json_dump")(named(name)())));
    return isRegoObject(value) ? Object.fromEntries(Object.entries(value).map(([key, id]) => [key, Number(id)])) : {};
  };
  const builtinIds = ids("builtins");
  bridge.connect({
    memory,
    allocate: named("opa_malloc"),
    dumpValue: named("opa_value_dump"),
    parseValue: named("opa_value_parse"),
    builtinIds,
  });
  return {
    needed: Object.keys(builtinIds),
    evaluate: (entrypoint, data, inputText) => {
      const context = named("opa_eval_ctx_new")();
      named("opa_eval_ctx_set_data")(context, write(printRegoValue(data)));
      if (inputText !== undefined) {
        named("opa_eval_ctx_set_input")(context, write(inputText));
      }
      named("opa_eval_ctx_set_entrypoint")(context, ids("entrypoints")[entrypoint] ?? -1);
      named("eval")(context);
      return parseRegoValue(text(named("opa_value_dump")(named("opa_eval_ctx_get_result")(context))));
    },
  };
}
