/** What is measured of each system, over rounds in which the systems alternate. */
import type { LoadGenerator } from "./load.ts";
import { readCpuSeconds, readMemoryMebibytes } from "./process-counters.ts";
import { type RunningServer, startServer } from "./server-process.ts";
import type { System } from "./systems/system.ts";
import { ask } from "./target.ts";

export interface Plan {
  readonly rounds: number;
  readonly starts: number;
  readonly warmUp: number;
  readonly decisionsPerRound: number;
  readonly connections: number;
  readonly secondsAtRate: number;
}

/** One value per round (cold starts: per start). */
export interface Figures {
  readonly cpuMicroseconds: number[];
  readonly p50Milliseconds: number[];
  readonly p99Milliseconds: number[];
  readonly coldStartMilliseconds: number[];
  /** Processor time used until the first right answer; says more than the clock on a machine that others use too. */
  readonly startCpuMilliseconds: number[];
  /** After all decisions. */
  memoryMebibytes: number;
  decisions: number;
  /** Rounds in which the fixed rate was too much for it: its latencies then say nothing. */
  roundsNotHeld: number;
}

export interface Subject {
  readonly system: System;
  readonly figures: Figures;
  server: RunningServer | undefined;
}

export function createSubject(system: System): Subject {
  const figures: Figures = {
    cpuMicroseconds: [],
    p50Milliseconds: [],
    p99Milliseconds: [],
    coldStartMilliseconds: [],
    startCpuMilliseconds: [],
    memoryMebibytes: Number.NaN,
    decisions: 0,
    roundsNotHeld: 0,
  };
  return { system, figures, server: undefined };
}

/** Every start is timed and asked; the last one stays for the rounds. */
export async function startAll(subjects: readonly Subject[], plan: Plan): Promise<void> {
  for (let start = 0; start < plan.starts; start++) {
    for (const subject of subjects) {
      await subject.server?.stop();
      subject.server = await startServer(await subject.system.command(), subject.system.target);
      subject.figures.startCpuMilliseconds.push(readCpuSeconds(subject.server.pid) * 1000);
      subject.figures.coldStartMilliseconds.push(subject.server.coldStartMilliseconds);
      await subject.system.assertRight(await ask(subject.system.target));
      subject.figures.decisions = 2;
    }
  }
}

/** The rate that everybody holds, decisions per second: a third of what the slowest one did while it warmed up. */
export async function warmUp(subjects: readonly Subject[], plan: Plan, generator: LoadGenerator): Promise<number> {
  let slowest = Number.POSITIVE_INFINITY;
  for (const { system, figures } of subjects) {
    const load = { target: system.target, connections: plan.connections, requests: plan.warmUp };
    const { seconds } = await generator.run(load);
    figures.decisions += plan.warmUp;
    slowest = Math.min(slowest, plan.warmUp / seconds);
  }
  return Math.max(10, Math.floor(slowest / 30) * 10);
}

/** Turns the order around every other round, so that nobody always comes first. */
export async function runRounds(
  subjects: readonly Subject[],
  plan: Plan & { readonly ratePerSecond: number },
  generator: LoadGenerator,
): Promise<void> {
  for (let round = 0; round < plan.rounds; round++) {
    console.error(`round ${round + 1} of ${plan.rounds}`);
    const order = round % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of order) await measureCpu(subject, plan, generator);
    for (const subject of order) await measureLatency(subject, plan, generator);
  }
  for (const subject of subjects) {
    subject.figures.memoryMebibytes = readMemoryMebibytes(pidOf(subject));
    await subject.system.assertRight(await ask(subject.system.target));
    subject.figures.decisions += 1;
  }
}

async function measureCpu(subject: Subject, plan: Plan, generator: LoadGenerator): Promise<void> {
  const { system, figures } = subject;
  const before = readCpuSeconds(pidOf(subject));
  await generator.run({ target: system.target, connections: plan.connections, requests: plan.decisionsPerRound });
  const used = readCpuSeconds(pidOf(subject)) - before;
  figures.cpuMicroseconds.push((used * 1e6) / plan.decisionsPerRound);
  figures.decisions += plan.decisionsPerRound;
}

async function measureLatency(
  subject: Subject,
  plan: Plan & { readonly ratePerSecond: number },
  generator: LoadGenerator,
): Promise<void> {
  const { system, figures } = subject;
  const { ratePerSecond, secondsAtRate } = plan;
  const requests = ratePerSecond * secondsAtRate;
  const load = { target: system.target, connections: plan.connections * 4, requests, ratePerSecond };
  const { seconds, p50, p99 } = await generator.run(load);
  if (seconds > secondsAtRate * 1.1 + 0.5) figures.roundsNotHeld += 1;
  figures.p50Milliseconds.push(p50);
  figures.p99Milliseconds.push(p99);
  figures.decisions += requests;
}

function pidOf(subject: Subject): number {
  if (subject.server === undefined) throw new Error(`${subject.system.name} is not running`);
  return subject.server.pid;
}
