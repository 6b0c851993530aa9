/**
 * One WASM instance with one bundle's data in it: input text in, result text out. It is used for one evaluation at a
 * time and thrown away after the first that breaks off, because a trapped module's stack and heap are in no known state.
 */
import { isJsonObject } from "../domain/json.ts";
import {
  beginEvaluation,
  type BuiltinBridge,
  createBuiltinBridge,
  createCallBuiltins,
  createEvaluationInstant,
  createHostBuiltins,
  type EvaluationInstant,
} from "./builtins/index.ts";
import { LoadedPolicy } from "./opa-sdk.ts";
import { policyLimits } from "./policy-limits.ts";

/** The rule that a bundle must be built for to decide with role tokens (DESIGN §4). */
export const entrypoint = "chaperone/decision";

/** Which built-ins there are: `host` for who may do without tokens, `call` for a policy that judges held calls. */
export type BuiltinOffer = "host" | "call";
const offered = { host: createHostBuiltins, call: createCallBuiltins } as const;

/** What an instance could not do; `message` never quotes input, data or a result. */
export class EvaluationError extends Error {
  override readonly name: string = "EvaluationError";
}

/** It says nothing to this input, and is as good as before. */
export class UnansweredError extends EvaluationError {
  override readonly name = "UnansweredError";
}

/** The functions of OPA's WASM ABI 1.2 and later that are driven directly. */
interface Abi {
  opa_eval(
    reserved: 0,
    entrypoint: number,
    data: number,
    input: number,
    inputLength: number,
    heap: number,
    wantsValue: 0,
  ): number;
  opa_malloc(bytes: number): number;
  opa_heap_ptr_get(): number;
  opa_json_dump(value: number): number;
  opa_value_dump(value: number): number;
  opa_value_parse(text: number, length: number): number;
  builtins(): number;
}

const pageBytes = 65_536;
const pagesAtStart = 5;
/** `opa_eval` came with ABI 1.2. */
const abiMinorVersion = 2;

export class PolicyInstance {
  /** The built-ins that the module asks its host for. */
  readonly builtinNames: readonly string[];
  readonly #abi: Abi;
  readonly #bridge: BuiltinBridge;
  readonly #memory: WebAssembly.Memory;
  readonly #instant: EvaluationInstant = createEvaluationInstant();
  readonly #entrypoint: number;
  readonly #dataAddress: number;
  readonly #inputAddress: number;
  readonly #heapStart: number;
  #bytes: Buffer;

  /** `data` is JSON text. Throws for a module that is not what `opa build -t wasm` makes. */
  constructor(module: WebAssembly.Module, data: string, asked: string = entrypoint, offer: BuiltinOffer = "host") {
    const text = new TextEncoder().encode(data);
    this.#memory = new WebAssembly.Memory({ initial: pagesAtStart, maximum: pagesMax(text.byteLength) });
    this.#bytes = Buffer.from(this.#memory.buffer);
    const bridge = createBuiltinBridge(offered[offer](this.#instant));
    this.#bridge = bridge;
    const instance = new WebAssembly.Instance(module, { env: { ...bridge.imports, ...this.#ownImports() } });
    const { exports: abi } = instance;
    if (!hasAbi(abi)) throw new EvaluationError("the module does not speak OPA's ABI 1.2");
    this.#abi = abi;

    const builtinIds = parseIds(this.#readText(abi.opa_json_dump(abi.builtins())));
    this.builtinNames = Object.keys(builtinIds);
    bridge.connect({
      memory: this.#memory,
      allocate: (bytes) => abi.opa_malloc(bytes),
      dumpValue: (value) => abi.opa_value_dump(value),
      parseValue: (text, length) => abi.opa_value_parse(text, length),
      builtinIds,
    });
    const loaded = new LoadedPolicy(instance, this.#memory, abiMinorVersion);
    loaded.setData(text.buffer);
    this.#dataAddress = loaded.dataAddr;
    const number = Object.hasOwn(loaded.entrypoints, asked) ? loaded.entrypoints[asked] : undefined;
    if (number === undefined) throw new EvaluationError(`the module has no entrypoint ${asked}`);
    this.#entrypoint = number;
    // The module allocates the input's place itself, once: a host that grows the memory behind the module's back
    // leaves the module's own idea of its end wrong, and it grows again with each allocation.
    this.#inputAddress = abi.opa_malloc(policyLimits.inputBytesMax);
    this.#heapStart = abi.opa_heap_ptr_get();
  }

  /** Bytes of WASM memory: grows to the largest evaluation's need and stays there. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** The module's result set. After any throw but an UnansweredError the instance is in no known state. */
  evaluate(inputText: string, epochSeconds: number): unknown {
    beginEvaluation(this.#instant, epochSeconds);
    const length = this.#writeInput(inputText);
    const result = this.#abi.opa_eval(
      0,
      this.#entrypoint,
      this.#dataAddress,
      this.#inputAddress,
      length,
      this.#heapStart,
      0,
    );
    const limit = this.#bridge.takeLimit();
    if (limit !== undefined) throw new UnansweredError(`the evaluation threw a ${limit.name}`);
    return JSON.parse(this.#readText(result));
  }

  #writeInput(text: string): number {
    const { inputBytesMax } = policyLimits;
    if (text.length > inputBytesMax / 3 && Buffer.byteLength(text) > inputBytesMax) {
      throw new UnansweredError("the input is too large");
    }
    return this.#current().write(text, this.#inputAddress, inputBytesMax, "utf8");
  }

  /** The zero-terminated text at the address. */
  #readText(address: number): string {
    const bytes = this.#current();
    return bytes.toString("utf8", address, bytes.indexOf(0, address));
  }

  /** Growth detaches the view. */
  #current(): Buffer {
    if (this.#bytes.byteLength === 0) this.#bytes = Buffer.from(this.#memory.buffer);
    return this.#bytes;
  }

  #ownImports(): Record<string, unknown> {
    return {
      memory: this.#memory,
      /** OPA's runtime errors: a place in a rule and a fixed text. */
      opa_abort: (address: number): never => {
        throw new EvaluationError(this.#readText(address));
      },
      /** `print` of a policy that was built with it: claims could be in it, so it goes nowhere. */
      opa_println: (): void => undefined,
    };
  }
}

function pagesMax(dataBytes: number): number {
  const { dataExpansionMax, workingPagesMax } = policyLimits;
  return Math.min(policyLimits.pagesMax, workingPagesMax + Math.ceil((dataBytes * dataExpansionMax) / pageBytes));
}

const abiFunctions = [
  "opa_eval",
  "opa_malloc",
  "opa_heap_ptr_get",
  "opa_json_dump",
  "opa_value_dump",
  "opa_value_parse",
  "builtins",
];

function hasAbi(exports: object): exports is Abi {
  return (
    globalValue(exports, "opa_wasm_abi_version") === 1 &&
    globalValue(exports, "opa_wasm_abi_minor_version") >= abiMinorVersion &&
    abiFunctions.every((name) => typeof Reflect.get(exports, name) === "function")
  );
}

function globalValue(exports: object, name: string): number {
  const found: unknown = Reflect.get(exports, name);
  return typeof found === "object" && found !== null && "value" in found ? Number(found.value) : Number.NaN;
}

function parseIds(text: string): Readonly<Record<string, number>> {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new EvaluationError("the module's list of built-ins is not an object");
  return Object.fromEntries(Object.entries(value).map(([name, id]) => [name, Number(id)]));
}
