/** What the kubelet would mount for Chaperone's container in k8s/base, in temporary folders. */
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { parse } from "yaml";
import { z } from "zod";
import { findFreePort } from "../fakes/free-port.ts";

export interface PodMounts {
  readonly folder: string;
  /** What the pod says of the container's environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly socketPath: string;
  readonly state: string;
  readonly probePort: number;
  readonly publicPort: number;
  remove(): Promise<void>;
}

const podSchema = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        initContainers: z.array(z.object({ env: z.array(z.object({ name: z.string(), value: z.string() })) })),
      }),
    }),
  }),
});

const root = join(import.meta.dirname, "..", "..");

/** The configuration is the pod's own text; only mount points, ports and, where users cannot be changed, the group differ. */
export async function mountPod(group: number): Promise<PodMounts> {
  const folder = await mkdtemp(join(tmpdir(), "chaperone-pod-"));
  await chmod(folder, 0o755);
  const [probePort, publicPort] = [await findFreePort(), await findFreePort()];
  const moved = (text: string): string =>
    text.replaceAll(/(?<=^|[: ])\/(etc|run|var\/lib)\/chaperone\//g, `${folder}/$1/chaperone/`);
  const pod = podSchema.parse(parse(await readFile(join(root, "k8s", "base", "deployment.yaml"), "utf8")));
  const text = moved(await readFile(join(root, "k8s", "base", "chaperone.yaml"), "utf8"))
    .replace("0.0.0.0:8283", `0.0.0.0:${probePort}`)
    .replace("0.0.0.0:8080", `0.0.0.0:${publicPort}`)
    .replace("group: 2000", `group: ${group}`);
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const keys = { keys: [await exportJWK(privateKey)] };
  await mountFiles(join(folder, "etc", "chaperone", "config"), "chaperone.yaml", text);
  await mountFiles(join(folder, "etc", "chaperone", "keys"), "jwks.json", JSON.stringify(keys));
  const bundle = await readFile(join(root, "bundle", "default.tar.gz"));
  await mountFiles(join(folder, "etc", "chaperone", "policy"), "bundle.tar.gz", bundle);
  for (const volume of ["run/chaperone", "var/lib/chaperone"]) await makeEmptyDir(join(folder, volume));
  return {
    folder,
    environment: Object.fromEntries(
      pod.spec.template.spec.initContainers.flatMap(({ env }) => env.map(({ name, value }) => [name, moved(value)])),
    ),
    socketPath: join(folder, "run", "chaperone", "gateway", "gateway.sock"),
    state: join(folder, "var", "lib", "chaperone", "state"),
    probePort,
    publicPort,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** As the kubelet lays out a ConfigMap or Secret: root's files, reached through links that are swapped at once. */
async function mountFiles(path: string, name: string, content: string | Uint8Array): Promise<void> {
  const version = "..2026_01_01_00_00_00.000000001";
  await mkdir(join(path, version), { recursive: true });
  await writeFile(join(path, version, name), content);
  await chmod(join(path, version, name), 0o444);
  await symlink(version, join(path, "..data"));
  await symlink(join("..data", name), join(path, name));
}

/** An emptyDir is root's and open to everybody. */
async function makeEmptyDir(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o777);
}
