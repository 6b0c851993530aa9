/**
 * The resource's sidecar is another organization's: it signs for itself, has no key of the agent's side, and takes that
 * one's role tokens because it names it.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeFolder, type ServedHouse, serve } from "../acceptance/served-house.ts";
import { type EchoUpstream, startEchoUpstream } from "../fakes/echo-upstream.ts";
import { runEnvoy } from "../fakes/envoy.ts";
import type { RunningGateway, SentHeaders } from "../fakes/gateway-process.ts";
import { runNginx } from "../fakes/nginx.ts";
import { nginxLocations } from "./nginx-locations.ts";
import {
  booking,
  host,
  issuer,
  resourceSettings,
  shippedBundle,
  startTravelMesh,
  type TravelMesh,
} from "./travel-mesh.ts";

const folder = makeFolder();
let mesh: TravelMesh;
let resource: EchoUpstream;
let house: ServedHouse;
let alice: SentHeaders;

/** What it says of itself is the same either way. */
const settingsOf = (identity: string): string =>
  resourceSettings(
    folder.path,
    `issuer: "http://localhost:8282"\nkeys: { kind: development }\npolicy: { bundle: "${shippedBundle}" }\n${identity}`,
  );

beforeAll(async () => {
  [mesh, resource] = await Promise.all([startTravelMesh(), startEchoUpstream()]);
  alice = { host, ...(await mesh.providers.tokens("alice")) };
});
afterAll(async () => {
  resource.close();
  await mesh.close();
  folder.remove();
});

async function travel(start: () => Promise<RunningGateway>) {
  const entrance = await start();
  const exit = await runEnvoy({ ...mesh.asks("grpc"), upstream: `http://127.0.0.1:${entrance.port}` });
  try {
    return await exit.send(booking, alice, "{}");
  } finally {
    await exit.stop();
    await entrance.stop();
  }
}

const entrances = {
  Envoy: () => runEnvoy({ address: house.url("grpc"), upstream: resource.address }),
  nginx: () => runNginx({ locations: nginxLocations("use", house.url("nginx")), upstream: resource.address }),
};

describe("that names the agent's", () => {
  beforeAll(async () => {
    const published = `${mesh.agentSide.url("gateway-tcp")}/.well-known/jwks.json`;
    const named = `{ issuer: "${issuer}", jwks_url: "${published}" }`;
    house = await serve(folder.path, settingsOf(`identity: { role_token_issuers: [${named}] }\n`));
  });
  afterAll(() => house.kill());

  test.each(["Envoy", "nginx"] as const)("behind %s takes the founding call", async (gateway) => {
    const { status, received } = await travel(entrances[gateway]);
    expect(status).toBe(200);
    expect(await mesh.verify(received?.headers["authorization"])).toMatchObject({ sub: "alice" });
  });
});

describe("that names nobody", () => {
  beforeAll(async () => {
    house = await serve(folder.path, settingsOf(""));
  });
  afterAll(() => house.kill());

  test.each(["Envoy", "nginx"] as const)("behind %s takes nothing of it", async (gateway) => {
    const before = resource.received.length;
    expect(await travel(entrances[gateway])).toMatchObject({ status: 401, received: undefined });
    expect(resource.received).toHaveLength(before);
  });
});
