/** Issuer settings become the profiles that the identity room reads tokens with. */
import type { DeclaredProfileOptions, ProfileOptions, RoleTokenOptions } from "../identity/index.ts";
import type { Settings } from "./schema.ts";

type KeySettings = Pick<
  IssuerSettings,
  "jwks_file" | "jwks_url" | "discovery" | "jwks_refresh_seconds" | "jwks_stale_seconds"
>;
type IssuerSettings = Settings["identity"]["issuers"][number];

/** Empty: no token is evidence. Where one can be, our own are too, to be exchanged onward. */
export function renderIssuers({ identity, listeners, tokens }: Settings): readonly ProfileOptions[] {
  const isServed = listeners?.some(({ doors }) => doors.includes("token")) === true;
  if (identity.issuers.length === 0 && !isServed) return [];
  return [...identity.issuers.map(renderIssuer), { kind: "chaperone", leewaySeconds: tokens.clock_leeway_seconds }];
}

/** Whose role tokens count beside our own, where they are used. */
export function renderRoleTokens({ identity, tokens }: Settings): Pick<RoleTokenOptions, "issuers" | "leewaySeconds"> {
  const issuers = identity.role_token_issuers.map((settings) => ({
    issuer: settings.issuer,
    keys: renderKeys(settings),
  }));
  return { issuers, leewaySeconds: tokens.clock_leeway_seconds };
}

function renderIssuer(settings: IssuerSettings): DeclaredProfileOptions {
  const { issuer, algorithms, audiences, clients, capabilities, departments, roles, scopes, permissions } = settings;
  return {
    kind: settings.profile,
    issuer,
    keys: renderKeys(settings),
    algorithms,
    kinds: settings.typ,
    audiences,
    multipleAudiences: settings.multiple_audiences,
    clients,
    vouchesFor: settings.vouches_for,
    capabilities,
    departments,
    roles,
    scopes,
    permissions,
    chainSource: settings.chain_source,
    allowedActors: settings.allowed_actors,
    actorIssuers: settings.actor_issuers,
    leewaySeconds: settings.leeway_seconds,
    lifetimeSecondsMax: settings.lifetime_seconds_max,
  };
}

/** The schema takes exactly one of the three. */
function renderKeys(settings: KeySettings): DeclaredProfileOptions["keys"] {
  const { jwks_file: file, jwks_url: url, discovery } = settings;
  const times = { refreshSeconds: settings.jwks_refresh_seconds, staleSeconds: settings.jwks_stale_seconds };
  if (file !== undefined) return { kind: "static", jwks: file };
  if (url !== undefined) return { kind: "remote", url, ...times };
  if (discovery === true) return { kind: "discovery", ...times };
  throw new TypeError("an issuer without keys passed the schema");
}
