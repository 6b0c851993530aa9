/** What the house is built from: settings in the shape that each room declares for itself. */
import { join } from "node:path";
import { type GatewayName, parseGatewayName } from "../domain/identifiers.ts";
import type { AuditOptions } from "../audit/index.ts";
import type { ClockOptions } from "../clock/index.ts";
import type { Credentials, ListenerOptions } from "../doors/index.ts";
import type { EvidenceOptions } from "../identity/index.ts";
import type { LedgerOptions } from "../ledger/index.ts";
import type { PathRules } from "../pdp/path-ports.ts";
import type { PolicyOptions } from "../policy/index.ts";
import type { TelemetryOptions } from "../telemetry/index.ts";
import type { TokenOptions } from "../tokens/index.ts";
import type { CredentialValues } from "./credentials.ts";
import type { Foundation } from "./defaults.ts";
import type { Settings } from "./schema.ts";

export interface Config {
  /** The development defaults in use, to be said loudly; empty when everything was configured. */
  readonly developmentDefaults: readonly string[];
  readonly stateFolder: string;
  readonly clock: ClockOptions;
  readonly evidence: EvidenceOptions;
  readonly rules: PathRules;
  readonly policy: PolicyOptions;
  readonly tokens: TokenOptions;
  readonly audit: AuditOptions;
  readonly ledger: LedgerOptions;
  readonly listeners: readonly ListenerOptions[];
  readonly credentials: Credentials;
  readonly telemetry: TelemetryOptions;
}

export function renderConfig(
  settings: Settings,
  foundation: Foundation,
  listeners: readonly ListenerOptions[],
  credentials: CredentialValues,
): Config {
  const { identity, tokens, policy, audit } = settings;
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
    rules: {
      unnamedParties: identity.unnamed_parties,
      depthMax: tokens.depth_max,
      lifetimeSecondsMax: tokens.lifetime_seconds_max,
    },
    policy: {
      id: "chaperone",
      path: foundation.bundle,
      signature: { mode: "none" },
      deadlineMilliseconds: policy.deadline_milliseconds,
      watch: true,
    },
    tokens: renderTokens(settings, foundation),
    audit: {
      folder: audit.folder ?? join(settings.state, "audit"),
      durability: audit.durability,
      rotateBytes: 67_108_864,
      checkpointEvery: 1000,
    },
    ledger: { kind: settings.ledger.kind },
    listeners,
    credentials: {
      gateways: credentials.gateway === undefined ? [] : [{ name: gatewayName(), secret: credentials.gateway }],
      operator: credentials.operator,
    },
    telemetry: { log: { level: settings.log.level } },
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
      return { kind: "development", folder: state };
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
