/** The resource's side behind the real Envoy, nginx and Caddy: only a role token for this resource gets a call through. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCaddy } from "../fakes/caddy.ts";
import { type EchoUpstream, startEchoUpstream } from "../fakes/echo-upstream.ts";
import { runEnvoy } from "../fakes/envoy.ts";
import { textOf } from "../fakes/gateway.ts";
import type { RunningGateway } from "../fakes/gateway-process.ts";
import { payloadOf, person } from "../fakes/held-operations.ts";
import { runNginx } from "../fakes/nginx.ts";
import { foundingInput } from "../fakes/requests.ts";
import { caddySite } from "./caddy-sites.ts";
import { personHeader } from "./identity-providers.ts";
import { nginxLocations } from "./nginx-locations.ts";
import { booking, host, startTravelMesh, type TravelMesh } from "./travel-mesh.ts";

let mesh: TravelMesh;
let upstream: EchoUpstream;
let roleToken: string;
let reportToken: string;

beforeAll(async () => {
  [mesh, upstream] = await Promise.all([startTravelMesh(), startEchoUpstream()]);
  roleToken = textOf((await mesh.agentSide.ask(foundingInput)).body, "token");
  const toReports = {
    actor: { claims: { Capabilities: "view_report" } },
    subject: foundingInput.subject,
    audience: "https://reports.example/api",
  };
  reportToken = textOf((await mesh.agentSide.ask(toReports)).body, "token");
});
afterAll(async () => {
  upstream.close();
  await mesh.close();
});

const starters: Readonly<Record<"grpc" | "http" | "nginx" | "caddy", () => Promise<RunningGateway>>> = {
  grpc: () => runEnvoy({ address: mesh.resourceSide.url("grpc"), upstream: upstream.address }),
  http: () => runEnvoy({ address: mesh.resourceSide.url("http"), dialect: "http", upstream: upstream.address }),
  nginx: () =>
    runNginx({ locations: nginxLocations("use", mesh.resourceSide.url("nginx")), upstream: upstream.address }),
  caddy: () => runCaddy(caddySite("use", { address: mesh.resourceSide.url("caddy"), upstream: upstream.address })),
};

describe.each(["grpc", "http", "nginx", "caddy"] as const)("behind %s", (gateway) => {
  let entrance: RunningGateway;
  beforeAll(async () => {
    entrance = await starters[gateway]();
  });
  afterAll(() => entrance.stop());

  const arrive = (authorization: string | string[] | undefined, target = booking, method = "POST") =>
    entrance.send(target, { host, ...(authorization === undefined ? {} : { authorization }) }, "", method);

  test("a role token for this resource gets its call through, and goes on with it", async () => {
    const { status, received } = await arrive(`Bearer ${roleToken}`);
    expect(status).toBe(200);
    expect(received).toMatchObject({ method: "POST", target: booking, headers: { host } });
    expect(await mesh.verify(received?.headers["authorization"])).toMatchObject({ roles: ["flight-booker"] });
  });

  test("a role token for another audience does not", async () => {
    const before = upstream.received.length;
    const answer = await arrive(`Bearer ${reportToken}`);
    expect(answer).toMatchObject({ status: 401, headers: { "www-authenticate": "Bearer" } });
    expect(upstream.received).toHaveLength(before);
  });

  test("nor does the right one for more than it holds, or for what is no operation", async () => {
    expect(await arrive(`Bearer ${roleToken}`, "/flights/LH400", "DELETE")).toMatchObject({ status: 403 });
    expect(await arrive(`Bearer ${roleToken}`, "/admin")).toMatchObject({ status: 403, received: undefined });
  });

  test("what is evidence on the agent's side is none here", async () => {
    const before = upstream.received.length;
    const { authorization = "", [personHeader]: personToken = "" } = await mesh.providers.tokens("alice");
    for (const shown of [authorization, `Bearer ${personToken}`, `Bearer ${payloadOf(person)}`, undefined]) {
      expect(await arrive(shown)).toMatchObject({ status: 401 });
    }
    const evidence = { host, authorization, [personHeader]: personToken, "x-person": payloadOf(person) };
    expect(await entrance.send(booking, evidence, "")).toMatchObject({ status: 401 });
    expect(upstream.received).toHaveLength(before);
  });

  test("a token that was touched, or stands beside another, is none", async () => {
    const before = upstream.received.length;
    const [head = "", payload = "", signature = ""] = roleToken.split(".");
    const touched = [head, payload, `${signature.slice(0, -4)}AAAA`].join(".");
    expect(await arrive(`Bearer ${touched}`)).toMatchObject({ status: 401 });
    const both = await arrive([`Bearer ${roleToken}`, `Bearer ${reportToken}`]);
    expect(both.status).toBeGreaterThanOrEqual(400);
    expect(upstream.received).toHaveLength(before);
  });

  test("what a client forges for the gateway changes nothing and does not arrive", async () => {
    const forged = {
      "x-original-method": "GET",
      "x-original-uri": "/admin",
      "x-forwarded-method": "GET",
      "x-forwarded-uri": "/admin",
      "x-forwarded-host": "evil.example",
      "x-chaperone-gateway-credential": "a-credential-that-a-client-made-up-0123456789",
    };
    const allowed = await entrance.send(booking, { host, authorization: `Bearer ${roleToken}`, ...forged }, "");
    expect(allowed).toMatchObject({ status: 200, received: { method: "POST", target: booking } });
    expect(allowed.received?.headers).not.toHaveProperty("x-chaperone-gateway-credential");
    const named = {
      "x-original-method": "POST",
      "x-original-uri": booking,
      "x-forwarded-method": "POST",
      "x-forwarded-uri": booking,
    };
    const away = await entrance.send("/admin", { host, authorization: `Bearer ${roleToken}`, ...named }, "");
    expect(away).toMatchObject({ status: 403, received: undefined });
  });
});

describe("on the agent's side", () => {
  test("a role token is no evidence, neither the person's nor the agent's", async () => {
    const envoy = await runEnvoy({ ...mesh.asks("http-tokens"), upstream: upstream.address });
    try {
      const before = upstream.received.length;
      const real = { host, ...(await mesh.providers.tokens("alice")) };
      for (const shown of [
        { ...real, [personHeader]: roleToken },
        { ...real, authorization: `Bearer ${roleToken}` },
        { host, [personHeader]: roleToken, authorization: `Bearer ${roleToken}` },
      ]) {
        expect(await envoy.send(booking, shown, "")).toMatchObject({ status: 401 });
      }
      expect(upstream.received).toHaveLength(before);
    } finally {
      await envoy.stop();
    }
  });
});
