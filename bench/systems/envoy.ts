/** The pinned Envoy, one worker, before the one upstream: asking somebody about every call, or nobody. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchEnvoy } from "../../scripts/envoy.ts";
import type { ServerCommand } from "../server-process.ts";

export interface EnvoyPlaces {
  readonly folder: string;
  readonly port: number;
  readonly upstreamPort: number;
  /** The socket of whom it asks. */
  readonly asked?: string;
}

const typed = (name: string): string => `type.googleapis.com/envoy.${name}`;
const httpOptions = "extensions.upstreams.http.v3.HttpProtocolOptions";
/** Longer than anything takes here: an answer that a starved machine delayed is measured and not turned into a denial. */
const timeout = "10s";

export async function prepareEnvoy(places: EnvoyPlaces): Promise<ServerCommand> {
  const path = join(places.folder, "envoy.json");
  await writeFile(path, JSON.stringify(configure(places)));
  const flags = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "critical"];
  return { file: await fetchEnvoy(), args: ["--config-path", path, ...flags] };
}

function configure({ port, upstreamPort, asked }: EnvoyPlaces): object {
  const filters = [
    ...(asked === undefined ? [] : [{ name: "ext_authz", typed_config: extAuthz }]),
    { name: "router", typed_config: { "@type": typed("extensions.filters.http.router.v3.Router") } },
  ];
  const manager = {
    "@type": typed("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "in",
    route_config: {
      virtual_hosts: [
        { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "upstream" } }] },
      ],
    },
    http_filters: filters,
  };
  return {
    static_resources: {
      listeners: [
        { address: renderPort(port), filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }] },
      ],
      clusters: [
        renderCluster("upstream", renderPort(upstreamPort)),
        ...(asked === undefined ? [] : [{ ...renderCluster("asked", { pipe: { path: asked } }), ...http2 }]),
      ],
    },
  };
}

const extAuthz = {
  "@type": typed("extensions.filters.http.ext_authz.v3.ExtAuthz"),
  transport_api_version: "V3",
  failure_mode_allow: false,
  grpc_service: { timeout, envoy_grpc: { cluster_name: "asked" } },
};

const http2 = {
  typed_extension_protocol_options: {
    [`envoy.${httpOptions}`]: { "@type": typed(httpOptions), explicit_http_config: { http2_protocol_options: {} } },
  },
};

const renderPort = (port: number): object => ({ socket_address: { address: "127.0.0.1", port_value: port } });

function renderCluster(name: string, address: object): object {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address } }] }];
  return { name, type: "STATIC", connect_timeout: "1s", load_assignment: { cluster_name: name, endpoints } };
}
