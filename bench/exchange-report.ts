/** The figures of exchanges as a table: how many times as many as Keycloak, and how far from the floor. */
import type { Measured } from "./figures.ts";
import { ratioOf, spreadOf } from "./statistics.ts";
import { describeMachine, renderSpread, renderTable } from "./table.ts";

export function renderExchangeReport(measured: Measured): string {
  const { subjects, plan } = measured;
  const floor = measured.figuresOf("floor");
  const peer = measured.figuresOf("Keycloak");
  if (floor === undefined) throw new Error("the floor was not measured");
  const header = [
    "",
    "CPU µs per exchange",
    "exchanges per CPU-second",
    "× Keycloak",
    "CPU ÷ floor",
    `p50 ms at ${plan.ratePerSecond}/s`,
    `p99 ms at ${plan.ratePerSecond}/s`,
    "memory MiB",
  ];
  const rows = subjects.map(({ system, figures }) => [
    system.name,
    renderSpread(spreadOf(figures.cpuMicroseconds), 0),
    renderSpread(spreadOf(figures.cpuMicroseconds.map((cost) => 1e6 / cost)), 0),
    peer === undefined ? "" : renderSpread(ratioOf(peer.cpuMicroseconds, figures.cpuMicroseconds), 1),
    renderSpread(ratioOf(figures.cpuMicroseconds, floor.cpuMicroseconds), 2),
    renderSpread(spreadOf(figures.p50Milliseconds), 2),
    renderSpread(spreadOf(figures.p99Milliseconds), 2),
    figures.memoryMebibytes.toFixed(0),
  ]);
  return [
    `Medians of ${plan.rounds} rounds of ${plan.requestsPerRound} exchanges (lowest–highest), after ${plan.warmUp} to warm up.`,
    describeMachine(),
    "",
    renderTable([header, ...rows]),
    ...measured.describeRatesNotHeld(),
  ].join("\n");
}
