/** Telemetry whose lines land in memory. */
import { Writable } from "node:stream";
import { type Telemetry, type TelemetryOptions, createTelemetry } from "../../src/telemetry/index.ts";
import type { IssuerKeysState } from "../../src/ports/issuer-keys-status.ts";
import type { PolicyState } from "../../src/ports/policy-status.ts";

export interface TelemetryWorld {
  readonly telemetry: Telemetry;
  /** Every line as it was written, without its line break. */
  readonly lines: () => readonly string[];
  policy: PolicyState | undefined;
  issuerKeys: readonly IssuerKeysState[];
  now: number;
}

export function createTelemetryWorld(
  level: TelemetryOptions["log"]["level"] = "info",
  secrets: readonly string[] = [],
): TelemetryWorld {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString("utf8"));
      done();
    },
  });
  const world: TelemetryWorld = {
    policy: undefined,
    issuerKeys: [],
    now: 1_781_000_000,
    lines: () => chunks.join("").split("\n").slice(0, -1),
    telemetry: createTelemetry(
      { log: { level } },
      {
        version: "0.0.0-test",
        stream,
        secrets,
        policyState: () => world.policy,
        issuerKeys: () => world.issuerKeys,
        now: () => world.now,
      },
    ),
  };
  return world;
}

export async function scrape(world: TelemetryWorld): Promise<ReadonlyMap<string, number>> {
  const { body } = await world.telemetry.metrics();
  const series = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    series.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}
