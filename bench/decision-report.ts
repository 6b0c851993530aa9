/** The figures of decisions as tables, ratios first: the machine's noise is in every absolute one. */
import type { DataGrowth } from "./data-growth.ts";
import type { Figures, Measured } from "./figures.ts";
import { ratioOf, spreadOf } from "./statistics.ts";
import { describeMachine, renderSpread, renderTable } from "./table.ts";

const floorName = "OPA";
const bareName = "bare process";

export function renderDecisionReport(measured: Measured, growth: DataGrowth): string {
  const { subjects, plan } = measured;
  const floor = named(measured, floorName);
  const bare = named(measured, bareName);
  const rows = subjects.map(({ system, figures }) => [
    system.name,
    renderSpread(spreadOf(figures.cpuMicroseconds), 0),
    renderSpread(spreadOf(figures.cpuMicroseconds.map((cost) => 1e6 / cost)), 0),
    renderSpread(ratioOf(figures.cpuMicroseconds, floor.cpuMicroseconds), 2),
    renderSpread(spreadOf(figures.p50Milliseconds), 2),
    renderSpread(spreadOf(figures.p99Milliseconds), 2),
    figures.memoryMebibytes.toFixed(0),
    renderSpread(spreadOf(figures.coldStartMilliseconds), 0),
    renderSpread(spreadOf(figures.startCpuMilliseconds), 0),
  ]);
  const header = [
    "",
    "CPU µs per decision",
    "decisions per CPU-second",
    `CPU ÷ ${floorName}`,
    `p50 ms at ${plan.ratePerSecond}/s`,
    `p99 ms at ${plan.ratePerSecond}/s`,
    "memory MiB",
    "cold start ms",
    "CPU ms to start",
  ];
  const decisions = Math.min(...subjects.map(({ figures }) => figures.requests));
  return [
    `Medians of ${plan.rounds} rounds (lowest–highest); memory after at least ${decisions} decisions each.`,
    describeMachine(),
    "",
    renderTable([header, ...rows]),
    "",
    renderTable([
      [
        "",
        "CPU ÷ OPA without a token",
        "CPU ÷ OPA with one",
        "cold start ÷ bare",
        "CPU to start ÷ bare",
        "memory ÷ bare",
      ],
      ...subjects
        .filter(({ system }) => system.name.startsWith("Chaperone"))
        .map(({ system, figures }) => [system.name, ...ratios(figures, floor, named(measured, "OPA + token"), bare)]),
    ]),
    "",
    ...measured.describeRatesNotHeld(),
    `Evaluation with ${growth.entries * growth.growth} unrelated entries of data ÷ with ${growth.entries}: ` +
      `${renderSpread(growth.ratio, 2)} (${renderSpread(growth.small, 1)} µs, ${renderSpread(growth.grown, 1)} µs)`,
  ].join("\n");
}

function ratios(figures: Figures, opa: Figures, signingOpa: Figures, bare: Figures): string[] {
  return [
    renderSpread(ratioOf(figures.cpuMicroseconds, opa.cpuMicroseconds), 2),
    renderSpread(ratioOf(figures.cpuMicroseconds, signingOpa.cpuMicroseconds), 2),
    renderSpread(ratioOf(figures.coldStartMilliseconds, bare.coldStartMilliseconds), 2),
    renderSpread(ratioOf(figures.startCpuMilliseconds, bare.startCpuMilliseconds), 2),
    (figures.memoryMebibytes / bare.memoryMebibytes).toFixed(2),
  ];
}

function named(measured: Measured, name: string): Figures {
  const found = measured.figuresOf(name);
  if (found === undefined) throw new Error(`${name} was not measured`);
  return found;
}
