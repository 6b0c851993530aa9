/** Entries → a bundle that may decide. Everything here happens beside the active bundle, which serves until the end. */
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Revision } from "../domain/identifiers.ts";
import { isJsonObject, type Json } from "../domain/json.ts";
import { RoleCatalogue } from "../domain/role-catalogue.ts";
import type { BundleRejectionCode } from "../ports/policy-status.ts";
import { ActiveBundle, Evaluator, instantiate, type Program } from "./active-bundle.ts";
import { callBuiltinNames, hostBuiltinNames, refusalOfBuiltin } from "./builtins/index.ts";
import { BundleRejected } from "./bundle-rejected.ts";
import { checkLayout } from "./check-layout.ts";
import { checkSamples } from "./check-samples.ts";
import { type Bundle, loadBundle } from "./load-bundle.ts";
import type { BundleSignature } from "./options.ts";
import { EvaluationError, type PolicyInstance } from "./policy-instance.ts";
import { policyLimits } from "./policy-limits.ts";
import type { BundleEntries } from "./read-archive.ts";
import { OutOfTimeError, runWithin } from "./run-within.ts";
import { verifySignature } from "./verify-signature.ts";

export interface Candidate {
  readonly id: string;
  readonly revision: Revision;
  readonly entries: BundleEntries;
}

export interface Trial {
  readonly signature: BundleSignature;
  readonly deadlineMilliseconds: number;
  /** Epoch seconds. */
  readonly now: number;
  readonly modules: ModuleCache;
}

/** Throws a BundleRejected. */
export async function activateBundle(candidate: Candidate, trial: Trial): Promise<ActiveBundle> {
  const bundle = await openBundle(candidate, trial);
  holdShortly("bundle_too_large", "reading its rules", () => {
    checkLayout(bundle);
  });
  const { data } = bundle;
  const chaperone = isJsonObject(data["chaperone"]) ? data["chaperone"] : {};
  const catalogue = RoleCatalogue.parse(chaperone["roles"]);
  if (!(catalogue instanceof RoleCatalogue)) {
    throw new BundleRejected("bundle_catalogue_wrong", `the role catalogue is wrong at ${catalogue.wrongAt}`);
  }
  const module = await trial.modules.compile(bundle.wasm);
  const program: Program = { module, dataText: bundle.dataText };
  const evaluator = tryProgram(program, chaperone["samples"], trial.now);
  return new ActiveBundle({
    reference: { id: candidate.id, revision: candidate.revision },
    catalogue,
    evaluator,
    deadlineMilliseconds: trial.deadlineMilliseconds,
  });
}

/** Believed and read, for the rule `asked`. */
export async function openBundle({ entries }: Candidate, { signature }: Trial, asked?: string): Promise<Bundle> {
  holdShortly("bundle_too_large", "verifying its signature", () => {
    verifySignature(entries, signature);
  });
  await nextTurn();
  return holdShortly("bundle_too_large", "reading it", () => loadBundle(entries, asked));
}

/** On the main thread, where it will decide; a policy that does not come back is interrupted and refused. */
function tryProgram(program: Program, samples: Json | undefined, now: number): Evaluator {
  return holdShortly("bundle_samples_failed", "loading the data and answering the samples", () => {
    const evaluator = startEvaluator(program);
    checkSamples(evaluator, samples, now);
    return evaluator;
  });
}

/** Decisions wait for each of these steps: one that would hold them for long refuses the bundle. */
export function holdShortly<T>(code: BundleRejectionCode, what: string, run: () => T): T {
  try {
    return runWithin(policyLimits.trialMilliseconds, run);
  } catch (cause) {
    if (!(cause instanceof OutOfTimeError)) throw cause;
    throw new BundleRejected(code, `${what} ${cause.message}`);
  }
}

/** With an instance that has every built-in that it needs. */
export function startEvaluator(program: Program): Evaluator {
  const instance = start(program);
  checkBuiltins(instance, program.offer === "call" ? callBuiltinNames : hostBuiltinNames);
  return new Evaluator(program, instance);
}

function start(program: Program): PolicyInstance {
  try {
    return instantiate(program);
  } catch (cause) {
    const why = cause instanceof EvaluationError ? cause.message : "the module and its data do not fit together";
    throw new BundleRejected("bundle_entrypoint_missing", why, { cause });
  }
}

function checkBuiltins({ builtinNames }: PolicyInstance, offered: ReadonlySet<string>): void {
  const missing = builtinNames.filter((name) => !offered.has(name));
  if (missing.length === 0) return;
  const named = missing.map((name) => {
    const reason = refusalOfBuiltin(name);
    return reason === undefined ? name : `${name} (${reason})`;
  });
  throw new BundleRejected("bundle_builtin_missing", `built-ins that are not here: ${named.join(", ")}`);
}

/** Keeps the last compiled module: most new bundles bring new data and the same rules. */
export class ModuleCache {
  #last: { readonly digest: string; readonly module: WebAssembly.Module } | undefined;

  async compile(wasm: Buffer<ArrayBuffer>): Promise<WebAssembly.Module> {
    const digest = createHash("sha256").update(wasm).digest("hex");
    if (this.#last?.digest === digest) return this.#last.module;
    try {
      const module = await WebAssembly.compile(wasm);
      this.#last = { digest, module };
      return module;
    } catch (cause) {
      throw new BundleRejected("bundle_unreadable", "the WASM module does not compile", { cause });
    }
  }
}
