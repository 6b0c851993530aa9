/** Listener settings become what the doors take, and the defaults that an OPA user expects (DESIGN §6). */
import { join } from "node:path";
import type { CallerOptions, ListenerOptions } from "../doors/index.ts";
import { renderAddress } from "./address.ts";
import { ConfigError } from "./config-error.ts";
import { checkExtAuthz, heldCallDoors, renderExtAuthz } from "./ext-authz.ts";
import { checkOpaDoor, type ExtAuthzOpaSettings, renderOpa } from "./ext-authz-opa.ts";
import type { CredentialValues } from "./credentials.ts";
import { type ListenerSettings, listenerSchema } from "./listener-schema.ts";
import type { PlacedSettings } from "./read-settings.ts";

/**
 * A door whose credential nobody has is withheld by the doors themselves. Public reads of an issuer that others can
 * reach need an address that others can reach, and that one has to be configured.
 */
function defaultListeners(stateFolder: string, isLoopbackIssuer: boolean): ListenerSettings[] {
  const socket = `unix:${join(stateFolder, "run", "gateway.sock")}`;
  return [
    { name: "gateway", address: socket, doors: ["authorize"], callers: "socket" },
    {
      name: "gateway-tcp",
      address: "127.0.0.1:8181",
      doors: isLoopbackIssuer ? ["authorize", "public"] : ["authorize"],
      callers: "credential",
    },
    { name: "admin", address: "127.0.0.1:8282", doors: ["admin"], callers: "open" },
    { name: "probe", address: "127.0.0.1:8283", doors: ["probe"], callers: "open" },
  ].map((listener) => listenerSchema.parse(listener));
}

export interface ListenerSurroundings {
  readonly isLoopbackIssuer: boolean;
  readonly credentials: CredentialValues;
}

export function chooseListeners(
  { settings, placeOf }: PlacedSettings,
  { isLoopbackIssuer, credentials }: ListenerSurroundings,
): readonly ListenerOptions[] | readonly ConfigError[] {
  const { listeners, ext_authz_opa: opa } = settings;
  if (opa !== undefined && listeners?.some(({ doors }) => doors.includes("ext_authz_opa")) !== true) {
    const at = { setting: "ext_authz_opa", place: placeOf(["ext_authz_opa"]) };
    return [new ConfigError("settings_conflict", "no listener has the door ext_authz_opa", at)];
  }
  if (listeners === undefined) {
    return defaultListeners(settings.state, isLoopbackIssuer).map((listener) => renderListener(listener));
  }
  const names = new Set<string>();
  const addresses = new Set<string>();
  const errors = listeners.flatMap((listener, at) => {
    const address = renderAddress(listener.address);
    const found = [
      ...checkListener(listener, credentials),
      ...checkClients(listener, settings.clients.length > 0),
      ...checkExtAuthz(listener, settings.identity.issuers.length > 0),
      ...checkOpaDoor(listener, settings.ext_authz_opa !== undefined),
      ...(names.has(listener.name) ? ["name: another listener has this name"] : []),
      ...(addresses.has(address) && !address.endsWith(":0") ? ["address: another listener has this address"] : []),
      ...(listener.doors.includes("public") && listener.doors.length > 1 && !isLoopbackIssuer
        ? ["doors: public reads need a listener of their own when the issuer is not loopback"]
        : []),
    ];
    names.add(listener.name);
    addresses.add(address);
    return found.map((detail) => {
      const place = placeOf(["listeners", at]);
      return new ConfigError("settings_conflict", detail, { setting: `listeners[${at}]`, place });
    });
  });
  return errors.length > 0 ? errors : listeners.map((listener) => renderListener(listener, opa));
}

/** What is configured must be able to work: it is refused here, not withheld. */
function checkListener(listener: ListenerSettings, credentials: CredentialValues): string[] {
  const { address, callers, doors, tls } = listener;
  const isUnix = address.kind === "unix";
  const rules: readonly (readonly [boolean, string])[] = [
    [new Set(doors).size !== doors.length, "doors: one stands there twice"],
    [callers === "socket" && !isUnix, "callers: only a unix socket proves its caller by itself"],
    [callers === "mtls" && tls === undefined, "callers: mtls needs tls"],
    [tls !== undefined && isUnix, "tls: a unix socket has none"],
    [
      !isUnix &&
        tls === undefined &&
        !isLoopback(address.host) &&
        doors.some((door) => door !== "public" && door !== "probe"),
      "address: credentials and tokens would cross a network in the clear; use a loopback address or tls",
    ],
    [
      callers === "open" && doors.some((door) => door === "authorize" || heldCallDoors.has(door)),
      "callers: a door for gateways needs callers that prove themselves",
    ],
    [
      callers === "credential" && credentials.gateway === undefined,
      "callers: set CHAPERONE_GATEWAY_CREDENTIAL or CHAPERONE_GATEWAY_CREDENTIAL_FILE",
    ],
    [
      doors.includes("admin") && credentials.operator === undefined,
      "doors: admin needs CHAPERONE_OPERATOR_CREDENTIAL or CHAPERONE_OPERATOR_CREDENTIAL_FILE",
    ],
  ];
  return rules.flatMap(([isWrong, detail]) => (isWrong ? [detail] : []));
}

function checkClients({ callers, doors, client_field: field }: ListenerSettings, hasClients: boolean): string[] {
  const isTokenDoor = doors.includes("token");
  if (isTokenDoor && !hasClients) return ["doors: token needs clients"];
  if (field === undefined) return [];
  if (!isTokenDoor) return ["client_field: the door token alone reads it"];
  return callers === "socket" || callers === "mtls"
    ? []
    : ["client_field: only a gateway at a socket or with mtls vouches for clients"];
}

/** The spellings of loopback that need no interpretation. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function renderListener(listener: ListenerSettings, opa?: ExtAuthzOpaSettings): ListenerOptions {
  const { name, doors, concurrency_max: concurrencyMax, hosts, client_field: clientField, ext_authz: held } = listener;
  return {
    name,
    address: renderListenerAddress(listener),
    doors,
    callers: renderCallers(listener),
    concurrencyMax,
    hosts,
    ...(clientField === undefined ? {} : { clientField }),
    ...(held === undefined ? {} : { extAuthz: renderExtAuthz(held) }),
    ...(opa !== undefined && doors.includes("ext_authz_opa") ? { opa: renderOpa(opa) } : {}),
  };
}

function renderCallers({ callers, gateway }: ListenerSettings): CallerOptions {
  return callers === "socket" ? { kind: "socket", gateway } : { kind: callers };
}

function renderListenerAddress({ address, socket, tls }: ListenerSettings): ListenerOptions["address"] {
  if (address.kind === "unix") {
    return {
      kind: "unix",
      path: address.path,
      socketMode: Number.parseInt(socket.mode, 8),
      folderMode: Number.parseInt(socket.folder_mode, 8),
      ...(socket.group === undefined ? {} : { group: socket.group }),
    };
  }
  if (tls === undefined) return address;
  const { cert_file: certFile, key_file: keyFile, ca_file: caFile, allowed_names: allowedNames } = tls;
  return { ...address, mtls: { certFile, keyFile, caFile, allowedNames } };
}
