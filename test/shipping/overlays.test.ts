/** Issue 5.8: the overlays of k8s/, as the cluster, Istio, Envoy Gateway, Envoy and Chaperone itself read them. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { z } from "zod";
import { type Config, loadConfig } from "../../src/config/index.ts";
import { checkEnvoyConfiguration, renderKustomization, validateManifests } from "./kubernetes-tools.ts";
import { findMeshConfigProblems, validateCustomResources } from "./mesh-schemas.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): Promise<string> => readFile(join(root, "k8s", path), "utf8");

const resourceSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
  data: z.record(z.string(), z.string()).optional(),
  spec: z.looseObject({}).optional(),
});
type Resource = z.infer<typeof resourceSchema>;

const overlays = ["envoy", "istio", "istio-http", "envoy-gateway", "ingress-nginx"] as const;
type Overlay = (typeof overlays)[number];
const rendered = new Map<Overlay, readonly Resource[]>();
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chaperone-overlays-"));
  for (const name of overlays) {
    const documents = parseAllDocuments(await renderKustomization(join(root, "k8s", name)));
    rendered.set(
      name,
      documents.map((document) => resourceSchema.parse(document.toJS())),
    );
  }
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

function resourcesOf(name: Overlay): readonly Resource[] {
  const found = rendered.get(name);
  if (found === undefined) throw new Error(`k8s/${name} was not rendered`);
  return found;
}

function resource(name: Overlay, kind: string): Resource {
  const found = resourcesOf(name).filter((each) => each.kind === kind);
  expect(found.map((each) => each.kind)).toEqual([kind]);
  return resourceSchema.parse(found[0]);
}

async function write(name: string, resources: readonly object[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, resources.map((each) => stringify(each)).join("---\n"));
  return path;
}

const nameOf = ({ kind, metadata }: Resource): string => `${kind}/${metadata.name}`;
const isBuiltIn = ({ apiVersion }: Resource): boolean => /^(v1|apps\/v1|networking\.k8s\.io\/v1)$/.test(apiVersion);

/** The settings that Chaperone gets there, and what it makes of them. */
async function configOf(name: Overlay): Promise<Config> {
  const settings = await read(`${name}/chaperone.yaml`);
  const given = resourcesOf(name).find((each) => each.data?.["chaperone.yaml"] !== undefined);
  expect(given?.data?.["chaperone.yaml"]).toBe(settings);
  const files: Readonly<Record<string, string>> = {
    "chaperone.yaml": settings,
    credential: "a-credential-of-the-gateway-0123456789abc\n",
  };
  const loaded = loadConfig({
    flags: { config: "chaperone.yaml" },
    environment: name === "ingress-nginx" ? { CHAPERONE_GATEWAY_CREDENTIAL_FILE: "credential" } : {},
    readFile: (path) => files[path] ?? "",
  });
  if ("length" in loaded) throw new Error(loaded.join("\n"));
  return loaded;
}

async function holding(name: Overlay) {
  const { listeners } = await configOf(name);
  const [listener] = listeners.filter(({ extAuthz }) => extAuthz !== undefined);
  if (listener?.extAuthz === undefined) throw new Error(`k8s/${name} holds no calls`);
  // Nothing else there decides.
  expect(listeners.flatMap(({ doors }) => doors).filter((door) => !["probe", "public"].includes(door))).toHaveLength(1);
  return { ...listener, extAuthz: listener.extAuthz };
}

describe.each(overlays)("k8s/%s", (name) => {
  test.each(["1.31", "1.37"])(
    "is valid to the letter of Kubernetes %s, but for what is Istio's or Envoy Gateway's",
    async (version) => {
      const builtIn = resourcesOf(name).filter(isBuiltIn);
      const valid = await validateManifests(await write(`${name}-${version}.yaml`, builtIn), version);
      expect(valid).toEqual(
        builtIn.map((each) => `${each.kind.toLowerCase()}/${each.metadata.name} against ${version}`),
      );
      expect(valid.length).toBeGreaterThan(0);
    },
    300_000,
  );

  test("Chaperone starts with its configuration: no default, no unnamed party, one door for decisions", async () => {
    const config = await configOf(name);
    expect(config).toMatchObject({ developmentDefaults: [], rules: { unnamedParties: "deny" } });
    const { extAuthz } = await holding(name);
    expect(extAuthz.position).toBe(name === "envoy" ? "issue" : "use");
    const agentSide = await configOf("envoy");
    expect(config.roleTokens.issuers).toEqual(
      name === "envoy" ? [] : [expect.objectContaining({ issuer: agentSide.tokens.issuer })],
    );
    expect(config.tokens.issuer === agentSide.tokens.issuer).toBe(name === "envoy");
  });
});

describe.each([
  ["istio", "istio", ["ServiceEntry/chaperone", "AuthorizationPolicy/chaperone"]],
  ["istio-http", "istio", ["ServiceEntry/chaperone", "AuthorizationPolicy/chaperone"]],
  [
    "envoy-gateway",
    "envoy-gateway",
    [
      "Backend/chaperone",
      "EnvoyProxy/chaperone",
      "SecurityPolicy/chaperone",
      "Gateway/flights",
      "GatewayClass/chaperone",
      "HTTPRoute/flights",
    ],
  ],
] as const)("the custom resources of k8s/%s", (name, of, expected) => {
  test("are valid by their own definitions, closed: no member is unknown", async () => {
    const custom = resourcesOf(name).filter((each) => !isBuiltIn(each));
    expect(custom.map(nameOf)).toEqual(expected);
    expect(await validateCustomResources(await write(`${name}-custom.yaml`, custom), of)).toEqual(expected);
  }, 300_000);

  test("would not be, with a member that nobody knows", async () => {
    const custom = resourcesOf(name).find((each) => !isBuiltIn(each));
    const wrong = { ...custom, spec: { ...custom?.spec, failOpn: true } };
    await expect(validateCustomResources(await write(`${name}-wrong.yaml`, [wrong]), of)).rejects.toThrow(/failOpn/);
  }, 300_000);
});

describe("k8s/envoy", () => {
  const filterSchema = z.looseObject({ name: z.string(), typed_config: z.looseObject({ "@type": z.string() }) });
  const managerSchema = z.looseObject({
    http_filters: z.array(filterSchema),
    route_config: z.object({ virtual_hosts: z.array(z.looseObject({ domains: z.array(z.string()) })) }),
  });
  const envoySchema = z.object({
    static_resources: z.object({
      listeners: z.array(
        z.looseObject({
          name: z.string(),
          filter_chains: z.array(z.object({ filters: z.array(z.looseObject({ typed_config: managerSchema })) })),
        }),
      ),
      clusters: z.array(z.looseObject({ name: z.string() })),
    }),
  });

  async function manager() {
    const { static_resources: resources } = envoySchema.parse(parse(await read("envoy/envoy.yaml")));
    const listener = resources.listeners.find(({ name }) => name === "agent");
    return { manager: managerSchema.parse(listener?.filter_chains[0]?.filters[0]?.typed_config), ...resources };
  }

  test("Envoy starts with the gateway's configuration", async () => {
    const text = await read("envoy/envoy.yaml");
    const path = join(folder, "envoy.yaml");
    // The image has it; a test machine may not.
    const authorities = join(root, "test/fixtures/mtls/ca.pem");
    await writeFile(path, text.replaceAll("/etc/ssl/certs/ca-certificates.crt", authorities));
    await checkEnvoyConfiguration(path);
    expect(text.match(/trusted_ca/g)).toHaveLength(text.match(/UpstreamTlsContext/g)?.length ?? 0);
  }, 300_000);

  test("tokens are verified, then Chaperone is asked, then the call goes on: in this order, with nothing between", async () => {
    const { http_filters: filters } = (await manager()).manager;
    expect(filters.map(({ name }) => name)).toEqual([
      "envoy.filters.http.jwt_authn",
      "envoy.filters.http.ext_authz",
      "envoy.filters.http.router",
    ]);
    expect(filters[1]?.typed_config).toMatchObject({
      failure_mode_allow: false,
      clear_route_cache: false,
      encode_raw_headers: true,
      metadata_context_namespaces: ["envoy.filters.http.jwt_authn"],
    });
  });

  test("what Envoy verified and where it asks is what Chaperone is told", async () => {
    const {
      manager: { http_filters: filters, route_config: routes },
      clusters,
    } = await manager();
    const { extAuthz, address, callers } = await holding("envoy");
    const { evidence } = await configOf("envoy");
    const providers = Object.values(
      z
        .record(
          z.string(),
          z.looseObject({ issuer: z.string(), payload_in_metadata: z.string(), forward: z.literal(false) }),
        )
        .parse(filters[0]?.typed_config["providers"]),
    );
    expect(providers.map((provider) => provider.issuer)).toEqual(evidence.vouchedIssuers);
    expect(extAuthz).toMatchObject({
      evidence: {
        kind: "metadata",
        subject: providers[0]?.payload_in_metadata,
        actor: { at: providers[1]?.payload_in_metadata },
      },
    });
    expect(address).toMatchObject({ kind: "unix", group: 2000, socketMode: 0o660, folderMode: 0o710 });
    expect(callers).toMatchObject({ kind: "socket" });
    expect(JSON.stringify(clusters.find((cluster) => cluster.name === "chaperone"))).toContain(
      address.kind === "unix" ? JSON.stringify({ path: address.path }) : "no socket",
    );
    const domains = routes.virtual_hosts.flatMap((host) => host.domains);
    expect(domains).toEqual([...new Set(extAuthz.operations.map((operation) => operation.host))]);
  });
});

describe.each(["istio", "istio-http"] as const)("k8s/%s", (name) => {
  const providerSchema = z.looseObject({
    service: z.string(),
    port: z.number(),
    failOpen: z.literal(false),
    clearRouteCache: z.literal(false),
    timeout: z.string(),
  });
  const providersSchema = z.object({
    extensionProviders: z.tuple([
      z.strictObject({
        name: z.string(),
        envoyExtAuthzGrpc: providerSchema.optional(),
        envoyExtAuthzHttp: providerSchema.optional(),
      }),
    ]),
  });
  const isHttp = name === "istio-http";

  test("its provider is one by Istio's own definition, asks the socket, and is named by the policy", async () => {
    const mesh: unknown = parse(await read(`${name}/mesh-config.yaml`));
    expect(await findMeshConfigProblems(mesh)).toEqual([]);
    const [provider] = providersSchema.parse(mesh).extensionProviders;
    const asked = isHttp ? provider.envoyExtAuthzHttp : provider.envoyExtAuthzGrpc;
    const { doors, address } = await holding(name);
    expect(doors).toEqual([isHttp ? "ext_authz_http" : "ext_authz_grpc"]);
    expect(resource(name, "ServiceEntry").spec).toMatchObject({
      hosts: [asked?.service],
      exportTo: ["."],
      ports: [{ number: asked?.port, protocol: isHttp ? "HTTP" : "GRPC" }],
      endpoints: [{ address: address.kind === "unix" ? `unix://${address.path}` : "" }],
    });
    expect(resource(name, "AuthorizationPolicy").spec).toEqual({
      selector: { matchLabels: { "app.kubernetes.io/name": "flights" } },
      action: "CUSTOM",
      provider: { name: provider.name },
      rules: [{}],
    });
  });

  test("a provider of another form is refused by that definition", async () => {
    const wrong = { extensionProviders: [{ envoyExtAuthzGrpc: { fail_open: true, timeout: "1" } }] };
    expect(await findMeshConfigProblems(wrong)).toEqual([
      ".extensionProviders.envoyExtAuthzGrpc.fail_open is unknown",
      ".extensionProviders.envoyExtAuthzGrpc.timeout is no duration",
    ]);
  });

  test("the injected sidecar opens the socket, and the resource's container does not", async () => {
    const deployment = resource(name, "Deployment");
    const { address } = await holding(name);
    const pod = z
      .object({
        metadata: z.object({ labels: z.looseObject({}), annotations: z.record(z.string(), z.string()) }),
        spec: z.looseObject({ initContainers: z.array(z.looseObject({})), containers: z.array(z.looseObject({})) }),
      })
      .parse(deployment.spec?.["template"]);
    expect(pod.metadata.labels).toMatchObject({
      "app.kubernetes.io/name": "flights",
      "sidecar.istio.io/inject": "true",
    });
    const mounts: unknown = JSON.parse(pod.metadata.annotations["sidecar.istio.io/userVolumeMount"] ?? "");
    expect(mounts).toEqual({ "chaperone-socket": { mountPath: "/run/chaperone", readOnly: true } });
    expect(address).toMatchObject({ kind: "unix", group: 1337, socketMode: 0o660 });
    expect(pod.spec.initContainers).toMatchObject([{ name: "chaperone", securityContext: { runAsGroup: 1337 } }]);
    expect(pod.spec.containers).toMatchObject([{ name: "resource", securityContext: { runAsGroup: 10001 } }]);
    expect(pod.spec.containers[0]).not.toHaveProperty("volumeMounts");
    expect(JSON.stringify(resourcesOf(name))).not.toContain("gateway-config");
  });
});

/** A pod that somebody else's tool makes, as far as it is ours. */
async function validatePod(name: string, pod: object): Promise<void> {
  const labels = { app: name };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
  };
  const path = await write(`${name}-pod.yaml`, [deployment]);
  expect(await validateManifests(path, "1.31")).toEqual([`deployment/${name} against 1.31`]);
}

describe("k8s/envoy-gateway", () => {
  const proxySchema = z.object({
    provider: z.object({
      kubernetes: z.object({
        envoyDeployment: z.object({
          container: z.object({
            volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean() })),
          }),
          initContainers: z.tuple([z.looseObject({ name: z.string(), image: z.string() })]),
          pod: z.object({ volumes: z.array(z.looseObject({ name: z.string() })) }),
        }),
      }),
    }),
  });

  test("the gateway's pod, with Chaperone in it, is one that Kubernetes takes", async () => {
    const { container, initContainers, pod } = proxySchema.parse(resource("envoy-gateway", "EnvoyProxy").spec).provider
      .kubernetes.envoyDeployment;
    const envoy = { name: "envoy", image: "envoy:none", volumeMounts: container.volumeMounts };
    await validatePod("gateway", { initContainers, containers: [envoy], volumes: pod.volumes });
    expect(initContainers[0]).toMatchObject({ restartPolicy: "Always", securityContext: { runAsUser: 65532 } });
    expect(container.volumeMounts).toEqual([{ name: "chaperone-socket", mountPath: "/run/chaperone", readOnly: true }]);
  }, 300_000);

  test("the policy of the route asks the socket, and lets nothing through when nobody answers", async () => {
    const { address } = await holding("envoy-gateway");
    expect(address).toMatchObject({ kind: "unix", socketMode: 0o600, folderMode: 0o700 });
    const path = address.kind === "unix" ? address.path : "";
    expect(resource("envoy-gateway", "Backend").spec).toEqual({
      appProtocols: ["gateway.envoyproxy.io/h2c"],
      endpoints: [{ unix: { path } }],
    });
    expect(resource("envoy-gateway", "SecurityPolicy").spec).toEqual({
      targetRefs: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "flights" }],
      extAuth: {
        failOpen: false,
        statusOnError: 403,
        timeout: "500ms",
        recomputeRoute: false,
        grpc: { backendRefs: [{ group: "gateway.envoyproxy.io", kind: "Backend", name: "chaperone" }] },
      },
    });
    expect(resource("envoy-gateway", "HTTPRoute").spec).toMatchObject({
      hostnames: (await holding("envoy-gateway")).extAuthz.operations.map((operation) => operation.host),
    });
  });
});

describe("k8s/ingress-nginx", () => {
  test("nginx asks where Chaperone listens, says itself what is asked about, and keeps no answer", async () => {
    const { metadata } = resource("ingress-nginx", "Ingress");
    const prefix = "nginx.ingress.kubernetes.io";
    expect(metadata.annotations).toEqual({
      [`${prefix}/auth-url`]: "http://127.0.0.1:9193/",
      [`${prefix}/auth-method`]: "GET",
      [`${prefix}/auth-proxy-set-headers`]: "ingress-nginx/chaperone-auth-headers",
    });
    const { address, callers, doors, extAuthz } = await holding("ingress-nginx");
    expect(address).toEqual({ kind: "tcp", host: "127.0.0.1", port: 9193 });
    expect([callers.kind, doors]).toEqual(["credential", ["auth_request"]]);
    // The controller sends the host of auth-url, without the port.
    expect(extAuthz.operations.map((operation) => operation.host)).toEqual(["127.0.0.1"]);
  });

  test("the controller's pod, patched, is one that Kubernetes takes", async () => {
    const patch = z
      .strictObject({ spec: z.strictObject({ template: z.strictObject({ spec: z.looseObject({}) }) }) })
      .parse(parse(await read("ingress-nginx/controller-patch.yaml")));
    const controller = { name: "controller", image: "controller:none" };
    const pod = patch.spec.template.spec;
    await validatePod("controller", { ...pod, containers: [controller] });
    expect(Object.keys(pod)).toEqual(["initContainers", "volumes"]);
    const text = JSON.stringify(pod);
    expect(text).toContain(
      '"name":"CHAPERONE_GATEWAY_CREDENTIAL_FILE","value":"/etc/chaperone/credential/gateway-credential"',
    );
  }, 300_000);

  test("no credential stands in what ships", () => {
    const data = resourcesOf("ingress-nginx").flatMap((each) => Object.keys(each.data ?? {}));
    expect(data).toEqual(["chaperone.yaml"]);
  });
});
