/**
 * `npm run bench`: decisions beside OPA's server and Cerbos. `npm run bench -- exchange`: token exchanges beside Keycloak.
 * `npm run bench -- ext-authz`: Envoy asking for every call, beside Envoy that asks nobody and one that asks an echo.
 * Every system is first asserted to answer rightly. It prints figures and judges none; `--short` is for a look whether all
 * still works.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { BenchWorld } from "./bench-world.ts";
import { benchDecisions } from "./decisions.ts";
import { benchExchanges } from "./exchanges.ts";
import { benchHeldCalls } from "./held-calls.ts";
import { startLoadGenerator } from "./load.ts";

const benches: Readonly<Record<string, (world: BenchWorld) => Promise<string>>> = {
  decisions: benchDecisions,
  exchange: benchExchanges,
  "ext-authz": benchHeldCalls,
};

const { values, positionals } = parseArgs({ options: { short: { type: "boolean" } }, allowPositionals: true });
const [name = "decisions", ...more] = positionals;
const bench = Object.hasOwn(benches, name) && more.length === 0 ? benches[name] : undefined;
if (bench === undefined) throw new Error(`what is measured is one of ${Object.keys(benches).join(", ")}`);

const folder = await mkdtemp(join(tmpdir(), "chaperone-bench-"));
const generator = startLoadGenerator();
try {
  const root = join(import.meta.dirname, "..");
  console.log(await bench({ root, folder, generator, isShort: values.short === true }));
} finally {
  generator.stop();
  await rm(folder, { recursive: true, force: true });
}
