/**
 * One story through both sides: an agent that holds its own token and its person's books a flight at a resource that
 * takes neither. Between them two gateways and two sidecars, of one issuer, that share nothing but a key set.
 */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRecords } from "../acceptance/served-house.ts";
import { runCaddy } from "../fakes/caddy.ts";
import { type EchoUpstream, startEchoUpstream } from "../fakes/echo-upstream.ts";
import { runEnvoy } from "../fakes/envoy.ts";
import type { RunningGateway, SentHeaders } from "../fakes/gateway-process.ts";
import { runNginx } from "../fakes/nginx.ts";
import { caddySite } from "./caddy-sites.ts";
import { agentName, personHeader } from "./identity-providers.ts";
import { nginxLocations } from "./nginx-locations.ts";
import { booking, flights, host, startTravelMesh, type TravelMesh } from "./travel-mesh.ts";

let mesh: TravelMesh;
let resource: EchoUpstream;
let alice: SentHeaders;
let mark: SentHeaders;

beforeAll(async () => {
  [mesh, resource] = await Promise.all([startTravelMesh(), startEchoUpstream()]);
  alice = { host, ...(await mesh.providers.tokens("alice")) };
  mark = { host, ...(await mesh.providers.tokens("mark")) };
});
afterAll(async () => {
  resource.close();
  await mesh.close();
});

type Kind = "Envoy by gRPC" | "Envoy by HTTP" | "nginx" | "Caddy";

const agentSides: Readonly<Record<Kind, (upstream: string) => Promise<RunningGateway>>> = {
  "Envoy by gRPC": (upstream) => runEnvoy({ ...mesh.asks("grpc"), upstream }),
  "Envoy by HTTP": (upstream) => runEnvoy({ ...mesh.asks("http"), upstream }),
  nginx: (upstream) => runNginx({ locations: nginxLocations("issue", mesh.agentSide.url("nginx")), upstream }),
  Caddy: (upstream) => runCaddy(caddySite("issue", { address: mesh.agentSide.url("caddy"), upstream })),
};

const resourceSides: Readonly<Record<Kind, (upstream: string) => Promise<RunningGateway>>> = {
  "Envoy by gRPC": (upstream) => runEnvoy({ address: mesh.resourceSide.url("grpc"), upstream }),
  "Envoy by HTTP": (upstream) => runEnvoy({ address: mesh.resourceSide.url("http"), dialect: "http", upstream }),
  nginx: (upstream) => runNginx({ locations: nginxLocations("use", mesh.resourceSide.url("nginx")), upstream }),
  Caddy: (upstream) => runCaddy(caddySite("use", { address: mesh.resourceSide.url("caddy"), upstream })),
};

describe.each([
  ["Envoy by gRPC", "Envoy by gRPC"],
  ["Envoy by HTTP", "Envoy by HTTP"],
  ["Envoy by gRPC", "nginx"],
  ["nginx", "Envoy by gRPC"],
  ["nginx", "nginx"],
  ["Caddy", "Envoy by gRPC"],
  ["Caddy", "Caddy"],
] as const)("%s beside the agent, %s beside the resource", (agentKind, resourceKind) => {
  let exit: RunningGateway;
  let entrance: RunningGateway;
  beforeAll(async () => {
    entrance = await resourceSides[resourceKind](resource.address);
    exit = await agentSides[agentKind](`http://127.0.0.1:${entrance.port}`);
  });
  afterAll(async () => {
    await exit.stop();
    await entrance.stop();
  });

  test("Alice's agent books, and the resource reads who acts for whom in a token that the agent never saw", async () => {
    const { status, received, headers } = await exit.send(booking, alice, "{}");
    expect(status).toBe(200);
    expect(received).toMatchObject({ method: "POST", target: booking, headers: { host } });
    const { authorization = "" } = received?.headers ?? {};
    const claims = await mesh.verify(authorization);
    expect(claims).toMatchObject({ sub: "alice", act: { sub: agentName }, aud: flights, roles: ["flight-booker"] });
    expect(received?.headers).not.toHaveProperty(personHeader);
    expect(JSON.stringify(received)).not.toContain(String(alice[personHeader]));
    expect(JSON.stringify(headers)).not.toContain(authorization.slice(7));
  });

  test("both sidecars have it on record, as one chain", async () => {
    const { received } = await exit.send(booking, alice, "{}");
    const claims = decodeJwt(received?.headers["authorization"]?.slice(7) ?? "");
    const [issued] = readRecords(`${mesh.agentSide.folder}/state/audit`).slice(-1);
    const [used] = readRecords(`${mesh.resourceSide.folder}/state/audit`).slice(-1);
    expect(issued).toMatchObject({ phase: "issue", outcome: "allow", decision_id: claims["decision_id"] });
    expect(issued?.["grant"]).toMatchObject({ jti: claims.jti });
    expect(used).toMatchObject({ phase: "use", outcome: "allow", used: { permissions: ["flights:book"] } });
    expect(JSON.stringify(used)).toContain(String(claims["txn"]));
  });

  test("Mark's does not, and neither does Alice's for another operation", async () => {
    const before = resource.received.length;
    expect(await exit.send(booking, mark, "{}")).toMatchObject({ status: 403, received: undefined });
    expect(await exit.send("/flights/LH400", alice, undefined, "DELETE")).toMatchObject({ status: 403 });
    expect(await exit.send("/admin", alice)).toMatchObject({ status: 403 });
    expect(resource.received).toHaveLength(before);
  });

  test("an agent that goes round its own gateway stands before the resource's with tokens that count for nothing", async () => {
    const before = resource.received.length;
    expect(await entrance.send(booking, alice, "{}")).toMatchObject({ status: 401, received: undefined });
    expect(await entrance.send(booking, { host }, "{}")).toMatchObject({ status: 401, received: undefined });
    expect(resource.received).toHaveLength(before);
  });
});
