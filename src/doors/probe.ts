/** The probe door, for Kubernetes and Prometheus: alive, ready, metrics. It tells nothing of policy or of requests. */
import type { JsonObject } from "../domain/json.ts";
import { createAnswer } from "./express-answer.ts";
import type { Door, DoorSite, GuardedRoute } from "./door.ts";

export const probeDoor: Door = {
  admits: "anyone",
  routes: (site) => [
    reading(
      "/healthz",
      createAnswer(site, (response) => void response.json({ alive: true })),
    ),
    reading("/readyz", createReadiness(site)),
    reading("/metrics", createMetrics(site)),
  ],
};

function reading(path: string, answer: GuardedRoute["answer"]): GuardedRoute {
  return { admits: "anyone", path, methods: ["GET"], answer };
}

/** Names of checks only: their details are for operators. */
function createReadiness(site: DoorSite): GuardedRoute["answer"] {
  return createAnswer(site, (response) => {
    const { ready, checks } = site.house.readiness();
    const shown = new Map(Object.entries(checks).map(([name, { ok }]) => [name, ok]));
    const body: JsonObject = { ready, checks: Object.fromEntries(shown) };
    response.status(ready ? 200 : 503).json(body);
  });
}

function createMetrics(site: DoorSite): GuardedRoute["answer"] {
  return createAnswer(site, async (response) => {
    const { contentType, body } = await site.house.metrics();
    response.set("Content-Type", contentType).send(Buffer.from(body));
  });
}
