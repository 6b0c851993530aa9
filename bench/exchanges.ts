/** Token exchanges: Chaperone's token door beside Keycloak's and beside what the signatures alone cost. */
import { join } from "node:path";
import { type BenchWorld, createPeerOrSayWhyNot } from "./bench-world.ts";
import { renderExchangeReport } from "./exchange-report.ts";
import { measure, type Plan } from "./figures.ts";
import { createIdentities } from "./identities.ts";
import { createChaperoneExchange } from "./systems/chaperone-exchange.ts";
import { createFloorExchange } from "./systems/floor-exchange.ts";
import { createKeycloakExchange } from "./systems/keycloak-exchange.ts";

type ExchangePlan = Plan & { readonly ratePerSecondMax: number };

const shortPlan: ExchangePlan = {
  rounds: 1,
  starts: 1,
  warmUp: 200,
  requestsPerRound: 300,
  connections: 8,
  secondsAtRate: 1,
  ratePerSecondMax: 50,
};
/** Java compiles what it finds to be hot, in two stages: a short warm-up would measure the compiler. */
const fullPlan: ExchangePlan = {
  rounds: 5,
  starts: 1,
  warmUp: 12_000,
  requestsPerRound: 3000,
  connections: 8,
  secondsAtRate: 5,
  ratePerSecondMax: 200,
};

export async function benchExchanges({ root, folder, generator, isShort }: BenchWorld): Promise<string> {
  const plan = isShort ? shortPlan : fullPlan;
  const identities = await createIdentities(folder);
  // One for each request that will come, so that no token is shown twice.
  const bodiesFile = join(folder, "fresh-forms");
  await identities.writeForms(bodiesFile, countRequests(plan));
  const world = { root, folder };
  const chaperones = [
    await createChaperoneExchange({ world, identities }),
    await createChaperoneExchange({ world, identities, bodiesFile }),
  ] as const;
  const systems = [
    ...(await createPeerOrSayWhyNot("Keycloak", isShort, () => createKeycloakExchange({ root, folder }))),
    ...chaperones,
    await createFloorExchange(root, identities),
  ];
  const measured = await measure(systems, plan, generator);
  for (const chaperone of chaperones) await chaperone.assertRecorded(measured.requestsOf(chaperone));
  return renderExchangeReport(measured);
}

/** At most, under load. */
function countRequests({ warmUp, rounds, requestsPerRound, secondsAtRate, ratePerSecondMax }: ExchangePlan): number {
  return warmUp + rounds * (requestsPerRound + secondsAtRate * ratePerSecondMax);
}
