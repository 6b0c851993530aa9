/** The pod of k8s/, as Kubernetes would get it: what its containers can reach, and what they cannot. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { versions } from "../../src/toolchain/versions.ts";
import { checkEnvoyConfiguration, renderKustomization, validateManifests } from "./kubernetes-tools.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");

const mountSchema = z.looseObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() });
const quantitiesSchema = z.record(z.string(), z.string());
const probeSchema = z.looseObject({ httpGet: z.object({ path: z.string(), port: z.string() }) });
const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  restartPolicy: z.string().optional(),
  args: z.array(z.string()).optional(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number(), protocol: z.string() })).default([]),
  securityContext: z.looseObject({ runAsUser: z.number(), runAsGroup: z.number() }),
  resources: z.object({ requests: quantitiesSchema, limits: quantitiesSchema }),
  volumeMounts: z.array(mountSchema).default([]),
  startupProbe: probeSchema.optional(),
  livenessProbe: probeSchema.optional(),
  readinessProbe: probeSchema.optional(),
});
const podSchema = z.looseObject({
  securityContext: z.looseObject({}),
  initContainers: z.array(containerSchema),
  containers: z.array(containerSchema),
  volumes: z.array(z.looseObject({ name: z.string() })),
});
const resourceSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  data: z.record(z.string(), z.string()).optional(),
  spec: z.looseObject({ template: z.object({ spec: podSchema }).optional() }).optional(),
});
type Pod = z.infer<typeof podSchema>;
type Container = z.infer<typeof containerSchema>;

interface Rendering {
  readonly path: string;
  readonly resources: readonly z.infer<typeof resourceSchema>[];
  readonly pod: Pod;
  readonly chaperone: Container;
  readonly gateway: Container;
  readonly agent: Container;
}

const kustomizations = ["base", "kept-audit", "envoy"] as const;
const renderings = new Map<string, Rendering>();
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chaperone-k8s-"));
  for (const name of kustomizations) {
    const path = join(folder, `${name}.yaml`);
    await writeFile(path, await renderKustomization(join(root, "k8s", name)));
    renderings.set(name, readRendering(path, await readFile(path, "utf8")));
  }
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

function readRendering(path: string, text: string): Rendering {
  const resources = parseAllDocuments(text).map((document) => resourceSchema.parse(document.toJS()));
  const pods = resources.flatMap((resource) => resource.spec?.template?.spec ?? []);
  expect(pods.length).toBe(1);
  const pod = podSchema.parse(pods[0]);
  const named = (name: string): Container => {
    const found = [...pod.initContainers, ...pod.containers].find((container) => container.name === name);
    return containerSchema.parse(found);
  };
  return { path, resources, pod, chaperone: named("chaperone"), gateway: named("gateway"), agent: named("agent") };
}

function renderingOf(name: string): Rendering {
  const found = renderings.get(name);
  if (found === undefined) throw new Error(`k8s/${name} was not rendered`);
  return found;
}

const volumesOf = (container: Container): string[] => container.volumeMounts.map((mount) => mount.name);
const everyContainer = ({ pod }: Rendering): Container[] => [...pod.initContainers, ...pod.containers];

describe.each(kustomizations)("k8s/%s", (name) => {
  test.each(["1.31", "1.37"])(
    "is valid to the letter of Kubernetes %s, and every resource was looked at",
    async (version) => {
      const { path, resources } = renderingOf(name);
      const valid = await validateManifests(path, version);
      const expected = resources.map(
        ({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name} against ${version}`,
      );
      expect(valid).toEqual(expected);
      expect(resources.map(({ kind }) => kind)).toEqual([
        "ConfigMap",
        "ConfigMap",
        "Service",
        name === "kept-audit" ? "StatefulSet" : "Deployment",
      ]);
    },
    300_000,
  );

  test("has an agent, a gateway, and Chaperone as a native sidecar", () => {
    const { pod } = renderingOf(name);
    expect(pod.initContainers.map((container) => [container.name, container.restartPolicy])).toEqual([
      ["chaperone", "Always"],
    ]);
    expect(pod.containers.map((container) => container.name)).toEqual(["agent", "gateway"]);
  });

  test("the agent is another user than gateway and Chaperone, and in no group of theirs", () => {
    const { agent, gateway, chaperone, pod } = renderingOf(name);
    const users = [agent, gateway, chaperone].map((container) => container.securityContext.runAsUser);
    expect(new Set(users).size).toBe(3);
    expect(gateway.securityContext.runAsGroup).toBe(chaperone.securityContext.runAsGroup);
    expect(agent.securityContext.runAsGroup).not.toBe(chaperone.securityContext.runAsGroup);
    expect(users).not.toContain(chaperone.securityContext.runAsGroup);
    // What would put every container into one group: only the storage's own group may, where a claim needs it.
    expect(pod.securityContext).not.toHaveProperty("supplementalGroups");
    expect(pod.securityContext["fsGroup"]).toBe(name === "kept-audit" ? 2001 : undefined);
    expect([agent, gateway, chaperone].map((container) => container.securityContext.runAsGroup)).not.toContain(2001);
    expect(pod.securityContext["supplementalGroupsPolicy"]).toBe("Strict");
  });

  test("the agent mounts neither socket nor state, key, policy or configuration: it mounts nothing", () => {
    const { agent } = renderingOf(name);
    expect(agent.volumeMounts).toEqual([]);
    expect(agent).not.toHaveProperty("envFrom");
    expect(agent.env).toEqual([]);
  });

  test("the gateway shares the socket's volume with Chaperone and nothing else", () => {
    const { gateway, chaperone } = renderingOf(name);
    const shared = volumesOf(gateway).filter((volume) => volumesOf(chaperone).includes(volume));
    expect(shared).toEqual(["chaperone-socket"]);
  });

  test("no container is root, gains privileges, keeps a capability or writes to its own root", () => {
    const rendering = renderingOf(name);
    expect(everyContainer(rendering).length).toBe(3);
    for (const { securityContext } of everyContainer(rendering)) {
      expect(securityContext.runAsUser).toBeGreaterThan(0);
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(securityContext).not.toHaveProperty("privileged");
      expect(securityContext["capabilities"]).not.toHaveProperty("add");
    }
    expect(rendering.pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
  });

  test("the pod shares no process, network or IPC namespace, gets no API token and no Service's variables", () => {
    const { pod } = renderingOf(name);
    expect(pod).toMatchObject({
      shareProcessNamespace: false,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
    });
    for (const member of ["hostPID", "hostIPC", "hostNetwork", "hostUsers"]) expect(pod).not.toHaveProperty(member);
    for (const volume of pod.volumes) expect(volume).not.toHaveProperty("hostPath");
  });

  test("every container says what it needs, and Chaperone's processor time is not cut off", () => {
    const rendering = renderingOf(name);
    for (const { resources } of everyContainer(rendering)) {
      expect(Object.keys(resources.requests).toSorted()).toEqual(["cpu", "memory"]);
      expect(Object.keys(resources.limits)).toEqual(["memory"]);
    }
  });

  test("the probes ask the probe listener, which listens on the pod's address", async () => {
    const { chaperone } = renderingOf(name);
    const { startupProbe, livenessProbe, readinessProbe } = chaperone;
    expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet)).toEqual([
      { path: "/healthz", port: "probe" },
      { path: "/healthz", port: "probe" },
      { path: "/readyz", port: "probe" },
    ]);
    const port = chaperone.ports.find((candidate) => candidate.name === "probe")?.containerPort;
    const listener = (await readSettings()).listeners.find((candidate) => candidate.doors.includes("probe"));
    expect(listener).toMatchObject({ doors: ["probe"], address: `0.0.0.0:${port}` });
  });

  test("policy, keys and configuration are folders that Chaperone can only read, so a change of them arrives", () => {
    const { chaperone, pod } = renderingOf(name);
    const mounts = chaperone.volumeMounts.filter((mount) => mount.mountPath.startsWith("/etc/chaperone/"));
    expect(mounts.map((mount) => mount.mountPath)).toEqual([
      "/etc/chaperone/config",
      "/etc/chaperone/policy",
      "/etc/chaperone/keys",
    ]);
    for (const mount of mounts) {
      expect(mount.readOnly).toBe(true);
      expect(mount).not.toHaveProperty("subPath");
    }
    expect(pod.volumes).toContainEqual({ name: "chaperone-policy", configMap: { name: "chaperone-policy" } });
    expect(pod.volumes).toContainEqual({
      name: "chaperone-keys",
      secret: { secretName: "chaperone-keys", defaultMode: 0o444 },
    });
  });

  test("the state, the audit in it, lies on a volume that only Chaperone mounts and that outlives it", () => {
    const rendering = renderingOf(name);
    const owners = everyContainer(rendering).filter((container) => volumesOf(container).includes("chaperone-state"));
    expect(owners.map((container) => container.name)).toEqual(["chaperone"]);
    const inPod = rendering.pod.volumes.find((volume) => volume.name === "chaperone-state");
    if (name !== "kept-audit") return expect(inPod).toHaveProperty("emptyDir.sizeLimit");
    expect(inPod).toBeUndefined();
    const claims = rendering.resources.find((resource) => resource.kind === "StatefulSet")?.spec?.[
      "volumeClaimTemplates"
    ];
    expect(claims).toMatchObject([{ metadata: { name: "chaperone-state" } }]);
    expect(rendering.pod.securityContext["fsGroupChangePolicy"]).toBe("OnRootMismatch");
  });
});

const settingsSchema = z.looseObject({
  defaults: z.string(),
  issuer: z.string(),
  listeners: z.array(
    z.looseObject({
      name: z.string(),
      address: z.string(),
      doors: z.array(z.string()),
      callers: z.string(),
      socket: z.object({ folder_mode: z.string(), mode: z.string(), group: z.number() }).optional(),
    }),
  ),
});

async function readSettings(): Promise<z.infer<typeof settingsSchema>> {
  return settingsSchema.parse(parse(await read("k8s/base/chaperone.yaml")));
}

describe("the configuration in the pod", () => {
  test("forbids defaults, denies unnamed parties and names an https issuer with a key set", async () => {
    const settings = await readSettings();
    expect(settings.issuer).toMatch(/^https:/);
    expect(settings).toMatchObject({
      defaults: "forbidden",
      identity: { unnamed_parties: "deny" },
      keys: { kind: "jwks" },
    });
  });

  test("decisions are asked through the socket alone, which only the gateway's group opens", async () => {
    const { chaperone } = renderingOf("base");
    const { listeners } = await readSettings();
    const deciding = listeners.filter(({ doors }) => doors.some((door) => !["public", "probe"].includes(door)));
    expect(deciding).toEqual([
      {
        name: "gateway",
        address: "unix:/run/chaperone/gateway/gateway.sock",
        doors: ["authorize"],
        callers: "socket",
        socket: { folder_mode: "0710", mode: "0660", group: chaperone.securityContext.runAsGroup },
      },
    ]);
  });

  test("state and socket lie in folders that Chaperone makes inside the volumes, which are open to everybody", async () => {
    const { chaperone } = renderingOf("base");
    const mountOf = (volume: string): string | undefined =>
      chaperone.volumeMounts.find((mount) => mount.name === volume)?.mountPath;
    const { listeners } = await readSettings();
    expect(chaperone.env).toContainEqual({ name: "CHAPERONE_STATE", value: `${mountOf("chaperone-state")}/state` });
    expect(listeners[0]?.address.startsWith(`unix:${mountOf("chaperone-socket")}/gateway/`)).toBe(true);
  });

  test("the file that Chaperone is told to read is the one that is mounted", async () => {
    const { chaperone, resources } = renderingOf("base");
    expect(chaperone.env[0]).toEqual({ name: "CHAPERONE_CONFIG", value: "/etc/chaperone/config/chaperone.yaml" });
    const config = resources.find(({ metadata }) => metadata.name.startsWith("chaperone-config-"));
    expect(config?.data).toEqual({ "chaperone.yaml": await read("k8s/base/chaperone.yaml") });
  });
});

test("Envoy starts with the gateway's configuration, which goes to the socket and lets nothing through yet", async () => {
  const path = join(root, "k8s", "base", "envoy.yaml");
  await checkEnvoyConfiguration(path);
  const text = await readFile(path, "utf8");
  expect(text).toContain("pipe: { path: /run/chaperone/gateway/gateway.sock }");
  expect(text.match(/\broute:/g)).toBeNull();
}, 300_000);

test("the pod runs the Envoy that judged its configuration, and the version of Chaperone that this is", async () => {
  const { gateway, chaperone } = renderingOf("base");
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await read("package.json")));
  expect(chaperone.image).toBe(`chaperone:${version}`);
  expect(gateway.image).toBe(`envoyproxy/envoy:distroless-v${versions.envoy}`);
});
