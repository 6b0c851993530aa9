/** Configuration: YAML file, environment and flags become one frozen value that holds what every room takes. */
import { chooseBundleSignature } from "./bundle-signature.ts";
import { chooseClients } from "./clients.ts";
import { type Config, renderConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { readCredentials } from "./credentials.ts";
import { chooseFoundation } from "./defaults.ts";
import { limits } from "./limits.ts";
import { chooseListeners } from "./listeners.ts";
import { readSettings, type SettingSources } from "./read-settings.ts";

export type { Config } from "./config.ts";
export { ConfigError } from "./config-error.ts";
export { digestConfig, withoutSecrets } from "./open-config.ts";
export type { SettingSources } from "./read-settings.ts";
export { renderReference } from "./render-reference.ts";

/** The configuration, or everything that is wrong with it. Reads nothing but what `sources` gives it. */
export function loadConfig(sources: SettingSources): Config | readonly ConfigError[] {
  const placed = readSettings(sources);
  const credentials = readCredentials(sources.environment, sources.readFile);
  if (isErrors(placed) || isErrors(credentials)) {
    return [placed, credentials].flatMap((part) => (isErrors(part) ? part : [])).slice(0, limits.errorsMax);
  }
  const foundation = chooseFoundation(placed);
  if (isErrors(foundation)) return foundation;
  const isLoopbackIssuer = foundation.issuer.startsWith("http://");
  const listeners = chooseListeners(placed, { isLoopbackIssuer, credentials });
  if (isErrors(listeners)) return listeners.slice(0, limits.errorsMax);
  const clients = chooseClients(placed, {
    ownIssuer: foundation.issuer,
    credentials,
    readFile: sources.readFile,
  });
  if (isErrors(clients)) return clients.slice(0, limits.errorsMax);
  const bundleSignature = chooseBundleSignature(placed, sources.readFile);
  if (isErrors(bundleSignature)) return bundleSignature;
  return freezeDeeply(renderConfig(placed.settings, { foundation, listeners, credentials, clients, bundleSignature }));
}

function isErrors(value: unknown): value is readonly ConfigError[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => each instanceof ConfigError);
}

function freezeDeeply<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) freezeDeeply(member);
  }
  return Object.freeze(value);
}
