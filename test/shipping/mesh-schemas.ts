/** What Istio and Envoy Gateway themselves say their resources are: custom resources and Istio's MeshConfig are held to it. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import protobuf from "protobufjs";
import { fetchGoModule } from "../../scripts/fetch-go-module.ts";
import { runOrThrow } from "../../scripts/fetch-tool.ts";
import { fetchWheel } from "../../scripts/fetch-wheel.ts";
import { isJsonArray, isJsonObject } from "../../src/domain/json.ts";
import { versions } from "../../src/toolchain/versions.ts";

const istioDefinitions = "kubernetes/customresourcedefinitions.gen.yaml";
const gatewayDefinitions = "charts/gateway-helm/charts/crds/crds";

const fetchIstio = (): Promise<string> =>
  fetchGoModule("istio.io/api", versions.istioApi, [istioDefinitions, "mesh", "networking", "type", "common-protos"]);
const fetchEnvoyGateway = (): Promise<string> =>
  fetchGoModule("github.com/envoyproxy/gateway", versions.envoyGateway, [gatewayDefinitions]);

/** `<kind>/<name>` of each custom resource in the file that is valid; throws for the first that is not. */
export async function validateCustomResources(path: string, of: "istio" | "envoy-gateway"): Promise<readonly string[]> {
  const modules = await fetchWheel("kubernetes-validate", versions.kubernetesValidate);
  const definitions =
    of === "istio" ? [join(await fetchIstio(), istioDefinitions)] : await listDefinitions(await fetchEnvoyGateway());
  const script = join(import.meta.dirname, "validate_custom_resources.py");
  const said = await runOrThrow("python3", [script, path, ...definitions], { environment: { PYTHONPATH: modules } });
  return said.split("\n").filter((line) => line !== "");
}

async function listDefinitions(gateway: string): Promise<readonly string[]> {
  const folder = join(gateway, gatewayDefinitions);
  const names = await readdir(join(folder, "generated"));
  return [join(folder, "gatewayapi-crds.yaml"), ...names.map((name) => join(folder, "generated", name))];
}

/** What is wrong with it by Istio's own definition of MeshConfig, in the order of the file. */
export async function findMeshConfigProblems(value: unknown): Promise<readonly string[]> {
  const istio = await fetchIstio();
  const root = new protobuf.Root();
  root.resolvePath = (_from, target) => join(istio, target.startsWith("google/") ? "common-protos" : "", target);
  const text = await readFile(join(istio, "mesh/v1alpha1/config.proto"), "utf8");
  if (!text.includes("message MeshConfig")) throw new Error("Istio's MeshConfig is not where it was");
  await root.load("mesh/v1alpha1/config.proto");
  root.resolveAll();
  return problemsIn(root.lookupType("istio.mesh.v1alpha1.MeshConfig"), value, "");
}

function problemsIn(type: protobuf.Type, value: unknown, at: string): string[] {
  if (!isJsonObject(value)) return [`${at} is no ${type.name}`];
  return Object.entries(value).flatMap(([name, member]) => {
    const field = type.fieldsArray.find((candidate) => candidate.name === name);
    const here = `${at}.${name}`;
    if (field === undefined) return [`${here} is unknown`];
    if (!field.repeated) return problemsOf(field, member, here);
    return isJsonArray(member) ? member.flatMap((each) => problemsOf(field, each, here)) : [`${here} is no list`];
  });
}

function problemsOf(field: protobuf.Field, value: unknown, at: string): string[] {
  const { resolvedType, type } = field;
  if (resolvedType instanceof protobuf.Type) {
    if (resolvedType.fullName !== ".google.protobuf.Duration") return problemsIn(resolvedType, value, at);
    return typeof value === "string" && /^\d+(\.\d{1,9})?s$/.test(value) ? [] : [`${at} is no duration`];
  }
  if (resolvedType instanceof protobuf.Enum) {
    return typeof value === "string" && value in resolvedType.values ? [] : [`${at} is no ${resolvedType.name}`];
  }
  const scalar = type === "bool" ? "boolean" : type === "string" ? "string" : "number";
  return typeof value === scalar ? [] : [`${at} is no ${type}`];
}
