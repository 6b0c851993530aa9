/** Whether a decision costs more when data that it does not look at grows: it should be loaded once, not per request. */
import { cp, mkdir, writeFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { join } from "node:path";
import { createClock } from "../src/clock/index.ts";
import { createPolicyRoom, type PolicyRoom } from "../src/policy/index.ts";
import { buildBundle } from "../src/toolchain/index.ts";
import { ratioOf, type Spread, spreadOf } from "./statistics.ts";
import { foundingInput } from "./systems/opa.ts";

export interface DataGrowth {
  readonly entries: number;
  readonly growth: number;
  /** Microseconds per evaluation with the small and the grown data. */
  readonly small: Spread;
  readonly grown: Spread;
  readonly ratio: Spread;
}

export interface DataGrowthPlan {
  readonly root: string;
  readonly folder: string;
  readonly opa: string;
  readonly entries: number;
  readonly rounds: number;
  readonly evaluations: number;
}

const growth = 100;

export async function measureDataGrowth(plan: DataGrowthPlan): Promise<DataGrowth> {
  const small = await openRoom(plan, "small", plan.entries);
  const grown = await openRoom(plan, "grown", plan.entries * growth);
  const times = { small: [] as number[], grown: [] as number[] };
  time(small, plan.evaluations);
  time(grown, plan.evaluations);
  for (let round = 0; round < plan.rounds; round++) {
    times.small.push(time(small, plan.evaluations));
    times.grown.push(time(grown, plan.evaluations));
  }
  await Promise.all([small.close(), grown.close()]);
  return {
    entries: plan.entries,
    growth,
    small: spreadOf(times.small),
    grown: spreadOf(times.grown),
    ratio: ratioOf(times.grown, times.small),
  };
}

/** Microseconds of this thread per evaluation. */
function time(room: PolicyRoom, evaluations: number): number {
  const startedAt = performance.now();
  for (let index = 0; index < evaluations; index++) {
    const verdict = room.snapshot(0).evaluate(foundingInput);
    if (verdict.outcome !== "allow") throw new Error(`the founding request was answered ${verdict.outcome}`);
  }
  return ((performance.now() - startedAt) * 1000) / evaluations;
}

async function openRoom(plan: DataGrowthPlan, name: string, entries: number): Promise<PolicyRoom> {
  const source = join(plan.folder, `data-${name}`);
  const out = join(plan.folder, `data-${name}.tar.gz`);
  await cp(join(plan.root, "policies"), source, { recursive: true });
  await mkdir(join(source, "unrelated"));
  const people = Array.from({ length: entries }, (_, index) => [
    `person-${index}`,
    { department: `department-${index % 40}`, cost_center: index, active: index % 7 !== 0 },
  ]);
  await writeFile(join(source, "unrelated", "data.json"), JSON.stringify(Object.fromEntries(people)));
  await buildBundle({ source, out, opa: plan.opa });
  const options = {
    id: "bench",
    path: out,
    signature: { mode: "none" },
    deadlineMilliseconds: 1000,
    watch: false,
  } as const;
  return createPolicyRoom(options, {
    clock: createClock({ stepBackToleratedSeconds: 5 }),
    announcer: { announce: () => {} },
  });
}
