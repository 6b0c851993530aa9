/** A prom-client histogram that renders tallies which were filled elsewhere (see tallies.ts for why). */
import {
  Histogram,
  type HistogramConfiguration,
  type MetricObjectWithValues,
  type MetricValueWithName,
} from "prom-client";
import { limits } from "./limits.ts";
import type { LatencyTally } from "./tallies.ts";

export interface LatencyHistogramOptions {
  readonly name: string;
  readonly help: string;
  /** One series per entry, told apart by the label `step`; the empty name is a series without labels. */
  readonly tallies: ReadonlyMap<string, LatencyTally>;
}

type Rendered = MetricObjectWithValues<MetricValueWithName<"step">>;

export class LatencyHistogram extends Histogram<"step"> {
  readonly #options: LatencyHistogramOptions;
  /** Knows the name, help and type; it never observes anything. */
  readonly #frame: Histogram<"step">;

  constructor(options: LatencyHistogramOptions) {
    const configuration: HistogramConfiguration<"step"> = {
      name: options.name,
      help: options.help,
      labelNames: options.tallies.has("") ? [] : ["step"],
      buckets: [...limits.latencyBuckets],
      registers: [],
    };
    super(configuration);
    this.#options = options;
    this.#frame = new Histogram(configuration);
  }

  override async get(): Promise<Rendered> {
    const frame = await this.#frame.get();
    const values = [...this.#options.tallies].flatMap(([step, tally]) => renderSeries(this.#options.name, step, tally));
    return { ...frame, values };
  }

  /** What a registry calls instead of `get` when it renders text. */
  getForPromString(): Promise<Rendered> {
    return this.get();
  }
}

function renderSeries(name: string, step: string, tally: LatencyTally): MetricValueWithName<"step">[] {
  const labels = step === "" ? {} : { step };
  const series: MetricValueWithName<"step">[] = [];
  let count = 0;
  for (const [at, bound] of [...limits.latencyBuckets, "+Inf"].entries()) {
    count += tally.counts[at] ?? 0;
    const bucket = { metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: count };
    series.push(bucket);
  }
  series.push({ metricName: `${name}_sum`, labels, value: tally.sumSeconds });
  series.push({ metricName: `${name}_count`, labels, value: count });
  return series;
}
