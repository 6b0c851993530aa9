/** The figures of held calls as a table: what asking adds to a call, and how far each is from the echo. */
import type { Figures, Measured } from "./figures.ts";
import { differenceOf, ratioOf, spreadOf } from "./statistics.ts";
import { describeMachine, renderSpread, renderTable } from "./table.ts";

export function renderHeldCallReport(measured: Measured): string {
  const { subjects, plan } = measured;
  const plain = measured.figuresOf("no filter");
  const echo = measured.figuresOf("echo");
  if (plain === undefined || echo === undefined) throw new Error("there is nothing to compare with");
  const rate = `ms at ${plan.ratePerSecond}/s`;
  const header = ["", "CPU µs per Check", "÷ echo", "Envoy's CPU µs", `p50 ${rate}`, "added p50", "÷ echo"];
  const rows = subjects.map(({ system, figures }) => [
    system.name,
    ...renderCpu(figures, echo),
    renderSpread(spreadOf(figures.cpuMicroseconds), 0),
    renderSpread(spreadOf(figures.p50Milliseconds), 2),
    ...renderAdded(figures, plain, echo, "p50Milliseconds"),
    renderSpread(spreadOf(figures.p99Milliseconds), 2),
    ...renderAdded(figures, plain, echo, "p99Milliseconds"),
    figures.companionMemoryMebibytes?.toFixed(0) ?? "",
  ]);
  return [
    `Medians of ${plan.rounds} rounds of ${plan.requestsPerRound} calls (lowest–highest), after ${plan.warmUp} to warm up.`,
    describeMachine(),
    "",
    renderTable([[...header, `p99 ${rate}`, "added p99", "÷ echo", "memory MiB"], ...rows]),
    ...measured.describeRatesNotHeld(),
  ].join("\n");
}

/** Of whom Envoy asks. */
function renderCpu({ companionCpuMicroseconds: cost }: Figures, echo: Figures): string[] {
  if (cost.length === 0) return ["", ""];
  return [renderSpread(spreadOf(cost), 0), renderSpread(ratioOf(cost, echo.companionCpuMicroseconds), 1)];
}

/** To a call without the filter; beside the median of what the echo added, because single rounds of it can be nothing. */
function renderAdded(
  figures: Figures,
  plain: Figures,
  echo: Figures,
  latency: "p50Milliseconds" | "p99Milliseconds",
): string[] {
  if (figures === plain) return ["", ""];
  const added = spreadOf(differenceOf(figures[latency], plain[latency]));
  const byEcho = spreadOf(differenceOf(echo[latency], plain[latency]));
  return [renderSpread(added, 2), byEcho.median > 0 ? (added.median / byEcho.median).toFixed(1) : "–"];
}
