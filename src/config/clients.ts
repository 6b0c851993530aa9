/** Client settings become what the identity room takes; their secrets are read from files, once, at the start. */
import type { Issuer } from "../domain/identifiers.ts";
import type { ClientOptions } from "../identity/index.ts";
import type { ClientSettings } from "./client-schema.ts";
import { ConfigError } from "./config-error.ts";
import { type CredentialValues, type ReadFile, readCredentialFile } from "./credentials.ts";
import type { ListenerSettings } from "./listener-schema.ts";
import type { PlacedSettings } from "./read-settings.ts";

export interface ClientSurroundings {
  readonly ownIssuer: Issuer;
  readonly credentials: CredentialValues;
  readonly readFile: ReadFile;
}

export function chooseClients(
  { settings, placeOf }: PlacedSettings,
  { ownIssuer, credentials, readFile }: ClientSurroundings,
): readonly ClientOptions[] | readonly ConfigError[] {
  const ids = new Set<string>();
  const taken = new Set([credentials.gateway, credentials.operator]);
  const chosen: ClientOptions[] = [];
  const errors: ConfigError[] = [];
  for (const [at, client] of settings.clients.entries()) {
    const place = placeOf(["clients", at]);
    const authentication = chooseAuthentication(client, place, readFile);
    const refuse = (code: "settings_conflict" | "credential_conflict", detail: string): void => {
      errors.push(new ConfigError(code, detail, { setting: `clients[${at}]`, place }));
    };
    const unserved = describeUnserved(client, settings.listeners ?? []);
    if (unserved !== undefined) refuse("settings_conflict", unserved);
    if (ids.has(client.id)) refuse("settings_conflict", "id: another client has this one");
    ids.add(client.id);
    if (typeof authentication === "string") {
      refuse("settings_conflict", authentication);
    } else if (authentication instanceof ConfigError) {
      errors.push(authentication);
    } else {
      if (authentication.kind === "secret") {
        if (taken.has(authentication.secret)) refuse("credential_conflict", "its secret is somebody else's too");
        taken.add(authentication.secret);
      }
      const { id, issuer = ownIssuer, capabilities } = client;
      chosen.push({ id, issuer, ...(capabilities === undefined ? {} : { capabilities }), authentication });
    }
  }
  return errors.length > 0 ? errors : chosen;
}

/** With a way that no listener takes the client could never ask, while the metadata names its way. */
function describeUnserved(
  { authentication: way }: ClientSettings,
  listeners: readonly ListenerSettings[],
): string | undefined {
  const serving = listeners.filter(({ doors }) => doors.includes("token"));
  if (serving.length === 0) return undefined;
  if (way === "certificate" && serving.every(({ tls }) => tls === undefined)) {
    return "authentication: no listener with the door token has tls";
  }
  if (way === "vouched" && serving.every(({ client_field: field }) => field === undefined)) {
    return "authentication: no listener with the door token declares a client_field";
  }
  return undefined;
}

/** What the way needs is there, and nothing that belongs to another way: half a change is told, not guessed. */
function chooseAuthentication(
  client: ClientSettings,
  place: string | undefined,
  readFile: ReadFile,
): ClientOptions["authentication"] | ConfigError | string {
  const { authentication: way, secret_file: secretFile, jwks_file: jwks, certificate: name } = client;
  const given = Object.entries({ secret_file: secretFile, jwks_file: jwks, certificate: name });
  const stray = given.find(([key, value]) => value !== undefined && key !== way);
  if (stray !== undefined) return `${stray[0]}: it belongs to another way than \`authentication\``;
  if (way === "vouched") return { kind: "vouched" };
  if (name !== undefined) return { kind: "certificate", name };
  if (jwks !== undefined) return { kind: "private_key_jwt", jwks };
  if (secretFile === undefined) return `${way}: it is required`;
  const secret = readCredentialFile(secretFile, place ?? "clients", readFile);
  return secret instanceof ConfigError ? secret : { kind: "secret", secret };
}
