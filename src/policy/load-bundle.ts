/** Entries → bundle: the manifest, the data merged at its places, the WASM, and which packages its sources name. */
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../domain/json.ts";
import { BundleRejected } from "./bundle-rejected.ts";
import { normaliseEntryName } from "./entry-name.ts";
import { parseDocument } from "./json-document.ts";
import { readData } from "./merge-data.ts";
import { entrypoint } from "./policy-instance.ts";
import type { BundleEntries } from "./read-archive.ts";

export interface Bundle {
  readonly wasm: Buffer<ArrayBuffer>;
  readonly data: JsonObject;
  /** The same data with its numbers as they were written: what the WASM reads. */
  readonly dataText: string;
  /** Packages of the `.rego` sources that `opa build` leaves in a bundle, each as a path. */
  readonly sourcePackages: readonly (readonly string[])[];
}

/** `asked` is the rule that the bundle must be built for. */
export function loadBundle(entries: BundleEntries, asked: string = entrypoint): Bundle {
  for (const name of entries.keys()) refuseUnsupported(name);
  const { roots, moduleName } = readManifest(entries, asked);
  const wasm = entries.get(moduleName);
  if (wasm === undefined) throw new BundleRejected("bundle_entrypoint_missing", `the module ${moduleName} is missing`);
  const { value: data, text: dataText } = readData(entries);
  checkRoots(data, roots, []);
  return { wasm: Buffer.from(wasm), data, dataText, sourcePackages: readPackages(entries) };
}

/** Silently leaving data out would change what the policy means. */
function refuseUnsupported(name: string): void {
  const file = name.slice(name.lastIndexOf("/") + 1);
  if (file === "data.yaml" || file === "data.yml") {
    throw new BundleRejected("bundle_entry_refused", `${name}: YAML data is read by opa build, not here`);
  }
  if (name === "patch.json") throw new BundleRejected("bundle_entry_refused", "delta bundles are not read");
}

interface Manifest {
  /** Each a path; `[]` is everything. */
  readonly roots: readonly (readonly string[])[];
  readonly moduleName: string;
}

function readManifest(entries: BundleEntries, asked: string): Manifest {
  const bytes = entries.get(".manifest");
  if (bytes === undefined) throw new BundleRejected("bundle_entrypoint_missing", "no .manifest lists a WASM module");
  const { value: manifest } = parseDocument(bytes, ".manifest");
  if (!isJsonObject(manifest)) throw new BundleRejected("bundle_unreadable", ".manifest is not an object");
  const roots = readRoots(manifest["roots"]);
  if (!roots.some((root) => isPrefix(root, asked.split("/")))) {
    throw new BundleRejected("bundle_layout_wrong", `${asked} is outside the bundle's roots`);
  }
  const modules = isJsonArray(manifest["wasm"]) ? manifest["wasm"].filter(isJsonObject) : [];
  const ours = modules.filter((module) => module["entrypoint"] === asked);
  const moduleName = ours[0]?.["module"];
  if (ours.length !== 1 || typeof moduleName !== "string") {
    throw new BundleRejected("bundle_entrypoint_missing", `.manifest does not list ${asked} once`);
  }
  return { roots, moduleName: normaliseEntryName(moduleName) };
}

function readRoots(value: Json | undefined): readonly (readonly string[])[] {
  if (value === undefined) return [[]];
  if (!isJsonArray(value)) throw new BundleRejected("bundle_unreadable", "the manifest's roots are not a list");
  return value.map((root) => {
    if (typeof root !== "string") throw new BundleRejected("bundle_unreadable", "a root is not a string");
    const trimmed = root.replace(/^\/+|\/+$/g, "");
    return trimmed === "" ? [] : trimmed.split("/");
  });
}

function checkRoots(value: Json, roots: Manifest["roots"], path: readonly string[]): void {
  if (roots.some((root) => isPrefix(root, path))) return;
  const mayHoldRoots = roots.some((root) => isPrefix(path, root));
  if (!mayHoldRoots || !isJsonObject(value)) {
    throw new BundleRejected("bundle_layout_wrong", `data at ${path.join("/")} is outside the bundle's roots`);
  }
  for (const [member, inner] of Object.entries(value)) checkRoots(inner, roots, [...path, member]);
}

function isPrefix(prefix: readonly string[], path: readonly string[]): boolean {
  return prefix.length <= path.length && prefix.every((part, index) => part === path[index]);
}

const blankOrComment = /^(?:\s+|#[^\n]*(?:\n|$))+/;
const packageLine = /^package\s+([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\["(?:[^"\\\n]|\\.)*"\])*)(?=[\s#;]|$)/;
const packagePart = /[A-Za-z_]\w*|\["((?:[^"\\\n]|\\.)*)"\]/g;

function readPackages(entries: BundleEntries): readonly (readonly string[])[] {
  const packages: string[][] = [];
  for (const [name, bytes] of entries) {
    if (!name.endsWith(".rego")) continue;
    const found = packageLine.exec(bytes.toString("utf8").replace(blankOrComment, ""))?.[1];
    if (found === undefined) throw new BundleRejected("bundle_unreadable", `${name} names no package`);
    packages.push(Array.from(found.matchAll(packagePart), ([part, quoted]) => quoted ?? part));
  }
  return packages;
}
