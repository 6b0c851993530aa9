/**
 * Asks any entrypoint of a bundle, one instance each, with the very host that decides: what authors' test cases run on.
 * Nothing of it decides, so the rules of activation do not apply.
 */
import { isJsonArray, isJsonObject, type Json, ownMember } from "../domain/json.ts";
import { BundleRejected } from "./bundle-rejected.ts";
import { readBundle } from "./bundle-source.ts";
import { readData } from "./merge-data.ts";
import { PolicyInstance } from "./policy-instance.ts";

/** Evaluates one entrypoint without an input; undefined when the rule is undefined, throws when it cannot be run. */
export type AskEntrypoint = (entrypoint: string) => Json | undefined;

/** From the path of a bundle that `opa build -t wasm` made; `now` is epoch seconds and what `time.now_ns` returns. */
export async function loadEntrypoints(path: string, now: number): Promise<AskEntrypoint> {
  const entries = await (await readBundle(path)).entries();
  const wasm = entries.get("policy.wasm");
  if (wasm === undefined) throw new BundleRejected("bundle_entrypoint_missing", "the bundle has no policy.wasm");
  const module = await WebAssembly.compile(Buffer.from(wasm));
  const { text } = readData(entries);
  return (entrypoint) => {
    const results = new PolicyInstance(module, text, entrypoint).evaluate("", now);
    const first: unknown = isJsonArray(results) ? results[0] : undefined;
    return isJsonObject(first) ? ownMember(first, "result") : undefined;
  };
}
