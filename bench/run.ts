/**
 * `npm run bench`: Chaperone beside OPA's server and Cerbos on the same machine, policy and load, in one run. Every system
 * is first asserted to answer rightly. It prints figures and judges none; `--short` is for a look whether all still works.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findOpa } from "../src/toolchain/index.ts";
import { measureDataGrowth } from "./data-growth.ts";
import { createSubject, type Plan, runRounds, startAll, type Subject, warmUp } from "./figures.ts";
import { startLoadGenerator } from "./load.ts";
import { renderReport } from "./report.ts";
import { createBareProcess } from "./systems/bare.ts";
import { createCerbos } from "./systems/cerbos.ts";
import { type Chaperone, createChaperone } from "./systems/chaperone.ts";
import { createOpa, createSigningOpa } from "./systems/opa.ts";
import type { System } from "./systems/system.ts";

const isShort = process.argv.includes("--short");
/** The full plan makes more than 100,000 decisions per system before memory is read. */
const plan: Plan = isShort
  ? { rounds: 1, starts: 1, warmUp: 200, decisionsPerRound: 500, connections: 8, secondsAtRate: 1 }
  : { rounds: 5, starts: 7, warmUp: 5000, decisionsPerRound: 20_000, connections: 8, secondsAtRate: 5 };
const dataPlan = isShort
  ? { entries: 50, rounds: 2, evaluations: 200 }
  : { entries: 500, rounds: 7, evaluations: 5000 };

const root = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "chaperone-bench-"));
const generator = startLoadGenerator();
const subjects: Subject[] = [];
try {
  const opa = await findOpa({ tell: (line) => console.error(line) });
  const chaperones = [
    await createChaperone({ root, folder }, "socket"),
    await createChaperone({ root, folder }, "tcp"),
  ] as const;
  const systems: System[] = [
    await createOpa({ opa, root, folder }),
    await createSigningOpa({ opa, root, folder }),
    ...(await createCerbosOrSayWhyNot()),
    ...chaperones,
    await createBareProcess(root, folder),
  ];
  subjects.push(...systems.map(createSubject));
  await startAll(subjects, plan);
  console.error(`all ${subjects.length} answered rightly`);
  const ratePerSecond = await warmUp(subjects, plan, generator);
  await runRounds(subjects, { ...plan, ratePerSecond }, generator);
  for (const chaperone of chaperones) await assertRecorded(chaperone);
  const growth = await measureDataGrowth({ root, folder, opa, ...dataPlan });
  console.log(renderReport(subjects, growth, { ...plan, ratePerSecond }));
} finally {
  generator.stop();
  for (const subject of subjects) await subject.server?.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Missing Cerbos takes a row from the table and nothing from what is asserted about Chaperone. */
async function createCerbosOrSayWhyNot(): Promise<System[]> {
  try {
    return [await createCerbos({ root, folder })];
  } catch (error) {
    if (!isShort) throw error;
    console.log(`Cerbos is not measured, because it could not be fetched: ${String(error)}`);
    return [];
  }
}

/** A decision that was answered and is not on record would make every figure worthless. */
async function assertRecorded(chaperone: Chaperone): Promise<void> {
  const answered = subjects.find((subject) => subject.system === chaperone)?.figures.decisions;
  const recorded = await chaperone.countRecords();
  if (answered === undefined || recorded < answered) {
    throw new Error(`${chaperone.name} answered ${answered ?? "no"} decisions and recorded ${recorded}`);
  }
}
