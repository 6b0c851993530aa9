/**
 * Settings from the environment: `CHAPERONE_` and the setting's path in capitals. A name that is none of ours stops the
 * start, except those that Kubernetes injects for a Service called chaperone.
 */
import { isIP } from "node:net";
import { ConfigError, quote } from "./config-error.ts";
import { limits } from "./limits.ts";
import { findNearest } from "./nearest.ts";
import type { Setting } from "./reference.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Secrets come only from here, or from a file that is named here; never from the configuration file. */
export const credentialNames = {
  gateway: "CHAPERONE_GATEWAY_CREDENTIAL",
  operator: "CHAPERONE_OPERATOR_CREDENTIAL",
} as const;

/** Names that are no setting: where the file is, and the credentials. */
export const otherNames: readonly string[] = [
  "CHAPERONE_CONFIG",
  ...Object.values(credentialNames).flatMap((name) => [name, `${name}_FILE`]),
];

export interface EnvironmentSettings {
  /** By the setting's dotted path. */
  readonly values: ReadonlyMap<string, string | number | readonly string[]>;
  readonly errors: readonly ConfigError[];
}

export function readEnvironment(environment: Environment, settings: readonly Setting[]): EnvironmentSettings {
  const byName = new Map(
    settings.flatMap((setting) => (setting.environment === undefined ? [] : [[setting.environment, setting]])),
  );
  const values = new Map<string, string | number | readonly string[]>();
  const errors: ConfigError[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("CHAPERONE_") || value === undefined || otherNames.includes(name)) continue;
    const setting = byName.get(name);
    if (setting !== undefined) values.set(setting.path, parseValue(setting, value));
    else if (!isServiceLink(name, value)) errors.push(unknownName(name, [...byName.keys(), ...otherNames]));
  }
  return { values, errors };
}

/** Text that is no number stays text, and the schema says what is wrong with it. */
function parseValue({ kind }: Setting, value: string): string | number | readonly string[] {
  if (kind === "whole") return /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  return kind === "list" ? value.split(",") : value;
}

function unknownName(name: string, known: readonly string[]): ConfigError {
  const nearest = findNearest(name, known);
  const hint = nearest === undefined ? "docs/config.md lists them all" : `did you mean ${nearest}?`;
  return new ConfigError("environment_unknown", hint, { place: quote(name) });
}

const linkPatterns: readonly (readonly [RegExp, (value: string) => boolean])[] = [
  [/_SERVICE_HOST$/, (value) => isIP(value) !== 0],
  [/_SERVICE_PORT(?:_[A-Z0-9_]+)?$/, (value) => /^\d{1,5}$/.test(value)],
  [/_PORT(?:_\d{1,5}_(?:TCP|UDP|SCTP))?$/, (value) => /^(?:tcp|udp|sctp):\/\//.test(value)],
  [/_PORT_\d{1,5}_(?:TCP|UDP|SCTP)_PROTO$/, (value) => /^(?:tcp|udp|sctp)$/.test(value)],
  [/_PORT_\d{1,5}_(?:TCP|UDP|SCTP)_PORT$/, (value) => /^\d{1,5}$/.test(value)],
  [/_PORT_\d{1,5}_(?:TCP|UDP|SCTP)_ADDR$/, (value) => isIP(value) !== 0],
];

/** Both the name and the value must look like a Service link: a misspelt setting is not waved through. */
export function isServiceLink(name: string, value: string): boolean {
  if (name.length > limits.pathLengthMax || value.length > limits.pathLengthMax) return false;
  return linkPatterns.some(([pattern, accepts]) => pattern.test(name) && accepts(value));
}
