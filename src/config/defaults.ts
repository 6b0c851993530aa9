/**
 * What is built in for development. It applies only when neither issuer, policy nor keys are configured: a sidecar that
 * somebody set up is never completed with a sample policy or a made-up key behind their back.
 */
import { type Issuer, parseIssuer } from "../domain/identifiers.ts";
import { ConfigError } from "./config-error.ts";
import { installedPath } from "./installation.ts";
import type { PlacedSettings } from "./read-settings.ts";
import type { Settings } from "./schema.ts";

/** Committed beside its source; a test rebuilds it and compares. */
const sampleBundle = installedPath("bundle", "default.tar.gz");
const loopbackIssuer = "http://localhost:8181";

/** The three that decide what a token is worth. */
export interface Foundation {
  readonly issuer: Issuer;
  readonly bundle: string;
  readonly keys: KeyFoundation;
  /** The development defaults in use, to be said loudly. Empty: none. */
  readonly developmentDefaults: readonly string[];
}

export type KeyFoundation = { readonly kind: "development" } | { readonly kind: "jwks" | "pem"; readonly path: string };

const said = {
  issuer: `issuer ${loopbackIssuer} (this machine only)`,
  policy: "the sample policy",
  keys: "a generated signing key in the state folder",
} as const;

type Part = "issuer" | "policy" | "keys";

export function chooseFoundation({ settings, placeOf }: PlacedSettings): Foundation | readonly ConfigError[] {
  const used = listUsed(settings);
  if (settings.defaults === "forbidden" && used.length > 0) {
    const place = placeOf(["defaults"]);
    return used.map(
      (part) => new ConfigError("defaults_forbidden", `configure ${howTo[part]}`, { setting: part, place }),
    );
  }
  const issuer =
    settings.issuer ?? (used.includes("issuer") ? parseIssuer(loopbackIssuer) : undefined) ?? missing("issuer");
  const bundle = settings.policy.bundle ?? (used.includes("policy") ? sampleBundle : missing("policy"));
  const keys = chooseKeys(settings, used.includes("keys"), placeOf);
  if (issuer instanceof ConfigError || bundle instanceof ConfigError || keys instanceof ConfigError) {
    return [issuer, bundle, keys].filter((part) => part instanceof ConfigError);
  }
  const wrong = checkIssuer(issuer, keys, placeOf(["issuer"]));
  return wrong === undefined ? { issuer, bundle, keys, developmentDefaults: used.map((part) => said[part]) } : [wrong];
}

/** All three or none; but a development key that was asked for by name brings its loopback issuer along. */
function listUsed({ issuer, policy, keys }: Settings): readonly Part[] {
  if (issuer === undefined && policy.bundle === undefined && keys.kind === undefined)
    return ["issuer", "policy", "keys"];
  if (keys.kind !== "development") return [];
  return issuer === undefined ? ["issuer", "keys"] : ["keys"];
}

const howTo = { issuer: "issuer", policy: "policy.bundle", keys: "keys.kind and keys.path" } as const;

function missing(name: keyof typeof howTo): ConfigError {
  const hint = name === "keys" ? " (keys.kind: development for a generated one)" : "";
  return new ConfigError("defaults_incomplete", `configure ${howTo[name]} too${hint}`, { setting: name });
}

function chooseKeys(
  { keys }: Settings,
  isDefault: boolean,
  placeOf: PlacedSettings["placeOf"],
): KeyFoundation | ConfigError {
  const at = { setting: "keys.path", place: placeOf(["keys"]) };
  if (isDefault) {
    return keys.path === undefined
      ? { kind: "development" }
      : new ConfigError("settings_conflict", "a path needs keys.kind jwks or pem", at);
  }
  if (keys.kind === undefined || keys.kind === "development") return missing("keys");
  return keys.path === undefined
    ? new ConfigError("settings_conflict", `keys.kind ${keys.kind} needs a path`, at)
    : { kind: keys.kind, path: keys.path };
}

const loopbackHosts: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** RFC 8414 §2: https, no query, no fragment. Plain http and a development key stay on this machine. */
function checkIssuer(issuer: Issuer, keys: KeyFoundation, place: string | undefined): ConfigError | undefined {
  const refuse = (detail: string): ConfigError =>
    new ConfigError("value_invalid", detail, { setting: "issuer", place });
  const url = URL.parse(issuer);
  if (url === null || /[?#@\\]/.test(issuer) || url.host === "")
    return refuse("it must be a URL without query, fragment or user");
  if (loopbackHosts.includes(url.hostname) && url.protocol === "http:") return undefined;
  if (url.protocol !== "https:") return refuse("anything but a loopback address must be https");
  return keys.kind === "development" ? refuse("this issuer needs a key set (keys.kind jwks or pem)") : undefined;
}
