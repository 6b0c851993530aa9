/**
 * One table of targets that two readers could read differently, through the real Envoy, as it normalises and as it does
 * not. Whatever arrives is the operation that was decided, in so many letters.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EchoUpstream, startEchoUpstream } from "../fakes/echo-upstream.ts";
import { runEnvoy } from "../fakes/envoy.ts";
import type { RunningGateway, SentHeaders } from "../fakes/gateway-process.ts";
import { booking, host, startTravelMesh, type TravelMesh } from "./travel-mesh.ts";

interface Variant {
  readonly target?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What arrives, per way of normalising; a number: the status with which nothing does. */
  readonly plain: number | string;
  readonly normalized: number | string;
  /** Absent: as `plain`. */
  readonly nginx?: number | string;
}

const away = (status: number) => ({ plain: status, normalized: status });
const arrives = (target: string) => ({ plain: target, normalized: target });

const variants: Readonly<Record<string, Variant>> = {
  "the founding call": arrives(booking),
  "its query": { target: `${booking}?class=economy`, ...arrives(`${booking}?class=economy`) },
  "a key twice": { target: `${booking}?id=1&id=2`, ...arrives(`${booking}?id=1&id=2`) },
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
  "an encoded slash in the parameter": { target: "/flights/a%2Fb/bookings", ...away(403) },
  "an encoded backslash": { target: "/flights/a%5Cb/bookings", ...away(403) },
  "a backslash": { target: "\\flights\\LH400\\bookings", ...away(400) },
  "an encoded zero": { target: "/flights/LH400%00/bookings", plain: 403, normalized: 400 },
  "a path parameter": { target: "/flights/LH400;x=1/bookings", ...away(403) },
  "an encoded path parameter": { target: "/flights/LH400%3bx=1/bookings", ...away(403) },
  "a malformed escape": { target: "/flights/LH%4/bookings", ...away(403) },
  "a trailing slash": { target: `${booking}/`, ...away(403) },
  "capital letters in the path": { target: "/Flights/LH400/bookings", ...away(403) },
  "an encoded letter": { target: "/flights/LH400/%62ookings", plain: "/flights/LH400/%62ookings", normalized: booking },
  "a fragment": { target: `${booking}#/../admin`, ...away(400) },
  "the absolute form": { target: `http://${host}${booking}`, ...arrives(booking) },
  "the absolute form of another host": { target: `http://evil.example${booking}`, ...away(403) },
  "the absolute form, away from it": { target: `http://${host}/admin`, ...away(403) },
  "a host with a final dot": { headers: { host: `${host}.` }, ...arrives(booking) },
  "a host with two": { headers: { host: `${host}..` }, ...away(403) },
  "a host in capitals": { headers: { host: host.toUpperCase() }, ...arrives(booking) },
  "a host with the default port": { headers: { host: `${host}:80` }, ...arrives(booking) },
  "a host with another port": { headers: { host: `${host}:8080` }, ...away(403) },
  "another host with ours inside": { headers: { host: `${host}.evil.example` }, ...away(403) },
  "a host before an at sign": { headers: { host: `${host}@evil.example` }, ...away(403) },
  "another method": { method: "PUT", ...away(403) },
  "another method in the query": { target: `${booking}?_method=DELETE`, ...away(403) },
};

/** Headers by which some servers take another method or target. gRPC shows them to us; HTTP takes them off. */
const secondReadings: Readonly<Record<string, string>> = {
  "x-http-method-override": "DELETE",
  "x-http-method": "DELETE",
  "x-method-override": "DELETE",
  "x-original-url": "/admin",
  "x-rewrite-url": "/admin",
};

const normalizations = {
  plain: { normalize_path: false },
  normalized: {
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: "UNESCAPE_AND_FORWARD",
  },
} as const;

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

describe.each([
  ["grpc", "plain"],
  ["grpc", "normalized"],
  ["http", "plain"],
  ["http", "normalized"],
] as const)("by %s, %s", (way, kind) => {
  let envoy: RunningGateway;
  beforeAll(async () => {
    const manager = normalizations[kind];
    envoy = await runEnvoy({ ...mesh.asks(way), manager, upstream: upstream.address });
  });
  afterAll(() => envoy.stop());

  test.each(Object.entries(variants))("%s", async (_name, variant) => {
    const before = upstream.received.length;
    const { target = booking, method = "POST", headers } = variant;
    const { status, received } = await envoy.send(target, { ...alice, ...headers }, "", method);
    const expected = variant[kind];
    if (typeof expected === "number") {
      expect([status, received]).toEqual([expected, undefined]);
      expect(upstream.received).toHaveLength(before);
    } else {
      expect([status, received?.method, received?.target]).toEqual([200, "POST", expected]);
      const asked = new URL(`http://${String(received?.headers["host"])}`);
      expect(asked.host.replace(/\.$/, "")).toBe(host);
      await mesh.verify(received?.headers["authorization"]);
    }
  });

  test.each(Object.entries(secondReadings))("%s means nothing", async (name, value) => {
    const { status, received } = await envoy.send(booking, { ...alice, [name]: value }, "");
    if (way === "grpc") expect([status, received]).toEqual([403, undefined]);
    else {
      expect([status, received?.method, received?.target]).toEqual([200, "POST", booking]);
      expect(received?.headers).not.toHaveProperty(name);
    }
  });
});
