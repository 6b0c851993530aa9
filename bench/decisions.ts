/** Decisions: Chaperone beside OPA's server and Cerbos on the same machine, policy and load. */
import { findOpa } from "../src/toolchain/index.ts";
import { type BenchWorld, createPeerOrSayWhyNot } from "./bench-world.ts";
import { measureDataGrowth } from "./data-growth.ts";
import { renderDecisionReport } from "./decision-report.ts";
import { measure, type Plan } from "./figures.ts";
import { createBareProcess } from "./systems/bare.ts";
import { createCerbos } from "./systems/cerbos.ts";
import { createChaperone } from "./systems/chaperone.ts";
import { createOpa, createSigningOpa } from "./systems/opa.ts";

const shortPlan: Plan = {
  rounds: 1,
  starts: 1,
  warmUp: 200,
  requestsPerRound: 500,
  connections: 8,
  secondsAtRate: 1,
};
/** Makes more than 100,000 decisions per system before memory is read. */
const fullPlan: Plan = {
  rounds: 5,
  starts: 7,
  warmUp: 5000,
  requestsPerRound: 20_000,
  connections: 8,
  secondsAtRate: 5,
};

export async function benchDecisions({ root, folder, generator, isShort }: BenchWorld): Promise<string> {
  const opa = await findOpa({ tell: (line) => console.error(line) });
  const chaperones = [
    await createChaperone({ root, folder }, "socket"),
    await createChaperone({ root, folder }, "tcp"),
  ] as const;
  const systems = [
    await createOpa({ opa, root, folder }),
    await createSigningOpa({ opa, root, folder }),
    ...(await createPeerOrSayWhyNot("Cerbos", isShort, () => createCerbos({ root, folder }))),
    ...chaperones,
    await createBareProcess(root, folder),
  ];
  const measured = await measure(systems, isShort ? shortPlan : fullPlan, generator);
  for (const chaperone of chaperones) await chaperone.assertRecorded(measured.requestsOf(chaperone));
  const dataPlan = isShort
    ? { entries: 50, rounds: 2, evaluations: 200 }
    : { entries: 500, rounds: 7, evaluations: 5000 };
  const growth = await measureDataGrowth({ root, folder, opa, ...dataPlan });
  return renderDecisionReport(measured, growth);
}
