/**
 * One table of targets that two readers could read differently, through the real Envoy, as it normalizes and as it does
 * not, and through the real nginx and Caddy. Whatever arrives is the operation that was decided, in so many letters.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCaddy } from "../fakes/caddy.ts";
import { type EchoUpstream, startEchoUpstream } from "../fakes/echo-upstream.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { runEnvoy } from "../fakes/envoy.ts";
import type { RunningGateway, SentHeaders } from "../fakes/gateway-process.ts";
import { runNginx } from "../fakes/nginx.ts";
import { caddySite } from "./caddy-sites.ts";
import { nginxLocations } from "./nginx-locations.ts";
import { booking, host, startTravelMesh, type TravelMesh, type Way } from "./travel-mesh.ts";

interface Variant {
  readonly target?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What arrives, per way of normalising; a number: the status with which nothing does. */
  readonly plain: number | string;
  readonly normalized: number | string;
  /** Absent: as `plain`. */
  readonly nginx?: number | string;
  readonly caddy?: number | string;
}

const away = (status: number) => ({ plain: status, normalized: status });
const arrives = (target: string) => ({ plain: target, normalized: target });

const variants: Readonly<Record<string, Variant>> = {
  "the founding call": arrives(booking),
  "its query": { target: `${booking}?class=economy`, ...arrives(`${booking}?class=economy`) },
  "a key twice": { target: `${booking}?id=1&id=2`, ...arrives(`${booking}?id=1&id=2`) },
  "an empty query": { target: `${booking}?`, ...arrives(`${booking}?`) },
  "an encoded question mark": { target: `${booking}%3Fx`, ...away(403) },
  "a byte beyond ASCII": { target: "/flights/caf\u00e9/bookings", ...away(400), nginx: 403, caddy: 403 },
  "an overlong slash": { target: "/flights/a%c0%afb/bookings", ...away(403) },
  "a twice encoded slash": { target: "/flights/a%252fb/bookings", ...away(403) },
  "more than is read": { target: `/flights/${"a".repeat(5_000)}/bookings`, ...away(403) },
  "dot segments to it": { target: "/admin/../flights/LH400/bookings", plain: 403, normalized: booking },
  "dot segments away from it": { target: `${booking}/../../../admin`, ...away(403) },
  "encoded dots to it": { target: "/admin/%2e%2e/flights/LH400/bookings", plain: 403, normalized: booking },
  "encoded dots away from it": { target: "/flights/LH400/bookings/%2e%2e/%2E%2e/admin", ...away(403) },
  "twice encoded dots": { target: "/flights/%252e%252e/bookings", ...away(403) },
  "a dot": { target: "/flights/./LH400/bookings", plain: 403, normalized: booking },
  "a dot as the parameter": { target: "/flights/%2e/bookings", ...away(403) },
  "two slashes": { target: "//flights//LH400/bookings", plain: 403, normalized: booking },
  "two slashes as a parameter": { target: "/flights//bookings", ...away(403) },
  "an encoded slash": { target: "/flights/LH400%2fbookings", plain: 403, normalized: booking },
  // Caddy, like an Envoy that normalizes, encodes anew what was not well encoded: it asks about that, and sends that on.
  "an encoded slash beside a quote": {
    target: '/flights%2fLH"400/bookings',
    plain: 403,
    normalized: "/flights/LH%22400/bookings",
    caddy: "/flights/LH%22400/bookings",
  },
  "an encoded slash in the parameter": { target: "/flights/a%2Fb/bookings", ...away(403) },
  "an encoded backslash": { target: "/flights/a%5Cb/bookings", ...away(403) },
  "a backslash": { target: "\\flights\\LH400\\bookings", ...away(400) },
  "an encoded zero": { target: "/flights/LH400%00/bookings", plain: 403, normalized: 400, nginx: 400 },
  "a path parameter": { target: "/flights/LH400;x=1/bookings", ...away(403) },
  "an encoded path parameter": { target: "/flights/LH400%3bx=1/bookings", ...away(403) },
  "a malformed escape": { target: "/flights/LH%4/bookings", ...away(403), nginx: 400, caddy: 400 },
  "a trailing slash": { target: `${booking}/`, ...away(403) },
  "capital letters in the path": { target: "/Flights/LH400/bookings", ...away(403) },
  "an encoded letter": { target: "/flights/LH400/%62ookings", plain: "/flights/LH400/%62ookings", normalized: booking },
  "a fragment": { target: `${booking}#/../admin`, ...away(400), nginx: 403, caddy: 403 },
  "the absolute form": { target: `http://${host}${booking}`, ...arrives(booking) },
  "the absolute form of another host": { target: `http://evil.example${booking}`, ...away(403) },
  "the absolute form, away from it": { target: `http://${host}/admin`, ...away(403) },
  "a host with a final dot": { headers: { host: `${host}.` }, ...arrives(booking) },
  "a host with two": { headers: { host: `${host}..` }, ...away(403), nginx: 400 },
  "a host in capitals": { headers: { host: host.toUpperCase() }, ...arrives(booking) },
  "a host with the default port": { headers: { host: `${host}:80` }, ...arrives(booking) },
  // What nginx asks about and sends on has no port.
  "a host with another port": { headers: { host: `${host}:8080` }, ...away(403), nginx: booking },
  "another host with ours inside": { headers: { host: `${host}.evil.example` }, ...away(403) },
  "a host before an at sign": { headers: { host: `${host}@evil.example` }, ...away(403), caddy: 400 },
  "another method": { method: "PUT", ...away(403) },
  "another method in the query": { target: `${booking}?_method=DELETE`, ...away(403) },
};

/** By which some servers take another method or target. Envoy by HTTP does not show them to us, so they are taken off. */
const secondReadings: Readonly<Record<string, string>> = {
  "x-http-method-override": "DELETE",
  "x-http-method": "DELETE",
  "x-method-override": "DELETE",
  "x-original-url": "/admin",
  "x-rewrite-url": "/admin",
};

let mesh: TravelMesh;
let upstream: EchoUpstream;
let alice: SentHeaders;

beforeAll(async () => {
  [mesh, upstream] = await Promise.all([startTravelMesh(), startEchoUpstream()]);
  alice = { host, ...(await mesh.providers.tokens("alice")) };
});
afterAll(async () => {
  upstream.close();
  await mesh.close();
});

/** What Envoy does to a path before it asks. */
const normalizing = {
  normalize_path: true,
  merge_slashes: true,
  path_with_escaped_slashes_action: "UNESCAPE_AND_FORWARD",
} as const;

const startEnvoy = (way: Way, manager: JsonObject) =>
  runEnvoy({ ...mesh.asks(way), manager, upstream: upstream.address });

const starters: Readonly<Record<string, () => Promise<RunningGateway>>> = {
  "Envoy by gRPC": () => startEnvoy("grpc", { normalize_path: false }),
  "Envoy by HTTP": () => startEnvoy("http", { normalize_path: false }),
  "Envoy that normalizes by gRPC": () => startEnvoy("grpc", normalizing),
  "Envoy that normalizes by HTTP": () => startEnvoy("http", normalizing),
  nginx: () => {
    const locations = nginxLocations("issue", mesh.agentSide.url("nginx"));
    return runNginx({ locations, upstream: upstream.address });
  },
  caddy: () => runCaddy(caddySite("issue", { address: mesh.agentSide.url("caddy"), upstream: upstream.address })),
};

describe.each(Object.entries(starters))("%s", (name, start) => {
  const isSubrequest = name === "nginx" || name === "caddy";
  const kind = isSubrequest ? name : name.includes("normalizes") ? "normalized" : "plain";
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.stop());

  test.each(Object.entries(variants))("%s", async (_name, variant) => {
    const before = upstream.received.length;
    const { target = booking, method = "POST", headers } = variant;
    const { status, received } = await gateway.send(target, { ...alice, ...headers }, "", method);
    const expected = variant[kind] ?? variant.plain;
    if (typeof expected === "number") {
      expect([status, received]).toEqual([expected, undefined]);
      expect(upstream.received).toHaveLength(before);
    } else {
      expect([status, received?.method, received?.target]).toEqual([200, "POST", expected]);
      const asked = new URL(`http://${received?.headers["host"] ?? ""}`);
      expect(asked.host.replace(/\.$/, "")).toBe(host);
      await mesh.verify(received?.headers["authorization"]);
    }
  });

  test.each(Object.entries(secondReadings))("%s means nothing", async (header, value) => {
    const { status, received } = await gateway.send(booking, { ...alice, [header]: value }, "");
    if (name.endsWith("HTTP")) {
      expect([status, received?.method, received?.target]).toEqual([200, "POST", booking]);
      expect(received?.headers).not.toHaveProperty(header);
    } else expect([status, received]).toEqual([403, undefined]);
  });
});
