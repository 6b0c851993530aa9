/**
 * Where rules and data may stand (DESIGN §4). What the policy's own `decision` rule finds by walking
 * `data.chaperone.guards` must be guards and nothing else: data that poses as one, a guard that can never be clear
 * because it has no such rule, or one hidden a level deeper would each be a hole that nobody sees.
 *
 * The rules are read from the module itself. A rule that nothing refers to is not compiled, so a guard without `clear`,
 * or one that the decision never asks, is absent there; the sources that `opa build` leaves in the bundle show it. A
 * bundle that somebody stripped of its sources can hide such a guard: it is as if the guard had not been written.
 */
import { isJsonObject, type Json } from "../domain/json.ts";
import { BundleRejected } from "./bundle-rejected.ts";
import type { Bundle } from "./load-bundle.ts";
import { type RuleTree, readRuleTree } from "./module-rules.ts";

const kinds = ["permits", "guards"] as const;
type Kind = (typeof kinds)[number];

export function checkLayout(bundle: Bundle): void {
  const tree = readTree(bundle.wasm);
  for (const kind of kinds) checkPackagesOf(kind, tree);
  checkNoDataUnder(bundle.data);
  checkDataBesideRules(tree, bundle.data, []);
  for (const path of bundle.sourcePackages) checkSource(path, tree);
}

function readTree(wasm: Buffer): RuleTree {
  try {
    return readRuleTree(wasm);
  } catch (cause) {
    throw new BundleRejected("bundle_layout_wrong", "the module shows no table of its rules", { cause });
  }
}

function at(value: Json | undefined, path: readonly string[]): Json | undefined {
  let found = value;
  for (const part of path) {
    found = isJsonObject(found) && Object.hasOwn(found, part) ? found[part] : undefined;
  }
  return found;
}

function checkPackagesOf(kind: Kind, tree: RuleTree): void {
  const packages = at(tree, ["chaperone", kind]) ?? {};
  if (!isJsonObject(packages)) throw wrong(`chaperone.${kind} is a rule, not a folder of packages`);
  for (const [name, rules] of Object.entries(packages)) {
    if (!isJsonObject(rules)) throw wrong(`chaperone.${kind}.${name} is a rule, not a package`);
    const nested = Object.keys(rules).find((rule) => isJsonObject(rules[rule]));
    if (nested !== undefined) throw wrong(`chaperone.${kind}.${name}.${nested} is nested`);
    if (kind === "guards" && !Object.hasOwn(rules, "clear")) throw withoutClear(["chaperone", kind, name]);
  }
}

function checkNoDataUnder(data: Json): void {
  for (const kind of kinds) {
    if (at(data, ["chaperone", kind]) !== undefined) throw wrong(`data stands under chaperone.${kind}`);
  }
}

/** A rule and data at one place would be one document of two authors. */
function checkDataBesideRules(tree: RuleTree, data: Json, path: readonly string[]): void {
  for (const [name, rule] of Object.entries(tree)) {
    const beside = at(data, [name]);
    if (beside === undefined) continue;
    if (!isJsonObject(rule) || !isJsonObject(beside))
      throw wrong(`data and a rule both give ${[...path, name].join(".")}`);
    checkDataBesideRules(rule, beside, [...path, name]);
  }
}

function checkSource(path: readonly string[], tree: RuleTree): void {
  const [first = "", second = "", ...below] = path;
  const kind = kinds.find((name) => name === second);
  if (first !== "chaperone" || kind === undefined) {
    if (fold(first) !== "chaperone" || !kinds.some((name) => fold(name) === fold(second))) return;
    throw wrong(
      `the package ${path.join(".")} is nearly one of chaperone.guards or chaperone.permits, and never asked`,
    );
  }
  if (below.length !== 1) throw wrong(`the package ${path.join(".")} is not one level below chaperone.${kind}`);
  if (kind === "guards" && at(tree, [...path, "clear"]) === undefined) throw withoutClear(path);
}

/** Names that a person takes for one another: `Guards`, `guard`. */
function fold(name: string): string {
  return name.normalize("NFKC").toLowerCase().replace(/s$/, "");
}

function withoutClear(path: readonly string[]): BundleRejected {
  return wrong(`the guard ${path.join(".")} has no rule named clear that the decision asks`);
}

function wrong(detail: string): BundleRejected {
  return new BundleRejected("bundle_layout_wrong", detail);
}
