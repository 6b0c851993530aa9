/**
 * A table of operations in a file of its own: what `chaperone operations from-openapi` prints is too long for a
 * page of settings, and is not edited by hand. It is put where it would stand, and every error names the file's line.
 */
import { isJsonArray, isJsonObject, type Json, ownMember } from "../domain/json.ts";
import { ConfigError, quote } from "./config-error.ts";
import type { ReadFile } from "./credentials.ts";
import { limits } from "./limits.ts";
import { type ConfigFile, parseConfigFile, type SettingPath } from "./yaml-file.ts";

export interface OperationsFiles {
  readonly errors: readonly ConfigError[];
  /** Undefined: the setting stands in no such file. */
  readonly placeOf: (path: SettingPath) => string | undefined;
}

/** Adds to `settings`, which nothing has judged yet, the operations of each listener that names a file of them. */
export function addOperations(settings: unknown, readFile: ReadFile): OperationsFiles {
  const files = new Map<number, ConfigFile>();
  const errors = listenersOf(settings).flatMap((listener, at) => {
    const held = isJsonObject(listener) ? ownMember(listener, "ext_authz") : undefined;
    const path = isJsonObject(held) ? ownMember(held, "operations_file") : undefined;
    if (!isJsonObject(held) || typeof path !== "string") return [];
    const setting = `listeners[${at}].ext_authz.operations_file`;
    if (ownMember(held, "operations") !== undefined) {
      return new ConfigError("settings_conflict", "operations stand here and in a file", { setting });
    }
    const file = readOperations(path, setting, readFile);
    if (file instanceof ConfigError) return file;
    files.set(at, file);
    Object.assign(held, file.value);
    return [];
  });
  return { errors, placeOf: (path) => placeIn(files, path) };
}

function listenersOf(settings: unknown): readonly Json[] {
  const listeners = isJsonObject(settings) ? ownMember(settings, "listeners") : undefined;
  return isJsonArray(listeners) ? listeners : [];
}

function readOperations(path: string, setting: string, readFile: ReadFile): ConfigFile | ConfigError {
  let content: string;
  try {
    content = readFile(path);
  } catch {
    return new ConfigError("file_unreadable", "it was named, so the start does not go on without it", {
      place: quote(path),
      setting,
    });
  }
  const file = parseConfigFile(path, content, limits.operationsFileBytesMax);
  if (file instanceof ConfigError) return file;
  const isTable = isJsonObject(file.value) && Object.keys(file.value).join() === "operations";
  return isTable
    ? file
    : new ConfigError("value_invalid", "it must hold `operations` and nothing else", { place: path });
}

function placeIn(files: ReadonlyMap<number, ConfigFile>, path: SettingPath): string | undefined {
  const [first, at, held, member] = path;
  if (first !== "listeners" || typeof at !== "number" || held !== "ext_authz" || member !== "operations") {
    return undefined;
  }
  return files.get(at)?.placeOf(path.slice(3));
}
