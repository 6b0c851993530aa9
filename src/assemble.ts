/** Builds the house from its configuration: one factory per room, in the order in which they need each other. */
import { createHash } from "node:crypto";
import type { Writable } from "node:stream";
import { openDecisionLog } from "./audit/index.ts";
import { createClock } from "./clock/index.ts";
import { type Config, withoutSecrets } from "./config/index.ts";
import { type DoorsHouse, openListeners, type OpenListeners, wellKnown } from "./doors/index.ts";
import type { EventRecord } from "./domain/record.ts";
import { createClientAuthenticator, createEvidenceVerifier } from "./identity/index.ts";
import { ledgers, replayGuards } from "./ledger/index.ts";
import { decide } from "./pdp/decide.ts";
import type { PathPorts } from "./pdp/path-ports.ts";
import { createPolicyRoom, type PolicyRoom } from "./policy/index.ts";
import type { Announcer } from "./ports/announcer.ts";
import type { Clock } from "./ports/clock.ts";
import type { PolicyState } from "./ports/policy-status.ts";
import { openStateFolder } from "./state/index.ts";
import { describeReadiness, describeStatus, type Rooms } from "./status.ts";
import { createTelemetry, type Telemetry } from "./telemetry/index.ts";
import { createIdentifierSource, createTokenRoom, type TokenRoom } from "./tokens/index.ts";

export interface AssemblyWorld {
  readonly version: string;
  /** Where log lines go. */
  readonly log: Writable;
}

export interface House extends DoorsHouse {
  readonly events: Telemetry["events"];
  /** Opens every configured listener, or none. */
  listen(): Promise<OpenListeners>;
  /** Looks at the bundle and the keys again; never rejects. */
  reload(): Promise<void>;
  /** Seals the decision log and gives the state folder up. Listeners are drained before. */
  close(): Promise<void>;
}

/** Everything that can be wrong at the start throws here, and what was opened before it is closed again. */
export async function assemble(config: Config, world: AssemblyWorld): Promise<House> {
  await using opened = new AsyncDisposableStack();
  const state = openStateFolder(config.stateFolder);
  opened.defer(() => state.close());

  const clock = createClock(config.clock);
  const audit = await openDecisionLog(config.audit, { clock });
  opened.defer(() => audit.close());
  if (audit.lastRecordedTime !== undefined) clock.noteCertain(audit.lastRecordedTime);

  let policy: PolicyRoom | undefined;
  const telemetry = openTelemetry(config, world, clock, () => policy?.state());
  const log = telemetry.countRecords(audit);
  const announcer = createAnnouncer(log, telemetry);

  policy = await createPolicyRoom(config.policy, { clock, announcer });
  opened.defer(() => policy.close());
  const tokens = await createTokenRoom(config.tokens, { clock, announcer });
  opened.defer(() => tokens.close());

  const ports: PathPorts = {
    clock,
    identifiers: createIdentifierSource(),
    evidence: createEvidence(config, tokens),
    ledger: ledgers[config.ledger.kind](config.ledger),
    policy,
    minter: tokens.minter,
    log,
    observer: telemetry.observer,
    rules: config.rules,
  };
  const rooms: Rooms = { policy, tokens, audit, clock };
  const doors: DoorsHouse = {
    decide: (request) => decide(request, ports),
    decideUse: (request) => decide(request, ports),
    issuer: tokens.issuer,
    keys: tokens.keys,
    jwksCacheSeconds: tokens.jwksCacheSeconds,
    clock,
    readiness: () => describeReadiness(rooms),
    status: () => describeStatus(rooms, world.version),
    metrics: telemetry.metrics,
    observer: telemetry.observer,
    credentials: config.credentials,
    clients: createClients(config, clock),
  };
  announceStart(announcer, config, world, clock.read().epochSeconds);
  opened.defer(() =>
    announcer.announce({ type: "event", event: "stopped", time: clock.read().epochSeconds, detail: {} }),
  );
  const close = opened.move();
  return {
    ...doors,
    events: telemetry.events,
    listen: () => openListeners(config.listeners, doors),
    reload: async () => {
      await Promise.all([policy.reload(), tokens.reload()]);
    },
    close: () => close.disposeAsync(),
  };
}

/** Without an issuer tokens prove nobody; with one, ours are shown to be exchanged onward. */
function createEvidence({ evidence, issuers, tokens }: Config, own: TokenRoom): PathPorts["evidence"] {
  const roleToken = { kind: "role-token", own, leewaySeconds: tokens.clockLeewaySeconds } as const;
  if (issuers.length === 0) return createEvidenceVerifier({ claims: evidence, roleToken });
  return createEvidenceVerifier({ claims: evidence, tokens: { kind: "tokens", issuers, own }, roleToken });
}

function createClients(
  { clients, evidence: { ownIssuer: issuer }, ledger }: Config,
  clock: Clock,
): DoorsHouse["clients"] {
  if (clients.length === 0) return undefined;
  const options = { clients, audiences: [issuer, wellKnown(issuer).tokenEndpoint] };
  return createClientAuthenticator(options, replayGuards[ledger.kind]({ clock }));
}

function openTelemetry(
  { telemetry, credentials, clients }: Config,
  { version, log }: AssemblyWorld,
  clock: Clock,
  policyState: () => PolicyState | undefined,
): Telemetry {
  const ofClients = clients.flatMap(({ authentication: way }) => (way.kind === "secret" ? way.secret : []));
  const secrets = [...credentials.gateways.map(({ secret }) => secret), credentials.operator ?? [], ofClients].flat();
  return createTelemetry(telemetry, {
    version,
    stream: log,
    secrets,
    policyState,
    now: () => clock.read().epochSeconds,
  });
}

/** The configuration is on record by its digest: two starts with one digest were configured alike. Secrets are no part of it. */
function announceStart(announcer: Announcer, config: Config, { version }: AssemblyWorld, time: number): void {
  const configuration = createHash("sha256")
    .update(JSON.stringify(withoutSecrets(config)))
    .digest("hex");
  const detail = { version, configuration, development_defaults: config.developmentDefaults.length > 0 };
  announcer.announce({ type: "event", event: "started", time, detail });
}

/** An event that cannot be put on record is said in the log: it concerns no decision, and decisions deny by themselves. */
function createAnnouncer(log: PathPorts["log"], { events }: Telemetry): Announcer {
  return {
    announce(event: EventRecord): void {
      events.announced(event);
      Promise.try(() => log.record(event)).catch((cause: unknown) => events.failed("event_record", cause));
    },
  };
}
