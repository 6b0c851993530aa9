/** The pinned Envoy itself, with ext_authz in either form before an upstream. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SecureContextOptions } from "node:tls";
import { onTestFinished } from "vitest";
import { fetchEnvoy } from "../../scripts/envoy.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { startEchoUpstream } from "./echo-upstream.ts";
import { type Gateway, type GatewayPlace, type RunningGateway, runGateway } from "./gateway-process.ts";

export interface EnvoyParts {
  /** Where it asks, as a listener tells its address. */
  readonly address: string;
  /** Absent: gRPC. */
  readonly dialect?: "grpc" | "http";
  /** What it shows there. */
  readonly credential?: string;
  /** Members of the filter's own configuration. */
  readonly filter?: JsonObject;
  /** Filters that come first. */
  readonly before?: readonly JsonObject[];
  /** Members of the connection manager's configuration. */
  readonly manager?: JsonObject;
  /** How the connection to where it asks is secured; absent: not. */
  readonly transport?: JsonObject;
  /** How its clients' connections are, and as whom the first of them asks; absent: they are not. */
  readonly downstream?: { readonly transport: JsonObject; readonly client: SecureContextOptions };
}

interface Routed extends EnvoyParts {
  readonly upstream: string;
  /** Absent: HTTP/1.1. */
  readonly upstreamSpeaks?: "http2";
}

export const typed = (name: string): string => `type.googleapis.com/envoy.${name}`;
const httpOptions = "extensions.upstreams.http.v3.HttpProtocolOptions";

/** Runs until the test ends, before an upstream of its own. */
export async function startEnvoy(parts: EnvoyParts): Promise<Gateway> {
  const upstream = await startEchoUpstream();
  onTestFinished(() => upstream.close());
  const envoy = await runEnvoy({ ...parts, upstream: upstream.address });
  onTestFinished(() => envoy.stop());
  return envoy;
}

/** Runs until it is stopped. */
export function runEnvoy(parts: Routed): Promise<RunningGateway> {
  return runGateway(async (place) => {
    const path = join(place.folder, "envoy.json");
    await writeFile(path, JSON.stringify(configure(parts, place)));
    const flags = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "critical"];
    return { file: await fetchEnvoy(), args: ["--config-path", path, ...flags] };
  }, parts.downstream?.client);
}

function configure(parts: Routed, { port }: GatewayPlace): object {
  const manager = {
    "@type": typed("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "in",
    route_config: {
      virtual_hosts: [
        { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "upstream" } }] },
      ],
    },
    http_filters: [
      ...(parts.before ?? []),
      { name: "ext_authz", typed_config: configureFilter(parts) },
      { name: "router", typed_config: { "@type": typed("extensions.filters.http.router.v3.Router") } },
    ],
    ...parts.manager,
  };
  const inPort = { socket_address: { address: "127.0.0.1", port_value: port } };
  const secured = parts.downstream === undefined ? {} : { transport_socket: parts.downstream.transport };
  const chain = { filters: [{ name: "http", typed_config: manager }], ...secured };
  return {
    static_resources: {
      listeners: [{ address: inPort, filter_chains: [chain] }],
      clusters: [
        { ...cluster("upstream", parts.upstream), ...(parts.upstreamSpeaks === undefined ? {} : http2) },
        configureChaperone(parts),
      ],
    },
  };
}

const timeout = "1s";

function configureFilter({ dialect, credential, filter }: EnvoyParts): JsonObject {
  const base = {
    "@type": typed("extensions.filters.http.ext_authz.v3.ExtAuthz"),
    transport_api_version: "V3",
    failure_mode_allow: false,
  };
  if (dialect === "http") {
    const shown = credential === undefined ? [] : [{ key: "x-chaperone-gateway-credential", value: credential }];
    const http_service = {
      server_uri: { uri: "http://chaperone", cluster: "chaperone", timeout },
      authorization_request: { headers_to_add: shown },
      authorization_response: { allowed_upstream_headers: { patterns: [{ exact: "authorization" }] } },
    };
    return { ...base, http_service, ...filter };
  }
  const shown = credential === undefined ? [] : [{ key: "authorization", value: `Bearer ${credential}` }];
  const grpc_service = { timeout, envoy_grpc: { cluster_name: "chaperone" }, initial_metadata: shown };
  return { ...base, grpc_service, ...filter };
}

function configureChaperone({ address, dialect, transport }: EnvoyParts): JsonObject {
  const secured = transport === undefined ? {} : { transport_socket: transport };
  if (dialect === "http") return { ...cluster("chaperone", address), ...secured };
  return { ...cluster("chaperone", address), ...secured, ...http2 };
}

const http2 = {
  typed_extension_protocol_options: {
    [`envoy.${httpOptions}`]: {
      "@type": typed(httpOptions),
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
};

function cluster(name: string, address: string): JsonObject {
  const where = address.startsWith("unix:")
    ? { pipe: { path: address.slice(5) } }
    : { socket_address: { address: new URL(address).hostname, port_value: Number(new URL(address).port) } };
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: where } }] }];
  return { name, type: "STATIC", connect_timeout: "1s", load_assignment: { cluster_name: name, endpoints } };
}
