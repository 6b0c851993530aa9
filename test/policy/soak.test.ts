/**
 * Memory over a long life. The numbers here keep `npm test` quick; `CHAPERONE_SOAK=full` runs a million evaluations and
 * a thousand activations and prints what it saw.
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bookFlight, buildTiny, repack, temporaryFolder, withMarker } from "./workshop.ts";

const run = promisify(execFile);
/** As `npm start` runs it: with a larger young generation the process grows into that first, and nothing is learned. */
const flags = ["--expose-gc", "--max-semi-space-size=4"];
const isFull = process.env["CHAPERONE_SOAK"] === "full";
const evaluations = isFull ? 1_000_000 : 60_000;
const activations = isFull ? 1000 : 100;

interface Reading {
  readonly resident: number;
  readonly heap: number;
  readonly wasm: number;
}

/** Runs in a process of its own, where nothing but the room lives and the collector can be called. */
const program = `
import { readFile, writeFile, rename } from "node:fs/promises";
import { PolicyInstance } from "./src/policy/policy-instance.ts";
import { createPolicyRoom } from "./src/policy/index.ts";
const [folder, evaluations, activations, input] = JSON.parse(process.argv[1]);
let memoryBytes = 0;
const original = PolicyInstance.prototype.evaluate;
PolicyInstance.prototype.evaluate = function (...args) { const r = original.apply(this, args); memoryBytes = this.memoryBytes; return r; };
const path = folder + "/bundle.tar.gz";
const bundles = await Promise.all(["one", "two"].map((name) => readFile(folder + "/" + name)));
await writeFile(path, bundles[0]);
const world = { clock: { read: () => ({ epochSeconds: 1781000000, isReliable: true }) }, announcer: { announce() {} } };
const room = await createPolicyRoom({ id: "soak", path, signature: { mode: "none" }, deadlineMilliseconds: 100000, watch: false }, world);
const read = () => { gc(); gc(); const m = process.memoryUsage(); return { resident: m.rss, heap: m.heapUsed, wasm: memoryBytes }; };
const evaluate = (count) => { for (let at = 0; at < count; at += 1) {
  const asked = at % 3 === 0 ? { ...input, context: { padding: "x".repeat(at % 3000) } } : input;
  if (room.snapshot(asked.time).evaluate(asked).outcome !== "allow") throw new Error("not allowed");
} };
const activate = async (count) => { for (let at = 0; at < count; at += 1) {
  await writeFile(path + ".new", bundles[(at + 1) % 2]); await rename(path + ".new", path);
  const before = room.state().active.revision;
  await room.reload();
  if (room.state().active.revision === before) throw new Error("not activated");
  evaluate(10);
} };
const readings = [];
evaluate(evaluations / 10); readings.push(read());
evaluate(evaluations); readings.push(read());
await activate(activations / 10 + activations % 2); readings.push(read());
await activate(activations); readings.push(read());
console.log(JSON.stringify(readings));
`;

test(`memory is flat over ${evaluations} evaluations and ${activations} activations`, {
  timeout: 600_000,
}, async () => {
  const folder = await temporaryFolder();
  const big = JSON.stringify(Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`k${at}`, { at, on: true }])));
  const tiny = await buildTiny(withMarker('"one"'));
  await writeFile(join(folder, "one"), tiny);
  await writeFile(join(folder, "two"), await repack(tiny, { "more/data.json": big }));
  const args = JSON.stringify([folder, evaluations, activations, bookFlight]);
  const { stdout } = await run(process.execPath, [...flags, "--input-type=module", "-e", program, args], {
    cwd: join(import.meta.dirname, "../.."),
  });
  const parse: (text: string) => readonly Reading[] = JSON.parse;
  const readings = parse(stdout);
  if (isFull) console.log(readings);
  const [warm, evaluated, activatedOnce, activated] = readings;
  const mebibyte = 1024 * 1024;
  expect(evaluated!.wasm).toBe(warm!.wasm);
  expect(evaluated!.heap - warm!.heap).toBeLessThan(2 * mebibyte);
  expect(evaluated!.resident - warm!.resident).toBeLessThan(40 * mebibyte);
  expect(activated!.heap - activatedOnce!.heap).toBeLessThan(4 * mebibyte);
  expect(activated!.resident - activatedOnce!.resident).toBeLessThan(40 * mebibyte);
});
