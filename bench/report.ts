/** The figures as tables, ratios first: the machine's noise is in every absolute one. */
import { cpus } from "node:os";
import type { DataGrowth } from "./data-growth.ts";
import type { Figures, Plan, Subject } from "./figures.ts";
import { ratioOf, type Spread, spreadOf } from "./statistics.ts";

const floorName = "OPA";
const bareName = "bare process";

export function renderReport(
  subjects: readonly Subject[],
  growth: DataGrowth,
  plan: Plan & { ratePerSecond: number },
): string {
  const floor = named(subjects, floorName);
  const bare = named(subjects, bareName);
  const rows = subjects.map(({ system, figures }) => [
    system.name,
    number(spreadOf(figures.cpuMicroseconds), 0),
    number(spreadOf(figures.cpuMicroseconds.map((cost) => 1e6 / cost)), 0),
    number(ratioOf(figures.cpuMicroseconds, floor.cpuMicroseconds), 2),
    number(spreadOf(figures.p50Milliseconds), 2),
    number(spreadOf(figures.p99Milliseconds), 2),
    figures.memoryMebibytes.toFixed(0),
    number(spreadOf(figures.coldStartMilliseconds), 0),
    number(spreadOf(figures.startCpuMilliseconds), 0),
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
  const decisions = Math.min(...subjects.map(({ figures }) => figures.decisions));
  return [
    `Medians of ${plan.rounds} rounds (lowest–highest); memory after at least ${decisions} decisions each.`,
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}`,
    "",
    table([header, ...rows]),
    "",
    table([
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
        .map(({ system, figures }) => [system.name, ...ratios(figures, floor, named(subjects, "OPA + token"), bare)]),
    ]),
    "",
    ...subjects
      .filter(({ figures }) => figures.roundsNotHeld > 0)
      .map(({ system, figures }) => `${system.name} did not hold the rate in ${figures.roundsNotHeld} rounds.\n`),
    `Evaluation with ${growth.entries * growth.growth} unrelated entries of data ÷ with ${growth.entries}: ` +
      `${number(growth.ratio, 2)} (${number(growth.small, 1)} µs, ${number(growth.grown, 1)} µs)`,
  ].join("\n");
}

function ratios(figures: Figures, opa: Figures, signingOpa: Figures, bare: Figures): string[] {
  return [
    number(ratioOf(figures.cpuMicroseconds, opa.cpuMicroseconds), 2),
    number(ratioOf(figures.cpuMicroseconds, signingOpa.cpuMicroseconds), 2),
    number(ratioOf(figures.coldStartMilliseconds, bare.coldStartMilliseconds), 2),
    number(ratioOf(figures.startCpuMilliseconds, bare.startCpuMilliseconds), 2),
    (figures.memoryMebibytes / bare.memoryMebibytes).toFixed(2),
  ];
}

function named(subjects: readonly Subject[], name: string): Figures {
  const found = subjects.find(({ system }) => system.name === name);
  if (found === undefined) throw new Error(`${name} was not measured`);
  return found.figures;
}

const number = ({ median, min, max }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;

/** A Markdown table, so that a run can go into docs/benchmarks.md as it is. */
function table([header = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
