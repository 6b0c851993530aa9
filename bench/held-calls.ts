/** Held calls: the same Envoy that asks nobody, an echo, or Chaperone about every call, before the same upstream. */
import { join } from "node:path";
import type { BenchWorld } from "./bench-world.ts";
import { measure, type Plan } from "./figures.ts";
import { renderHeldCallReport } from "./held-call-report.ts";
import { findFreePort, startServer } from "./server-process.ts";
import { createHeldCalls, evidenceHeaders } from "./systems/held-call.ts";
import { createCheckEcho, createDeciding, createMinting, createPlainEnvoy } from "./systems/held-call-systems.ts";

/** No fewer calls: an echo's processor time is counted in hundredths of a second. */
const shortPlan: Plan = {
  rounds: 1,
  starts: 1,
  warmUp: 200,
  requestsPerRound: 1000,
  connections: 4,
  secondsAtRate: 1,
};
const fullPlan: Plan = {
  rounds: 5,
  starts: 1,
  warmUp: 5000,
  requestsPerRound: 3000,
  connections: 4,
  secondsAtRate: 5,
};

export async function benchHeldCalls({ root, folder, generator, isShort }: BenchWorld): Promise<string> {
  const upstreamPort = await findFreePort();
  const script = join(root, "dist", "bench", "upstream-process.js");
  const upstream = await startServer(
    { file: process.execPath, args: [script, String(upstreamPort), ...Object.values(evidenceHeaders)] },
    {
      address: { host: "127.0.0.1", port: upstreamPort },
      path: "/",
      headers: {},
      body: "{}",
      marks: ['"evidence":[]'],
    },
  );
  try {
    const world = { root, folder, upstreamPort, calls: await createHeldCalls(folder) };
    const chaperones = [
      await createDeciding(world, "repeated"),
      await createDeciding(world, "fresh"),
      await createMinting(world),
    ] as const;
    const systems = [await createPlainEnvoy(world), await createCheckEcho(world), ...chaperones];
    const measured = await measure(systems, isShort ? shortPlan : fullPlan, generator);
    for (const chaperone of chaperones) await chaperone.assertRecorded(measured.requestsOf(chaperone));
    return renderHeldCallReport(measured);
  } finally {
    await upstream.stop();
  }
}
