/** Configuration for a command: `--config`, `--state`, the environment and the files they name. */
import { readFileSync } from "node:fs";
import { type Config, type ConfigError, loadConfig } from "../config/index.ts";
import { escapeHidden } from "../domain/hidden-text.ts";
import type { CliIo, Given } from "./command.ts";

export function readConfig(given: Given, io: CliIo): Config | readonly ConfigError[] {
  return loadConfig({
    flags: { config: given.text("config"), state: given.text("state") },
    environment: io.environment,
    readFile: (path) => readFileSync(path, "utf8"),
  });
}

export function isConfig(loaded: Config | readonly ConfigError[]): loaded is Config {
  return !Array.isArray(loaded);
}

export function printConfigErrors(errors: readonly ConfigError[], io: CliIo): void {
  for (const error of errors) io.stderr.write(`chaperone: ${escapeHidden(String(error))}\n`);
}

/** The configuration, or undefined after saying on standard error what is wrong with it. */
export function requireConfig(given: Given, io: CliIo): Config | undefined {
  const loaded = readConfig(given, io);
  if (isConfig(loaded)) return loaded;
  printConfigErrors(loaded, io);
  return undefined;
}
