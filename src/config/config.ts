/** What the house is built from: settings in the shape that each room declares for itself. */
import { join } from "node:path";
import { type GatewayName, parseGatewayName } from "../domain/identifiers.ts";
import type { AuditOptions } from "../audit/index.ts";
import type { ClockOptions } from "../clock/index.ts";
import type { Credentials, ListenerOptions } from "../doors/index.ts";
import type {
  ClientOptions,
  GatewayClaimsOptions,
  ProfileOptions,
  RoleTokenOptions,
  WorkloadOptions,
} from "../identity/index.ts";
import type { LedgerOptions } from "../ledger/index.ts";
import type { PathRules } from "../pdp/path-ports.ts";
import type { CallPolicyOptions, PolicyOptions } from "../policy/index.ts";
import type { TelemetryOptions } from "../telemetry/index.ts";
import type { TokenOptions } from "../tokens/index.ts";
import type { CredentialValues } from "./credentials.ts";
import type { Foundation } from "./defaults.ts";
import { renderCallPolicy } from "./ext-authz-opa.ts";
import { renderIssuers, renderRoleTokens } from "./issuers.ts";
import type { Settings } from "./schema.ts";
import { renderWorkloads } from "./workloads.ts";

export interface Config {
  /** The development defaults in use, to be said loudly; empty when everything was configured. */
  readonly developmentDefaults: readonly string[];
  readonly stateFolder: string;
  readonly clock: ClockOptions;
  readonly evidence: GatewayClaimsOptions;
  /** What peers are able to do that are known by their names alone. */
  readonly workloads: readonly WorkloadOptions[];
  /** Whose tokens are evidence; empty: nobody's. */
  readonly issuers: readonly ProfileOptions[];
  /** Whose role tokens count beside our own, where they are used. */
  readonly roleTokens: Pick<RoleTokenOptions, "issuers" | "leewaySeconds">;
  /** Who may ask at the token door. */
  readonly clients: readonly ClientOptions[];
  readonly rules: PathRules;
  readonly policy: PolicyOptions;
  /** Another's Envoy authorization policy; absent: none is asked. */
  readonly callPolicy?: CallPolicyOptions;
  readonly tokens: TokenOptions;
  readonly audit: AuditOptions;
  readonly ledger: LedgerOptions;
  readonly listeners: readonly ListenerOptions[];
  readonly credentials: Credentials;
  readonly telemetry: TelemetryOptions;
}

/** What was decided beside the settings: by their absence, by files and by the environment. */
export interface Chosen {
  readonly foundation: Foundation;
  readonly listeners: readonly ListenerOptions[];
  readonly credentials: CredentialValues;
  readonly clients: readonly ClientOptions[];
  readonly bundleSignature: PolicyOptions["signature"];
}

export function renderConfig(settings: Settings, chosen: Chosen): Config {
  const { foundation, listeners, credentials } = chosen;
  const { identity, tokens, ext_authz_opa: opa } = settings;
  const policy = renderPolicy(settings, chosen);
  return {
    developmentDefaults: foundation.developmentDefaults,
    stateFolder: settings.state,
    clock: { stepBackToleratedSeconds: settings.clock.step_back_tolerated_seconds },
    evidence: {
      kind: "gateway-claims",
      capabilitySeparators: identity.capability_separators,
      vouchedIssuers: identity.vouched_issuers,
      ownIssuer: foundation.issuer,
      leewaySeconds: identity.leeway_seconds,
    },
    workloads: renderWorkloads(identity.workloads),
    issuers: renderIssuers(settings),
    roleTokens: renderRoleTokens(settings),
    clients: chosen.clients,
    rules: {
      unnamedParties: identity.unnamed_parties,
      depthMax: tokens.depth_max,
      lifetimeSecondsMax: tokens.lifetime_seconds_max,
    },
    policy,
    ...(opa === undefined ? {} : { callPolicy: renderCallPolicy(opa, policy) }),
    tokens: renderTokens(settings, foundation),
    audit: renderAudit(settings),
    ledger: { kind: settings.ledger.kind },
    listeners,
    credentials: {
      gateways: credentials.gateway === undefined ? [] : [{ name: gatewayName(), secret: credentials.gateway }],
      operator: credentials.operator,
    },
    telemetry: { log: { level: settings.log.level } },
  };
}

function renderPolicy({ policy }: Settings, { foundation, bundleSignature }: Chosen): PolicyOptions {
  return {
    id: policy.id,
    path: foundation.bundle,
    signature: bundleSignature,
    deadlineMilliseconds: policy.deadline_milliseconds,
    ...(policy.age_seconds_max === undefined ? {} : { maxAgeSeconds: policy.age_seconds_max }),
    watch: policy.reload === "on_change",
  };
}

function renderAudit({ audit, state }: Settings): AuditOptions {
  return {
    folder: audit.folder ?? join(state, "audit"),
    durability: audit.durability,
    rotateBytes: audit.file_bytes_max,
    checkpointEvery: audit.checkpoint_every,
    filesKeptMax: audit.files_kept_max,
    keyFile: audit.key_file,
  };
}

function renderTokens({ state, keys, tokens }: Settings, foundation: Foundation): TokenOptions {
  return {
    issuer: foundation.issuer,
    algorithm: keys.algorithm,
    keySet: renderKeySet(foundation.keys, state),
    jwksCacheSeconds: keys.jwks_cache_seconds,
    clockLeewaySeconds: tokens.clock_leeway_seconds,
  };
}

function renderKeySet(keys: Foundation["keys"], state: string): TokenOptions["keySet"] {
  switch (keys.kind) {
    case "development":
      return { kind: "development", folder: join(state, "keys") };
    case "jwks":
      return { kind: "jwks", path: keys.path };
    case "pem":
      return { kind: "pem", folder: keys.path };
  }
}

/** One credential, one gateway: what its holder is called on record. */
function gatewayName(): GatewayName {
  const name = parseGatewayName("gateway");
  if (name === undefined) throw new TypeError("the gateway's own name does not parse");
  return name;
}
