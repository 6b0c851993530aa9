/** File, environment and flags become one set of settings; every error says where the operator finds it. */
import type { z } from "zod";
import { ConfigError, quote } from "./config-error.ts";
import { credentialNames, type Environment, readEnvironment } from "./environment.ts";
import { findNearest } from "./nearest.ts";
import { addOperations } from "./operations-file.ts";
import { listSettings, namesAt, type Setting } from "./reference.ts";
import { schema, type Settings } from "./schema.ts";
import { absentFile, type ConfigFile, parseConfigFile, type SettingPath } from "./yaml-file.ts";

export interface SettingSources {
  /** `--config` and `--state`; a flag wins over the environment, which wins over the file. */
  readonly flags: { readonly config?: string | undefined; readonly state?: string | undefined };
  readonly environment: Environment;
  /** Throws when there is no such file. */
  readonly readFile: (path: string) => string;
}

/** Settings, and where each that was set was set. */
export interface PlacedSettings {
  readonly settings: Settings;
  readonly placeOf: (path: SettingPath) => string | undefined;
}

export function readSettings(sources: SettingSources): PlacedSettings | readonly ConfigError[] {
  const known = listSettings();
  const file = readFile(sources);
  if (file instanceof ConfigError) return [file];
  const environment = readEnvironment(sources.environment, known);
  const outer = new Map<string, { value: unknown; place: string }>();
  for (const [path, value] of environment.values) {
    outer.set(path, { value, place: known.find((setting) => setting.path === path)?.environment ?? "" });
  }
  if (sources.flags.state !== undefined) outer.set("state", { value: sources.flags.state, place: "--state" });

  const merged = structuredClone(file.value);
  for (const [path, { value }] of outer) setIn(merged, path.split("."), value);
  const tables = addOperations(merged, sources.readFile);
  const placeOf = (path: SettingPath): string | undefined => {
    const place = outer.get(path.join("."))?.place ?? tables.placeOf(path) ?? file.placeOf(path);
    return place === "" ? undefined : place;
  };
  if (tables.errors.length > 0) return [...environment.errors, ...tables.errors];
  const result = schema.safeParse(merged);
  const errors = [
    ...environment.errors,
    ...(result.success
      ? describeInherited(merged, placeOf)
      : result.error.issues.flatMap((issue) => describeIssue(issue, known, placeOf))),
  ];
  if (errors.length > 0 || !result.success) return errors;
  return { settings: result.data, placeOf };
}

function readFile({ flags, environment, readFile }: SettingSources): ConfigFile | ConfigError {
  const path = flags.config ?? environment["CHAPERONE_CONFIG"];
  if (path === undefined) return absentFile;
  try {
    return parseConfigFile(path, readFile(path));
  } catch {
    return new ConfigError("file_unreadable", "it was named, so the start does not go on without it", {
      place: quote(path),
    });
  }
}

function describeIssue(
  issue: z.core.$ZodIssue,
  known: readonly Setting[],
  placeOf: (path: SettingPath) => string | undefined,
): ConfigError[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  if (issue.code !== "unrecognized_keys") {
    const isMissing = issue.code === "invalid_type" && issue.input === undefined && issue.message.endsWith("undefined");
    const detail = isMissing ? "it is required" : issue.message;
    return [new ConfigError("value_invalid", detail, { place: placeOf(path), setting: renderPath(path) })];
  }
  return issue.keys.map((key) => {
    const at = [...path, key];
    return new ConfigError("key_unknown", suggest(path, key, known), { place: placeOf(at), setting: renderPath(at) });
  });
}

/** Where names are free, the schema passes over this one without a word. */
function describeInherited(settings: unknown, placeOf: (path: SettingPath) => string | undefined): ConfigError[] {
  return pathsTo("__proto__", settings, []).map(
    (path) =>
      new ConfigError("key_unknown", "nothing has this name", { place: placeOf(path), setting: renderPath(path) }),
  );
}

function pathsTo(name: string, value: unknown, at: SettingPath): SettingPath[] {
  if (Array.isArray(value)) return value.flatMap((element, index) => pathsTo(name, element, [...at, index]));
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const path = [...at, key];
    return key === name ? [path] : pathsTo(name, member, path);
  });
}

/** A name known at this place, else the same name known elsewhere. */
function suggest(path: SettingPath, key: string, known: readonly Setting[]): string {
  if (/credential/i.test(key)) {
    const names = Object.values(credentialNames).join(" and ");
    return `credentials come from the environment only: ${names}, or the same with _FILE`;
  }
  const here = namesAt(
    known,
    path
      .map((step) => (typeof step === "number" ? "[]" : `.${step}`))
      .join("")
      .replace(/^\./, ""),
  );
  const near = findNearest(key, here);
  if (near !== undefined) return `did you mean ${near}?`;
  const elsewhere = known.filter((setting) => setting.kind !== "section").map((setting) => setting.path);
  const lastNames = elsewhere.map((each) => each.slice(each.lastIndexOf(".") + 1));
  const found = elsewhere[lastNames.indexOf(findNearest(key, lastNames) ?? "")];
  return found === undefined ? `known here: ${here.join(", ")}` : `did you mean ${found}?`;
}

export function renderPath(path: SettingPath): string {
  return path
    .map((step) => {
      if (typeof step === "number") return `[${step}]`;
      return /^[A-Za-z_][\w-]{0,63}$/.test(step) ? `.${step}` : `.${quote(step)}`;
    })
    .join("")
    .replace(/^\./, "");
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Never through a name that is inherited, and never over a value that is no mapping: the schema refuses that one. */
function setIn(target: unknown, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path;
  if (first === undefined || !isMapping(target)) return;
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  if (!Object.hasOwn(target, first)) target[first] = {};
  setIn(target[first], rest, value);
}
