/** What is measured of each system, over rounds in which the systems alternate. */
import type { LoadGenerator } from "./load.ts";
import { readCpuSeconds, readMemoryMebibytes } from "./process-counters.ts";
import { type RunningServer, type ServerProcess, startProcess, startServer } from "./server-process.ts";
import type { System } from "./systems/system.ts";
import { ask } from "./target.ts";

export interface Plan {
  readonly rounds: number;
  readonly starts: number;
  readonly warmUp: number;
  readonly requestsPerRound: number;
  readonly connections: number;
  readonly secondsAtRate: number;
  /** Absent: whatever the slowest holds. */
  readonly ratePerSecondMax?: number;
}

/** One value per round (cold starts: per start). */
export interface Figures {
  readonly cpuMicroseconds: number[];
  /** Empty without a companion. */
  readonly companionCpuMicroseconds: number[];
  readonly p50Milliseconds: number[];
  readonly p99Milliseconds: number[];
  readonly coldStartMilliseconds: number[];
  /** Processor time used until the first right answer; says more than the clock on a machine that others use too. */
  readonly startCpuMilliseconds: number[];
  /** After all requests. */
  memoryMebibytes: number;
  companionMemoryMebibytes: number | undefined;
  requests: number;
  /** Rounds in which the fixed rate was too much for it: its latencies then say nothing. */
  roundsNotHeld: number;
}

interface Subject {
  readonly system: System;
  readonly figures: Figures;
  server: RunningServer | undefined;
  companion: ServerProcess | undefined;
}

type RatedPlan = Plan & { readonly ratePerSecond: number };

export class Measured {
  readonly plan: RatedPlan;
  readonly subjects: readonly Pick<Subject, "system" | "figures">[];

  constructor(plan: RatedPlan, subjects: Measured["subjects"]) {
    this.plan = plan;
    this.subjects = subjects;
  }

  figuresOf(name: string): Figures | undefined {
    return this.subjects.find(({ system }) => system.name === name)?.figures;
  }

  /** How many it answered rightly since its last start. */
  requestsOf({ name }: System): number {
    return this.figuresOf(name)?.requests ?? Number.NaN;
  }

  describeRatesNotHeld(): readonly string[] {
    return this.subjects
      .filter(({ figures }) => figures.roundsNotHeld > 0)
      .map(({ system, figures }) => `${system.name} did not hold the rate in ${figures.roundsNotHeld} rounds.\n`);
  }
}

/** Whatever happens, no system is left running. */
export async function measure(systems: readonly System[], plan: Plan, generator: LoadGenerator): Promise<Measured> {
  const subjects = systems.map(createSubject);
  try {
    await startAll(subjects, plan);
    console.error(`all ${subjects.length} answered rightly`);
    const rated = { ...plan, ratePerSecond: await warmUp(subjects, plan, generator) };
    await runRounds(subjects, rated, generator);
    return new Measured(rated, subjects);
  } finally {
    for (const subject of subjects) await stopSubject(subject);
  }
}

function createSubject(system: System): Subject {
  const figures: Figures = {
    cpuMicroseconds: [],
    companionCpuMicroseconds: [],
    p50Milliseconds: [],
    p99Milliseconds: [],
    coldStartMilliseconds: [],
    startCpuMilliseconds: [],
    memoryMebibytes: Number.NaN,
    companionMemoryMebibytes: undefined,
    requests: 0,
    roundsNotHeld: 0,
  };
  return { system, figures, server: undefined, companion: undefined };
}

/** Every start is timed and asked; the last one stays for the rounds. */
async function startAll(subjects: readonly Subject[], plan: Plan): Promise<void> {
  for (let start = 0; start < plan.starts; start++) {
    for (const subject of subjects) {
      await stopSubject(subject);
      subject.server = await openSubject(subject);
      subject.figures.startCpuMilliseconds.push(readCpuSeconds(subject.server.pid) * 1000);
      subject.figures.coldStartMilliseconds.push(subject.server.coldStartMilliseconds);
      await subject.system.assertRight(await ask(subject.system.target));
      // Beside it the one that was waited for, unless that was another question.
      subject.figures.requests = subject.system.introduction === undefined ? 2 : 1;
    }
  }
}

async function openSubject(subject: Subject): Promise<RunningServer> {
  const { system } = subject;
  const { introduction } = system;
  const beside = await system.companion?.();
  subject.companion = beside === undefined ? undefined : startProcess(beside);
  const target = introduction?.target ?? system.target;
  const server = await startServer(await system.command(), target, subject.companion);
  introduction?.take(server.firstAnswer);
  return server;
}

async function stopSubject({ server, companion }: Subject): Promise<void> {
  await server?.stop();
  await companion?.stop();
}

/** The rate that everybody holds, requests per second: a third of what the slowest one did while it warmed up. */
async function warmUp(subjects: readonly Subject[], plan: Plan, generator: LoadGenerator): Promise<number> {
  let slowest = plan.ratePerSecondMax === undefined ? Number.POSITIVE_INFINITY : plan.ratePerSecondMax * 3;
  for (const { system, figures } of subjects) {
    await system.prepareLoad?.(plan.warmUp);
    const load = { target: system.target, connections: plan.connections, requests: plan.warmUp };
    const { seconds } = await generator.run(load);
    figures.requests += plan.warmUp;
    slowest = Math.min(slowest, plan.warmUp / seconds);
  }
  return Math.max(10, Math.floor(slowest / 30) * 10);
}

/** Turns the order around every other round, so that nobody always comes first. */
async function runRounds(subjects: readonly Subject[], plan: RatedPlan, generator: LoadGenerator): Promise<void> {
  for (let round = 0; round < plan.rounds; round++) {
    console.error(`round ${round + 1} of ${plan.rounds}`);
    const order = round % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of order) await measureCpu(subject, plan, generator);
    for (const subject of order) await measureLatency(subject, plan, generator);
  }
  for (const subject of subjects) {
    subject.figures.memoryMebibytes = readMemoryMebibytes(pidOf(subject));
    const { companion } = subject;
    if (companion !== undefined) subject.figures.companionMemoryMebibytes = readMemoryMebibytes(companion.pid);
    await subject.system.assertRight(await ask(subject.system.target));
    subject.figures.requests += 1;
  }
}

async function measureCpu(subject: Subject, plan: Plan, generator: LoadGenerator): Promise<void> {
  const { system, figures, companion } = subject;
  const { connections, requestsPerRound: requests } = plan;
  await system.prepareLoad?.(requests);
  const stop = watchCpu(system.name, pidOf(subject));
  const stopCompanion = companion === undefined ? undefined : watchCpu(`what ${system.name} asks`, companion.pid);
  await generator.run({ target: system.target, connections, requests });
  figures.cpuMicroseconds.push((stop() * 1e6) / requests);
  if (stopCompanion !== undefined) figures.companionCpuMicroseconds.push((stopCompanion() * 1e6) / requests);
  figures.requests += requests;
}

/** Answers the seconds used since. */
function watchCpu(name: string, pid: number): () => number {
  const before = readCpuSeconds(pid);
  return () => {
    const used = readCpuSeconds(pid) - before;
    // A process that only started the one that works would be measured as free.
    if (used === 0) throw new Error(`${name} used no processor time`);
    return used;
  };
}

async function measureLatency(subject: Subject, plan: RatedPlan, generator: LoadGenerator): Promise<void> {
  const { system, figures } = subject;
  const { ratePerSecond, secondsAtRate } = plan;
  const requests = ratePerSecond * secondsAtRate;
  await system.prepareLoad?.(requests);
  const load = { target: system.target, connections: plan.connections * 4, requests, ratePerSecond };
  const { seconds, p50, p99 } = await generator.run(load);
  if (seconds > secondsAtRate * 1.1 + 0.5) figures.roundsNotHeld += 1;
  figures.p50Milliseconds.push(p50);
  figures.p99Milliseconds.push(p99);
  figures.requests += requests;
}

function pidOf(subject: Subject): number {
  if (subject.server === undefined) throw new Error(`${subject.system.name} is not running`);
  return subject.server.pid;
}
