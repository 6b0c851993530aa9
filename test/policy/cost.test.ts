/** What an evaluation costs must not depend on data that it does not read: data is loaded once, at activation. */
import { expect, test } from "vitest";
import { loadBundle } from "../../src/policy/load-bundle.ts";
import { PolicyInstance } from "../../src/policy/policy-instance.ts";
import { readArchive } from "../../src/policy/read-archive.ts";
import { bookFlight, buildTiny, repack } from "./workshop.ts";

async function instanceBeside(entries: number): Promise<PolicyInstance> {
  const directory = Object.fromEntries(
    Array.from({ length: entries }, (_, at) => [`user${at}`, { groups: ["a", "b"], level: at, active: true }]),
  );
  const bundle = await repack(await buildTiny(), { "directory/data.json": JSON.stringify(directory) });
  const { wasm, dataText } = loadBundle(await readArchive(bundle));
  return new PolicyInstance(await WebAssembly.compile(wasm), dataText);
}

test("evaluation costs the same beside a hundred times the data", { retry: 2 }, async () => {
  const input = JSON.stringify(bookFlight);
  const small = await instanceBeside(200);
  const large = await instanceBeside(20_000);
  expect(large.memoryBytes).toBeGreaterThan(small.memoryBytes * 10);
  // The least of several rounds in turn: what others do on the machine only ever adds.
  const costs = new Map<PolicyInstance, number>();
  for (let round = 0; round < 6; round += 1) {
    for (const instance of [small, large]) {
      const before = process.threadCpuUsage();
      for (let at = 0; at < 3000; at += 1) instance.evaluate(input, 1);
      const { user, system } = process.threadCpuUsage(before);
      costs.set(instance, Math.min(costs.get(instance) ?? Number.POSITIVE_INFINITY, user + system));
    }
  }
  expect(costs.get(large)! / costs.get(small)!).toBeLessThan(1.5);
});
